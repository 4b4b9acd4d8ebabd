/*
 * A message of the quarantine: what it is, and the ways out.
 */
#ifndef LANPOST_MAIL_FILTER_KEPT_H
#define LANPOST_MAIL_FILTER_KEPT_H

#include "spool/envelope.h"
#include "spool/storage/storage.h"

/* Why it is kept, as its header lines say. */
enum kept_kind {
	KEPT_SPAM = 1, /* in the order of the words of `[filter] user_release` */
	KEPT_ATTACHMENT = 2,
	KEPT_VIRUS = 4,	 /* or a scanner could not look for one: a user never releases it */
};

struct kept {
	const struct mailbox_message *message; /* borrowed */
	struct slice file, bytes; /* as stored, and without the lines of the quarantine */
	struct envelope envelope; /* the places that it was for; none: it can be deleted only */
	char *why;		  /* a phrase; "" */
	struct msgid first;	  /* the id under which it came here */
};

/* The number by which users name it: the same for all of them. */
#define KEPT_NUMBER_LEN 8
#define KEPT_NUMBER(kept) kept_number((char[KEPT_NUMBER_LEN + 1]){0}, (kept))

/* Returns false if the file cannot be read. */
bool kept_open(const struct spool *spool, const struct mailbox_message *message, struct kept *kept);
void kept_close(struct kept *kept);

enum kept_kind kept_kind_of(const struct kept *kept);
char *kept_number(char out[KEPT_NUMBER_LEN + 1], const struct kept *kept);
bool kept_is_for(const struct kept *kept, const char *user);
/* Delivers it, and removes it from the quarantine: to all its places (user NULL), or to those of one user; then it stays for the others.
 * One record has both, so it is in one place or in the other, whatever dies. who: for the journal. */
int kept_release(const struct spool *spool, struct kept *kept, const char *user, const char *who, struct error *error);
int kept_delete(const struct spool *spool, const struct kept *kept, const char *who, struct error *error);

#endif
