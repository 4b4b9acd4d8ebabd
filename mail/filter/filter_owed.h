/*
 * Messages that were delivered without being scanned, because a scanner was away: since when there may be any. It is noted before such a message is accepted, and
 * forgotten when all have been scanned; so none is missed, whatever dies.
 */
#ifndef LANPOST_MAIL_FILTER_OWED_H
#define LANPOST_MAIL_FILTER_OWED_H

#include "spool/storage/storage.h"

/* Notes one, unless the time is noted already. */
void filter_owed_note(struct state *state);
/* Since when (seconds since 1970); 0: there is none. */
int64_t filter_owed_since(struct state *state);
/* All that came before that time have been scanned. */
void filter_owed_done(struct state *state, int64_t since);

#endif
