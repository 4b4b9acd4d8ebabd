/* What happened to each message, for trace. */
#include "spool/storage/state_journal.h"
#include "spool/state/state_priv.h"

#include <poll.h>
#include <stdlib.h>

#define PRUNE_EVENTS 4000
#define PRUNE_PAUSE_MS 10

int state_journal_add(struct state *state, const struct journal_event *event, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?, ?)",
		"titttt", event->id, event->time_us, event->event, event->place,
		event->session, event->detail),
	    error);
}

int state_journal_add_once(struct state *state, const struct journal_event *event, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO journal SELECT ?1, ?2, ?3, ?4, ?5, ?6"
		" WHERE NOT EXISTS (SELECT 1 FROM journal WHERE id = ?1 AND event = ?3 AND place = ?4)",
		"titttt", event->id, event->time_us, event->event, event->place,
		event->session, event->detail),
	    error);
}

int state_message_add(struct state *state, const struct journal_message *message,
    struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"tittttit", message->id, message->time, message->message_id, message->sender,
		message->recipients, message->subject, (int64_t)message->size,
		message->keywords == NULL ? "" : message->keywords),
	    error);
}

int state_journal_newest(struct state *state, int64_t *time, struct error *error)
{
	return state_number(state, state_statement(state, error, "SELECT max(time_us) / 1000000 FROM journal", ""), time, error);
}

/* --- removal of old events */

static int delete_up_to(struct state *state, const char *bound, bool with_bound, struct error *error)
{
	static const char *const statements[][2] = {
	    {"DELETE FROM journal WHERE id < ?", "DELETE FROM journal WHERE id <= ?"},
	    {"DELETE FROM reply WHERE id < ?", "DELETE FROM reply WHERE id <= ?"},
	    {"DELETE FROM message WHERE id < ?", "DELETE FROM message WHERE id <= ?"},
	};

	if (state_begin(state, error) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
		if (state_finish(state, state_statement(state, error, statements[i][with_bound], "t", bound), error) != 0) {
			state_abort(state);
			return -1;
		}
	return state_commit(state, error);
}

/* The message at which some thousand events are reached; *bound is NULL if there are fewer. */
static int find_bound(struct state *state, const struct msgid *before, char **bound, struct error *error)
{
	return state_text(state, state_statement(state, error, "SELECT id FROM journal WHERE id < ? ORDER BY id LIMIT 1 OFFSET ?", "ti",
		before->text, (int64_t)PRUNE_EVENTS), bound, error);
}

/* In small pieces with pauses, since other processes wait to write. */
int state_journal_prune(struct state *state, const struct msgid *before, struct error *error)
{
	for (;;) {
		char *bound;
		int result;

		if (find_bound(state, before, &bound, error) != 0)
			return -1;
		if (bound == NULL)
			return delete_up_to(state, before->text, false, error);
		result = delete_up_to(state, bound, true, error);
		free(bound);
		if (result != 0)
			return -1;
		poll(NULL, 0, PRUNE_PAUSE_MS);
	}
}

/* --- queries */

static void trace_row(sqlite3_stmt *stmt, state_trace_fn fn, void *context)
{
	struct journal_message message = {
	    .id = state_column_text(stmt, 0),
	    .time = sqlite3_column_int64(stmt, 1),
	    .message_id = state_column_text(stmt, 2),
	    .sender = state_column_text(stmt, 3),
	    .recipients = state_column_text(stmt, 4),
	    .subject = state_column_text(stmt, 5),
	    .size = (uint64_t)sqlite3_column_int64(stmt, 6),
	};
	struct journal_event event = {
	    .id = message.id,
	    .time_us = sqlite3_column_int64(stmt, 7),
	    .event = state_column_text(stmt, 8),
	    .place = state_column_text(stmt, 9),
	    .session = state_column_text(stmt, 10),
	    .detail = state_column_text(stmt, 11),
	};

	fn(context, &message, &event);
}

int state_trace_rows(struct state *state, sqlite3_stmt *stmt, state_trace_fn fn, void *context, size_t *found,
    struct error *error)
{
	int more;

	*found = 0;
	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1) {
		trace_row(stmt, fn, context);
		(*found)++;
	}
	state_statement_end(state, stmt);
	return more;
}

int state_journal_since(struct state *state, const struct msgid *since, state_journal_fn fn,
    void *context, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT id, time_us, event, place, detail FROM journal WHERE id >= ?"
	    " ORDER BY id, time_us", "t",
	    since->text);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1) {
		struct journal_event event = {.id = state_column_text(stmt, 0),
		    .time_us = sqlite3_column_int64(stmt, 1),
		    .event = state_column_text(stmt, 2),
		    .place = state_column_text(stmt, 3),
		    .session = "",
		    .detail = state_column_text(stmt, 4)};

		fn(context, &event);
	}
	state_statement_end(state, stmt);
	return more;
}

int state_journal_last(struct state *state, int limit, state_trace_fn fn, void *context,
    struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT j.id, m.time, m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM (SELECT * FROM journal ORDER BY id DESC, time_us DESC LIMIT ?1) j"
	    " LEFT JOIN message m ON m.id = j.id ORDER BY j.time_us, j.id",
	    "i", (int64_t)limit);
	size_t found;

	return state_trace_rows(state, stmt, fn, context, &found, error);
}

int state_journal_totals(struct state *state, int64_t since, int64_t until, state_totals_fn fn, void *context,
    struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT j.event, CASE j.event WHEN ?3 THEN j.detail ELSE '' END AS what, COUNT(*), COALESCE(SUM(m.size), 0)"
	    " FROM journal j LEFT JOIN message m ON m.id = j.id"
	    " WHERE j.time_us >= ?1 AND j.time_us < ?2 GROUP BY j.event, what ORDER BY j.event, what",
	    "iit", since, until, event_code(EVENT_ACCEPTED));
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1)
		fn(context, event_find(state_column_text(stmt, 0)), state_column_text(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2),
		    (uint64_t)sqlite3_column_int64(stmt, 3));
	state_statement_end(state, stmt);
	return more;
}
