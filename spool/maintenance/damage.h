/*
 * Damaged files that were moved to queue/corrupt/: each is a problem as long as it exists.
 */
#ifndef LANPOST_SPOOL_DAMAGE_H
#define LANPOST_SPOOL_DAMAGE_H

#include "spool/storage/state.h"
#include "message/msgid.h"

/* Records such a file. Both files of a queue entry count as one. Returns 1 the first time, 0 if already known, -1 on
 * error (logged). */
int damage_note(struct state *state, const char *name);
/* Ends the problems of files that no longer exist. */
void damage_forget(struct state *state, const struct spool *spool);
/* The queue entry of a problem's key; returns false if it concerns another file or another kind of
 * problem. */
bool damage_entry(const char *key, struct msgid *id);

#endif
