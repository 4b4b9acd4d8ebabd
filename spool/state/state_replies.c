/* The table of replies: due, and given. */
#include "spool/storage/state_replies.h"

#include "base/alloc.h"
#include "spool/state/state_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* sent: 0 due, 1 sent */

int state_reply_add(struct state *state, const struct reply_due *reply, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO reply VALUES (?, ?, lower(?), ?, ?, ?, ?, 0, ?)",
		"ttttttit", reply->id.text, reply->rule, reply->address, reply->subject,
		reply->message_id, reply->account, reply->time, reply->written_to),
	    error);
}

int state_replies(struct state *state, struct replies *replies, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT id, rule, address, subject, message_id, account, time, written_to FROM reply WHERE sent = 0"
	    " ORDER BY time, id LIMIT 1000",
	    "");
	int more;

	*replies = (struct replies){0};
	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1) {
		struct reply_due reply = {
		    .rule = xstrdup(state_column_text(stmt, 1)),
		    .address = xstrdup(state_column_text(stmt, 2)),
		    .subject = xstrdup(state_column_text(stmt, 3)),
		    .message_id = xstrdup(state_column_text(stmt, 4)),
		    .account = xstrdup(state_column_text(stmt, 5)),
		    .time = sqlite3_column_int64(stmt, 6),
		    .written_to = xstrdup(state_column_text(stmt, 7)),
		};

		snprintf(reply.id.text, sizeof(reply.id.text), "%s", state_column_text(stmt, 0));
		ARRAY_GROW(replies->items, replies->count);
		replies->items[replies->count++] = reply;
	}
	state_statement_end(state, stmt);
	if (more < 0)
		state_replies_clear(replies);
	return more;
}

void state_replies_clear(struct replies *replies)
{
	for (size_t i = 0; i < replies->count; i++) {
		struct reply_due *reply = &replies->items[i];

		free(reply->rule);
		free(reply->address);
		free(reply->subject);
		free(reply->message_id);
		free(reply->account);
		free(reply->written_to);
	}
	free(replies->items);
	*replies = (struct replies){0};
}

int state_reply_last(struct state *state, const char *rule, const char *address, int64_t *time,
    struct error *error)
{
	return state_number(state,
	    state_statement(state, error,
		"SELECT max(time) FROM reply WHERE rule = ? AND address = lower(?) AND sent = 1", "tt", rule, address),
	    time, error);
}

int state_reply_count(struct state *state, const char *rule, int64_t since, size_t *count, struct error *error)
{
	int64_t number;
	int result = state_number(state,
	    state_statement(state, error, "SELECT count(*) FROM reply WHERE rule = ? AND time > ? AND sent = 1", "ti", rule, since),
	    &number, error);

	*count = (size_t)number;
	return result;
}

int state_reply_done(struct state *state, const char *id, bool sent, struct error *error)
{
	const char *sql = sent ? "UPDATE reply SET sent = 1 WHERE id = ?"
			       : "DELETE FROM reply WHERE id = ?";

	return state_finish(state, state_statement(state, error, sql, "t", id), error);
}
