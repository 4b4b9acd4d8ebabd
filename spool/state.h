/*
 * What must be remembered beside the mail itself: UIDLs seen, the journal, the daemon's triggers, known problems, counters.
 *
 * Behind this interface stands SQLite (`<spool>/state.db`, WAL mode, synchronous=FULL); no other file
 * knows SQL, so that a server database can stand beside it later. One handle may be shared by
 * threads. Writes gather in a transaction between state_begin() and state_commit().
 */
#ifndef LANPOST_SPOOL_STATE_H
#define LANPOST_SPOOL_STATE_H

#include "base/err.h"
#include "base/map.h"
#include "message/msgid.h"

struct state;

/* Opens or makes the database. One that is damaged is set aside as state.db.corrupt-<time> and a new one is begun, which
 * knows what was fetched from the copy that state_copy_seen() made. *was_damaged (may be NULL) tells once that this has
 * happened, whoever opened it then. */
int state_open(struct state **state, const char *spool, bool *was_damaged, struct error *error);
/* Looks through all of it, and sets it aside where it is damaged. For a time when nobody has it open. */
int state_check(const char *spool, struct error *error);
/* Copies the UIDLs seen to `<spool>/seen.db` if they have changed: without them, all that is kept on servers would be fetched
 * once more. */
int state_copy_seen(struct state *state, struct error *error);
void state_close(struct state *state);

/* Writes a whole and consistent copy of the database to a file that must not exist. */
int state_copy(struct state *state, const char *path, struct error *error);

/* A transaction. The handle is locked for other threads until commit or abort. */
int state_begin(struct state *state, struct error *error);
int state_commit(struct state *state, struct error *error);
void state_abort(struct state *state);

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

/* The journal. event is a short fixed word ("accepted", "delivered", "queued", "sent", "failed",
 * "in-doubt", "removed", ...); detail is for people. */
struct journal_event {
	int64_t time_us;
	const char *id, *session, *event, *place, *detail;
};
int state_journal_add(struct state *state, const struct journal_event *event, struct error *error);
/* Messages by which `trace` finds letters: kept beside the journal. */
struct journal_message {
	const char *id, *message_id, *sender, *recipients, *subject; /* subject decoded */
	const char *keywords; /* what else it is found by: "ivan, account branch, rule invoices"; NULL for none */
	int64_t time;
	uint64_t size;
};
int state_message_add(struct state *state, const struct journal_message *message, struct error *error);
/* When the newest event was, in seconds since 1970; 0 if there is none. Reads the whole journal. */
int state_journal_newest(struct state *state, int64_t *time, struct error *error);
/* Forgets all about messages whose ids are below this one (msgid_floor()). */
int state_journal_prune(struct state *state, const struct msgid *before, struct error *error);
struct trace_query {
	const char *words;    /* "" for all messages */
	int64_t since, until; /* seconds since 1970, of their arrival: from, and before */
	int limit;	      /* events */
};
/* Calls back for each event of each message whose id, Message-ID, address or subject (all words of the query, in any case) match the
 * query, oldest first; for the id of a session for each event in it: first its own, of a message that is not known, whose id it is. */
typedef void (*state_trace_fn)(void *context, const struct journal_message *message,
    const struct journal_event *event);
int state_trace(struct state *state, const struct trace_query *query, state_trace_fn fn, void *context,
    struct error *error);

/* Sums over all events from `since` to before `until` (microseconds): how many of each kind, and how large their messages; detail
 * tells apart those of the event "accepted", and is "" for others. */
typedef void (*state_totals_fn)(void *context, const char *event, const char *detail, uint64_t count, uint64_t bytes);
int state_journal_totals(struct state *state, int64_t since, int64_t until, state_totals_fn fn, void *context,
    struct error *error);

/* Calls back for each event of messages whose ids are not below this one, by message; without their session. */
typedef void (*state_journal_fn)(void *context, const struct journal_event *event);
int state_journal_since(struct state *state, const struct msgid *since, state_journal_fn fn, void *context,
    struct error *error);

/* Calls back for the last events that were written, at most limit: those of the newest messages, oldest
 * first. A message that is not known has empty texts. */
int state_journal_last(struct state *state, int limit, state_trace_fn fn, void *context, struct error *error);

/* Mail to the daemon that waits for a session. */
struct trigger {
	struct msgid id;
	char *sender;  /* who gets the report */
	char *subject; /* decoded */
	char *message_id;
	int64_t time;
};
struct triggers {
	struct trigger *items;
	size_t count;
};
int state_trigger_add(struct state *state, const struct trigger *trigger,
    struct error *error); /* a second one of the same id changes nothing */
int state_triggers(struct state *state, struct triggers *triggers, struct error *error);
void triggers_clear(struct triggers *triggers);
int state_trigger_done(struct state *state, const char *id, struct error *error);

/* Replies of rules: due ones wait for the session's end, sent ones are remembered so that nobody gets the same
 * again too soon. */
struct reply_due {
	struct msgid id; /* of the message replied to */
	char *rule, *address;
	char *subject, *message_id; /* of that message, decoded */
	char *account;		     /* through which it came, "" */
	char *written_to;	     /* the addresses that its header names as recipients, as a list; "" */
	int64_t time;
};
struct replies {
	struct reply_due *items;
	size_t count;
};
int state_reply_add(struct state *state, const struct reply_due *reply,
    struct error *error); /* a second one of the same id changes nothing */
int state_replies(struct state *state, struct replies *replies, struct error *error); /* those due */
void replies_clear(struct replies *replies);
/* When this rule replied to this address last, in *time; 0 if never (that is remembered). */
int state_reply_last(struct state *state, const char *rule, const char *address, int64_t *time,
    struct error *error);
/* How many replies this rule gave after `since`. */
int state_reply_count(struct state *state, const char *rule, int64_t since, size_t *count, struct error *error);
int state_reply_done(struct state *state, const char *id, bool sent, struct error *error);

/* Problems that are reported once per change. key: "account sales", "smarthost default", "disk". */
/* Returns 1 if this is news (there was none under this key, or of another class), 0 if known, -1 on error. */
int state_problem_set(struct state *state, const char *key, const char *class, const char *text,
    int64_t time, struct error *error);
/* Returns 1 if there was one (since when is in *since), 0 if not, -1 on error. */
int state_problem_clear(struct state *state, const char *key, int64_t *since, struct error *error);

/* Calls back for each problem that is known, the oldest first. */
typedef void (*state_problem_fn)(void *context, const char *key, const char *text, int64_t since);
int state_problems(struct state *state, state_problem_fn fn, void *context, struct error *error);

/* Named numbers and short texts that outlive a process ("last-session"). *text is new memory, NULL if absent. */
int state_get(struct state *state, const char *key, char **text, struct error *error);
int state_set(struct state *state, const char *key, const char *text, struct error *error);

#endif
