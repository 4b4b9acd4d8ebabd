#include "spool/mailbox/maildir_deliver.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/mailbox_name.h"
#include "spool/storage/folder.h"
#include "spool/storage/mailbox.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define REPLACE_TRIES 5

/* The path of the new file. */
static char *target_path(const struct spool *spool, const struct maildir_target *target)
{
	char *file = maildir_file(target->name), *path = layout_mailbox(spool, target->mailbox, file);

	free(file);
	return path;
}

/* A message makes its folder, and the user sees it. */
static int make_for_delivery(const struct spool *spool, const char *mailbox, struct error *error)
{
	struct slice user = mailbox_name_user(slice_of(mailbox)), folder = mailbox_name_folder(slice_of(mailbox));
	bool is_new = folder.len > 0 && folder_exists(spool, mailbox, error) == 0;
	int result = mailbox_make(spool, mailbox, error);

	if (result == 0 && is_new) {
		char *owner = slice_dup(user);
		struct error ignored;

		folder_subscribe(spool, owner, folder.ptr, true, &ignored);
		free(owner);
	}
	return result;
}

struct content {
	const struct slice *parts;
	size_t count;
	const char *source; /* NULL: only the parts */
};

static int create(const char *path, const struct content *content, struct error *error)
{
	return content->source != NULL ? fsx_create_sharing(path, content->parts[0], content->source, 0600, error)
				       : fsx_create(path, content->parts, content->count, 0600, error);
}

/* Replaces the message at its present place. If it no longer exists, it was removed, and stays removed. */
static int replace(const struct spool *spool, const char *user, const char *tmp, const char *over, struct error *error)
{
	char *base = layout_mailbox(spool, user, ""), *file = xstrdup(over), *unique = slice_dup(maildir_unique(strchr(over, '/') + 1));
	struct error ignored;
	int result = -1;

	for (int tries = 0; tries < REPLACE_TRIES && file != NULL; tries++) {
		char *path = xasprintf("%s/%s", base, file);

		result = fsx_swap_in(tmp, path, error);
		free(path);
		if (result == 0 || error->saved_errno != ENOENT)
			break;
		free(file);
		if (maildir_find(spool, user, unique, &file, error) != 0)
			break;
		result = file == NULL ? 0 : -1;
	}
	if (result != 0 || file == NULL)
		fsx_unlink(tmp, &ignored); /* a leftover is removed later */
	free(base);
	free(file);
	free(unique);
	return result;
}

static int deliver(const struct spool *spool, const struct maildir_target *target, const struct content *content, struct error *error)
{
	char *base = layout_mailbox(spool, target->mailbox, "");
	char *tmp = xasprintf("%s/tmp/%s", base, target->name);
	char *path = target_path(spool, target);
	int result = create(tmp, content, error);

	if (result != 0 && error->saved_errno == ENOENT) {
		result = make_for_delivery(spool, target->mailbox, error);
		if (result == 0)
			result = create(tmp, content, error);
	}
	if (result == 0)
		result = target->over != NULL ? replace(spool, target->mailbox, tmp, target->over, error) : fsx_rename(tmp, path, error);
	/* Only new/ or cur/ may be missing: after a power cut, or because it was removed. */
	if (result != 0 && target->over == NULL && error->saved_errno == ENOENT && access(tmp, F_OK) == 0 &&
	    make_for_delivery(spool, target->mailbox, error) == 0)
		result = fsx_rename(tmp, path, error);
	free(path);
	free(tmp);
	free(base);
	return result;
}

int maildir_deliver(const struct spool *spool, const struct maildir_target *target, const struct slice *parts, size_t count,
    struct error *error)
{
	return deliver(spool, target, &(struct content){.parts = parts, .count = count}, error);
}

int maildir_deliver_sharing(const struct spool *spool, const struct maildir_target *target, struct slice header, const char *source,
    struct error *error)
{
	return deliver(spool, target, &(struct content){.parts = &header, .count = 1, .source = source}, error);
}

int maildir_deliver_link(const struct spool *spool, const struct maildir_target *target, const char *source, struct error *error)
{
	char *base = layout_mailbox(spool, target->mailbox, "");
	char *path = target->over != NULL ? xasprintf("%s/tmp/%s", base, target->name) : target_path(spool, target);
	int result;

	if (target->over != NULL)
		fsx_unlink(path, error); /* the file that a crash may have left */
	result = fsx_link(source, path, error);
	if (result != 0 && error->saved_errno == ENOENT && access(source, F_OK) == 0) {
		result = make_for_delivery(spool, target->mailbox, error);
		if (result == 0)
			result = fsx_link(source, path, error);
	}
	if (result == 0 && target->over != NULL)
		result = replace(spool, target->mailbox, path, target->over, error);
	free(path);
	free(base);
	return result;
}
