/*
 * What was fetched: the UIDLs of each mailbox upstream, so that nothing is fetched twice.
 */
#ifndef LANPOST_SPOOL_STATE_SEEN_H
#define LANPOST_SPOOL_STATE_SEEN_H

#include "base/map.h"
#include "spool/state/state.h"

/* What is remembered of a message that was fetched. */
struct seen {
	int64_t time;	 /* when */
	uint64_t listed; /* its size as the provider said; 0: not known */
	uint64_t digest; /* of its header, at most INT64_MAX; 0: not known */
	uint64_t body;	 /* of its body, the same */
	bool is_fresh;	 /* by this very session; in memory only */
};
/* UIDLs of a mailbox upstream (conf_mailbox()): uidl -> struct seen, owned by the map: end it with state_seen_clear(). */
int state_seen_load(struct state *state, const char *mailbox, struct map *seen, struct error *error);
void state_seen_put(struct map *seen, struct slice uidl, const struct seen *what); /* in memory only */
void state_seen_clear(struct map *seen);
/* A UIDL that is known already is overwritten by what is newer: some servers use them again. */
int state_seen_add(struct state *state, const char *mailbox, struct slice uidl, const char *id,
    const struct seen *what, struct error *error);
/* The mailbox and UIDL that a message was fetched under. New memory; NULL where it was not. */
int state_seen_find(struct state *state, const char *id, char **mailbox, char **uidl,
    struct error *error);
int state_seen_forget(struct state *state, const char *mailbox, struct slice uidl, struct error *error);
/* What was seen as `from` was seen as `mailbox`: what is known there already stays where it is newer. */
int state_seen_move(struct state *state, const char *from, const char *mailbox, struct error *error);

#endif
