/* What is still to be done or told: triggers of the daemon, replies of rules, problems; and single values. */
#include "spool/state_priv.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the daemon's triggers */

int state_trigger_add(struct state *state, const struct trigger *trigger, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR IGNORE INTO trigger_mail VALUES (?, ?, ?, ?, ?)", "tttit",
		trigger->id.text, trigger->sender, trigger->subject, trigger->time, trigger->message_id),
	    error);
}

int state_triggers(struct state *state, struct triggers *triggers, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT id, sender, subject, time, message_id FROM trigger_mail ORDER BY time, id LIMIT 1000", "");
	int more;

	*triggers = (struct triggers){0};
	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1) {
		struct trigger trigger = {
		    .sender = xstrdup(state_column_text(stmt, 1)),
		    .subject = xstrdup(state_column_text(stmt, 2)),
		    .time = sqlite3_column_int64(stmt, 3),
		    .message_id = xstrdup(state_column_text(stmt, 4)),
		};

		snprintf(trigger.id.text, sizeof(trigger.id.text), "%s", state_column_text(stmt, 0));
		ARRAY_GROW(triggers->items, triggers->count);
		triggers->items[triggers->count++] = trigger;
	}
	state_statement_end(state, stmt);
	if (more < 0)
		triggers_clear(triggers);
	return more;
}

void triggers_clear(struct triggers *triggers)
{
	for (size_t i = 0; i < triggers->count; i++) {
		free(triggers->items[i].sender);
		free(triggers->items[i].subject);
		free(triggers->items[i].message_id);
	}
	free(triggers->items);
	*triggers = (struct triggers){0};
}

int state_trigger_done(struct state *state, const char *id, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "DELETE FROM trigger_mail WHERE id = ?", "t", id), error);
}

/* --- replies of rules; sent: 0 due, 1 sent */

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
		replies_clear(replies);
	return more;
}

void replies_clear(struct replies *replies)
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

/* --- problems */

/* In one statement: several processes may come upon the same problem at once. */
int state_problem_set(struct state *state, const char *key, const char *class, const char *text,
    int64_t time, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "INSERT INTO problem (key, class, text, since) VALUES (?, ?, ?, ?)"
	    " ON CONFLICT (key) DO UPDATE SET class = excluded.class, text = excluded.text, since = excluded.since"
	    " WHERE class <> excluded.class RETURNING 1",
	    "ttti", key, class, text, time);
	int news;

	if (stmt == NULL)
		return -1;
	news = state_next_row(state, stmt, error);
	state_statement_end(state, stmt);
	return news;
}

int state_problem_clear(struct state *state, const char *key, int64_t *since, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "SELECT since FROM problem WHERE key = ?", "t",
	    key);
	int known;

	if (stmt == NULL)
		return -1;
	known = state_next_row(state, stmt, error);
	if (known == 1)
		*since = sqlite3_column_int64(stmt, 0);
	state_statement_end(state, stmt);
	if (known != 1)
		return known;
	if (state_finish(state, state_statement(state, error, "DELETE FROM problem WHERE key = ?", "t", key),
		error) != 0)
		return -1;
	return 1;
}

int state_problems(struct state *state, state_problem_fn fn, void *context, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error,
	    "SELECT key, text, since FROM problem ORDER BY since, key", "");
	int more;

	if (stmt == NULL)
		return -1;
	while ((more = state_next_row(state, stmt, error)) == 1)
		fn(context, state_column_text(stmt, 0), state_column_text(stmt, 1), sqlite3_column_int64(stmt, 2));
	state_statement_end(state, stmt);
	return more;
}

/* --- values */

int state_get(struct state *state, const char *key, char **text, struct error *error)
{
	sqlite3_stmt *stmt = state_statement(state, error, "SELECT text FROM value WHERE key = ?", "t", key);
	int more;

	*text = NULL;
	if (stmt == NULL)
		return -1;
	more = state_next_row(state, stmt, error);
	if (more == 1)
		*text = xstrdup(state_column_text(stmt, 0));
	state_statement_end(state, stmt);
	return more < 0 ? -1 : 0;
}

int state_set(struct state *state, const char *key, const char *text, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR REPLACE INTO value VALUES (?, ?)", "tt", key, text),
	    error);
}
