/* The files of one message in all folders of a user. */
#include "base/alloc.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_flags.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/mailbox.h"

#include <stdlib.h>

struct looking {
	const char *mailbox, *id;
	uint32_t keyword; /* in this folder; 0: no message there has it */
	struct mailbox_copies *copies;
};

static int look(void *context, int dir_fd, const char *part, const char *name)
{
	const struct looking *looking = context;
	struct slice unique = maildir_unique(name), origin;

	(void)dir_fd;
	(void)part;
	if (!maildir_unique_origin(unique, &origin) || !slice_is(origin, looking->id))
		return 0;
	ARRAY_GROW(looking->copies->items, looking->copies->count);
	looking->copies->items[looking->copies->count++] = (struct mailbox_copy){
	    xstrdup(looking->mailbox), slice_dup(unique), (maildir_flags_of(name) & looking->keyword) != 0};
	return 0;
}

int mailbox_copies(const struct spool *spool, const char *user, const char *id, const char *keyword, struct mailbox_copies *copies,
    struct error *error)
{
	struct strlist mailboxes = {.items = NULL};
	int result = mailbox_names(spool, user, &mailboxes, error);

	*copies = (struct mailbox_copies){.items = NULL};
	for (size_t i = 0; i < mailboxes.count && result == 0; i++) {
		struct looking looking = {mailboxes.items[i], id, folder_keyword_on_disk(spool, mailboxes.items[i], keyword), copies};

		result = maildir_each_file(spool, mailboxes.items[i], look, &looking, error);
	}
	if (result != 0)
		mailbox_copies_clear(copies);
	strlist_clear(&mailboxes);
	return result;
}

void mailbox_copies_clear(struct mailbox_copies *copies)
{
	for (size_t i = 0; i < copies->count; i++) {
		free(copies->items[i].mailbox);
		free(copies->items[i].unique);
	}
	free(copies->items);
	*copies = (struct mailbox_copies){.items = NULL};
}
