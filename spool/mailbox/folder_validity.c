/*
 * UIDVALIDITY of new indexes: greater than any that a folder of that user has had, so that the name of a folder that was deleted, renamed
 * or restored never has an old one again. The last one is in the file `lanpost-uidvalidity` of the user's mailbox.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox_name.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define LOCK_SECONDS 20

int folder_lock(const struct spool *spool, const char *mailbox, struct error *error)
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox))), *path = layout_mailbox(spool, user, "lanpost-lock");
	int fd = fsx_lock_file(path, LOCK_SECONDS, error);

	if (fd < 0 && error->saved_errno == ENOENT && mailbox_make(spool, user, error) == 0)
		fd = fsx_lock_file(path, LOCK_SECONDS, error);
	free(path);
	free(user);
	return fd;
}

/* A file that cannot be read as a number counts as missing: the time is greater than what it had. */
static int last_validity(const char *path, uint64_t *last, struct error *error)
{
	char *text;
	size_t len;

	*last = 0;
	if (fsx_read(path, 64, &text, &len, error) != 0)
		return error->saved_errno == ENOENT ? 0 : -1;
	slice_number(slice_trim(slice_make(text, len)), 0, UINT32_MAX - 1, last);
	free(text);
	return 0;
}

uint32_t folder_validity_new(const struct spool *spool, const char *mailbox, struct error *error)
{
	char *user = slice_dup(mailbox_name_user(slice_of(mailbox))), *path = layout_mailbox(spool, user, "lanpost-uidvalidity"), *text;
	uint64_t last, now = (uint64_t)clock_wall();
	int lock = folder_lock(spool, mailbox, error), result;

	result = lock < 0 ? -1 : last_validity(path, &last, error);
	if (result == 0) {
		last = now > last && now < UINT32_MAX ? now : last + 1;
		text = xasprintf("%llu\n", (unsigned long long)last);
		result = fsx_replace(path, slice_of(text), 0600, error);
		free(text);
	}
	if (lock >= 0)
		close(lock);
	free(path);
	free(user);
	return result == 0 ? (uint32_t)last : 0;
}
