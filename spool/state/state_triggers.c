/* The table of messages to the daemon. */
#include "spool/storage/state_triggers.h"

#include "base/alloc.h"
#include "spool/state/state_priv.h"

#include <stdio.h>
#include <stdlib.h>

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
		state_triggers_clear(triggers);
	return more;
}

void state_triggers_clear(struct triggers *triggers)
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
