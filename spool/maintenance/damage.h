/*
 * What was damaged and set aside in queue/corrupt/: a problem for as long as it is there.
 */
#ifndef LANPOST_SPOOL_DAMAGE_H
#define LANPOST_SPOOL_DAMAGE_H

#include "spool/state/state.h"
#include "message/msgid.h"

/* Notes a file that is there. Both files of a queue entry count as one. Returns 1 the first time, 0 if it is known, -1 on
 * error (logged). */
int damage_note(struct state *state, const char *name);
/* Ends the problems of those that are not there any longer. */
void damage_forget(struct state *state, const struct spool *spool);
/* The queue entry that a problem's key speaks of; false if it speaks of another file or another thing. */
bool damage_entry(const char *key, struct msgid *id);

#endif
