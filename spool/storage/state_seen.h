/*
 * Fetched messages: the UIDLs of each mailbox upstream, so that nothing is fetched twice.
 */
#ifndef LANPOST_SPOOL_STATE_SEEN_H
#define LANPOST_SPOOL_STATE_SEEN_H

#include "base/map.h"
#include "spool/storage/state.h"

/* The stored data of a fetched message. */
struct seen {
	int64_t time;	 /* when */
	uint64_t listed; /* its size as listed by the provider; 0: not known */
	uint64_t digest; /* of its header, at most INT64_MAX; 0: not known */
	uint64_t body;	 /* of its body, the same */
	bool is_fresh;	 /* by this session; in memory only */
};
/* UIDLs of a mailbox upstream (conf_mailbox()): uidl -> struct seen, owned by the map; the caller calls
 * state_seen_clear(). */
int state_seen_load(struct state *state, const char *mailbox, struct map *seen, struct error *error);
void state_seen_put(struct map *seen, struct slice uidl, const struct seen *what); /* in memory only */
void state_seen_clear(struct map *seen);
/* Newer data overwrites a known UIDL: some servers reuse UIDLs. */
int state_seen_add(struct state *state, const char *mailbox, struct slice uidl, const char *id,
    const struct seen *what, struct error *error);
/* The mailbox and UIDL of a fetched message. New memory; NULL if it was not fetched. */
int state_seen_find(struct state *state, const char *id, char **mailbox, char **uidl,
    struct error *error);
/* The id and time under which this UIDL was fetched. New memory; NULL if it was not. */
int state_seen_get(struct state *state, const char *mailbox, struct slice uidl, char **id, int64_t *time, struct error *error);
int state_seen_forget(struct state *state, const char *mailbox, struct slice uidl, struct error *error);
/* Moves the seen messages of `from` to `mailbox`: newer data there is kept. */
int state_seen_move(struct state *state, const char *from, const char *mailbox, struct error *error);

#endif
