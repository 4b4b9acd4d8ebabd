/* What happened to each message, for trace. */
#include "mail/state_priv.h"

int state_journal_add(struct state *state, const struct journal_event *event, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO journal VALUES (?, ?, ?, ?, ?, ?)",
		"titttt", event->id, event->time_us, event->event, event->place,
		event->session, event->detail),
	    error);
}

int state_message_add(struct state *state, const struct journal_message *message,
    struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO message VALUES (?, ?, ?, ?, ?, ?, ?)",
		"titttti", message->id, message->time, message->message_id, message->sender,
		message->recipients, message->subject, (int64_t)message->size),
	    error);
}

int state_journal_prune(struct state *state, const struct msgid *before, struct error *error)
{
	if (state_finish(state,
		state_statement(state, error, "DELETE FROM journal WHERE id < ?", "t", before->text),
		error) != 0)
		return -1;
	if (state_finish(state,
		state_statement(state, error, "DELETE FROM reply WHERE id < ?", "t", before->text),
		error) != 0)
		return -1;
	return state_finish(state,
	    state_statement(state, error, "DELETE FROM message WHERE id < ?", "t", before->text), error);
}

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

static int trace_rows(struct state *state, sqlite3_stmt *stmt, state_trace_fn fn, void *context, struct error *error)
{
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1)
		trace_row(stmt, fn, context);
	state_statement_end(state, stmt);
	return more;
}

static int trace_letters(struct state *state, const struct trace_query *query, state_trace_fn fn,
    void *context, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT m.id, m.time, m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM message m JOIN journal j ON j.id = m.id"
	    " WHERE (m.id = ?1 OR instr(m.message_id, ?1) OR instr(lower(m.sender), lower(?1))"
	    " OR instr(lower(m.recipients), lower(?1)) OR has_words(m.subject, ?1))"
	    " AND m.time >= ?2 AND m.time < ?3 ORDER BY m.time, m.id, j.time_us LIMIT ?4",
	    "tiii", query->words, query->since, query->until, (int64_t)query->limit);

	return trace_rows(state, stmt, fn, context, error);
}

/* The session itself stands under its own id; letters show what it did with them. */
static int trace_session(struct state *state, const struct trace_query *query, state_trace_fn fn,
    void *context, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT j.id, COALESCE(m.time, j.time_us / 1000000), m.message_id, m.sender, m.recipients, m.subject, m.size,"
	    " j.time_us, j.event, j.place, j.session, j.detail"
	    " FROM journal j LEFT JOIN message m ON m.id = j.id"
	    " WHERE j.session = ?1 AND j.time_us >= ?2 * 1000000 AND j.time_us < ?3 * 1000000"
	    " ORDER BY j.id = ?1 DESC, j.id, j.time_us LIMIT ?4",
	    "tiii", query->words, query->since, query->until < INT64_MAX / 1000000 ? query->until : INT64_MAX / 1000000,
	    (int64_t)query->limit);

	return trace_rows(state, stmt, fn, context, error);
}

int state_trace(struct state *state, const struct trace_query *query, state_trace_fn fn,
    void *context, struct error *error)
{
	if (trace_letters(state, query, fn, context, error) != 0)
		return -1;
	/* Letters and sessions have no id in common. */
	return msgid_is(slice_of(query->words)) ? trace_session(state, query, fn, context, error) : 0;
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

	return trace_rows(state, stmt, fn, context, error);
}

int state_journal_totals(struct state *state, int64_t since, int64_t until, state_totals_fn fn, void *context,
    struct error *error)
{
	/* Who wrote it stands behind "smtp", and is not asked for. */
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT j.event, CASE WHEN j.event <> 'accepted' THEN '' WHEN j.detail LIKE 'account %' THEN j.detail"
	    " ELSE substr(j.detail, 1, 4) END AS what, COUNT(*), COALESCE(SUM(m.size), 0)"
	    " FROM journal j LEFT JOIN message m ON m.id = j.id"
	    " WHERE j.time_us >= ? AND j.time_us < ? GROUP BY j.event, what ORDER BY j.event, what",
	    "ii", since, until);
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1)
		fn(context, state_column_text(stmt, 0), state_column_text(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2),
		    (uint64_t)sqlite3_column_int64(stmt, 3));
	state_statement_end(state, stmt);
	return more;
}
