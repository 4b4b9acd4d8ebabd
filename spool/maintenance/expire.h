/*
 * Removal of old messages from a mailbox or one of its folders: `lanpost mailbox purge`, and `expire` and `expire_folders` of a user.
 */
#ifndef LANPOST_SPOOL_EXPIRE_H
#define LANPOST_SPOOL_EXPIRE_H

#include "spool/storage/mailbox.h"

struct expired {
	size_t messages;
	uint64_t bytes;
};

/* Copies a message elsewhere before it is removed, and makes all copies durable. */
struct expire_keeper {
	int (*keep)(void *context, const struct mailbox_message *message, struct error *error);
	int (*sync)(void *context, struct error *error);
	void *context;
};

/* Which messages of a mailbox ("ivan", "ivan/Trash"). */
struct expire_what {
	const char *mailbox;
	int64_t before; /* those that arrived before that time */
	bool by_stay;	/* and were there before that time: what was moved there later stays */
};

/* Whether this message of the mailbox is one of them. */
bool expire_has(const struct spool *spool, const struct expire_what *what, const struct mailbox_message *message);
/* Removes these messages, also those of other programs: durable in the log, then unlinked.
 * keeper: NULL if no copies are needed; if it fails, nothing is removed. */
int expire_mailbox(const struct spool *spool, const struct expire_what *what, const struct expire_keeper *keeper,
    struct expired *expired, struct error *error);
/* The same, with copies in the user's archive (spool/mailbox/mail_archive.h). */
int expire_to_archive(const struct spool *spool, const struct expire_what *what, struct expired *expired, struct error *error);

#endif
