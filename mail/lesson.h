/*
 * Lessons: messages from which the scanners for spam shall learn.
 *
 * A lesson is a message in one of four folders of a mailbox that nobody can log in to, like the quarantine: so it is kept by the intake log, is in the backup, and
 * stays when the user deletes the message. The LAN server hands them to the filter process (lan-server/server/learner.h), and removes what is learned.
 */
#ifndef LANPOST_MAIL_LESSON_H
#define LANPOST_MAIL_LESSON_H

#include "spool/storage/storage.h"

#define LESSONS_MAX 1000 /* that wait; more are not taken, */
#define LESSONS_BYTES (256ull << 20) /* nor when they have this much: they count in nobody's quota */

/* A folder of lessons. */
struct lesson_folder {
	const char *mailbox;
	bool is_spam;
	bool is_report; /* its messages have the ones to learn as attachments */
};
#define LESSON_FOLDERS 4
extern const struct lesson_folder lesson_folders[LESSON_FOLDERS];

/* The folder of messages that are to be learned themselves. */
const char *lesson_mailbox(bool is_spam);
/* Whether it is one of the folders. */
bool lesson_is_mailbox(const char *mailbox);
/* The folder for a message that a user has moved or copied from one mailbox to another: into Junk, or out of it, but not to the trash. from: "": it came from
 * elsewhere. NULL: there is nothing to learn. */
const char *lesson_mailbox_of_move(const char *from, const char *to);
/* The folder for mail to this local part: spam, ham. NULL: it is another one. */
const char *lesson_mailbox_of_address(struct slice local);

/* How many wait; it is read from the disk. */
size_t lesson_waiting(const struct spool *spool);
/* Whether that many more may be taken, of any size. */
bool lesson_has_room(const struct spool *spool, size_t count);
/* Why lessons wait, as a phrase; NULL: for no reason. Of get: new memory. */
void lesson_trouble_put(struct state *state, const char *why);
char *lesson_trouble_get(struct state *state);
/* Forgets what was learned long ago. */
void lesson_expire(struct state *state);

#endif
