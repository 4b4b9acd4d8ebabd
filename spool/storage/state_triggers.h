/*
 * Messages to the daemon that wait for a session.
 */
#ifndef LANPOST_SPOOL_STATE_TRIGGERS_H
#define LANPOST_SPOOL_STATE_TRIGGERS_H

#include "message/msgid.h"
#include "spool/storage/state.h"

struct trigger {
	struct msgid id;
	char *sender;  /* the recipient of the report */
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
void state_triggers_clear(struct triggers *triggers);
int state_trigger_done(struct state *state, const char *id, struct error *error);

#endif
