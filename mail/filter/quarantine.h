/*
 * The quarantine: a mailbox that nobody can log in to. A message gets there like into any mailbox, by the intake log, and leaves it by a fact there; so it is
 * as safe as other mail (spool/QUEUE.md).
 *
 * Its places and its sender are in lines on top of it, which are removed when it is released. Nothing of a message can be taken for them: only the
 * lines before the first other one count.
 */
#ifndef LANPOST_MAIL_FILTER_QUARANTINE_H
#define LANPOST_MAIL_FILTER_QUARANTINE_H

#include "spool/envelope.h"

/* Replaces all places by the quarantine; why: a phrase. */
void quarantine_take(struct envelope *envelope, const char *why);
/* Adds the quarantine to the places, for the whole message of which the others get less. */
void quarantine_keep_whole(struct envelope *envelope, const char *why);
/* Adds the quarantine to the places of a message that is released to some: it stays there for the places of `rest`. first: its first id. */
void quarantine_keep_rest(struct envelope *envelope, const struct envelope *rest, const char *why, const struct msgid *first);
/* Reads a message of the quarantine: an envelope that is not initialised gets its places and its sender, *message the rest. *why (new memory) is the
 * phrase. *first is "" unless the message was released to some. Returns false if the lines are missing or damaged; then nothing is owned. */
bool quarantine_read(struct slice file, struct envelope *envelope, struct slice *message, char **why, struct msgid *first);

#endif
