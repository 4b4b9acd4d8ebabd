/*
 * The journal: what happened to each message, for `trace`, the digest and the screens.
 */
#ifndef LANPOST_SPOOL_STATE_JOURNAL_H
#define LANPOST_SPOOL_STATE_JOURNAL_H

#include "message/msgid.h"
#include "spool/event.h"
#include "spool/storage/state.h"

/* The journal. event is a short fixed word ("accepted", "delivered", "queued", "sent", "failed",
 * "in-doubt", "removed", ...); detail is for people. */
struct journal_event {
	int64_t time_us;
	const char *id, *session, *event, *place, *detail;
};
int state_journal_add(struct state *state, const struct journal_event *event, struct error *error);
/* The same, unless the message has such an event of this place already, whenever that was. */
int state_journal_add_once(struct state *state, const struct journal_event *event, struct error *error);
/* Messages by which `trace` finds messages: kept beside the journal. */
struct journal_message {
	const char *id, *message_id, *sender, *recipients, *subject; /* subject decoded */
	const char *keywords; /* other search words: "ivan, account branch, rule invoices"; NULL for none */
	int64_t time;
	uint64_t size;
};
int state_message_add(struct state *state, const struct journal_message *message, struct error *error);
/* The time of the newest event, in seconds since 1970; 0 if there is none. Reads the whole
 * journal. */
int state_journal_newest(struct state *state, int64_t *time, struct error *error);
/* Removes all data of messages whose ids are below this one (msgid_floor()). */
int state_journal_prune(struct state *state, const struct msgid *before, struct error *error);
struct trace_query {
	const char *words;    /* "" for all messages */
	int64_t since, until; /* seconds since 1970, of their arrival: from, and before */
	int limit;	      /* events */
};
/* Calls back for each event of each message whose id, Message-ID, address or subject match the query (all its words, not
 * case-sensitive), oldest first; for the id of a session for each event in it: first its own, under the session's id as a
 * message id. */
typedef void (*state_trace_fn)(void *context, const struct journal_message *message,
    const struct journal_event *event);
int state_trace(struct state *state, const struct trace_query *query, state_trace_fn fn, void *context,
    struct error *error);

/* Sums over all events from `since` to before `until` (microseconds): number and total message size of each kind;
 * EVENT_ACCEPTED by origin (origin.h), which is "" for others. */
typedef void (*state_totals_fn)(void *context, enum event event, const char *origin, uint64_t count, uint64_t bytes);
int state_journal_totals(struct state *state, int64_t since, int64_t until, state_totals_fn fn, void *context,
    struct error *error);

/* Calls back for each event of messages whose ids are not below this one, by message; without the session. */
typedef void (*state_journal_fn)(void *context, const struct journal_event *event);
int state_journal_since(struct state *state, const struct msgid *since, state_journal_fn fn, void *context,
    struct error *error);

/* Calls back for the last events, at most limit: those of the newest messages, oldest first. An
 * unknown message has empty texts. */
int state_journal_last(struct state *state, int limit, state_trace_fn fn, void *context, struct error *error);

#endif
