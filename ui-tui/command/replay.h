/*
 * The mail of the last days, sorted once more by other rules: what would have gone elsewhere.
 *
 * Which mail there was and who got it is known from the mailboxes and the journal; what is in no
 * mailbox any more cannot be sorted again.
 */
#ifndef LANPOST_UI_TUI_REPLAY_H
#define LANPOST_UI_TUI_REPLAY_H

#include "base/err.h"
#include "config/conf.h"
#include "spool/state/state.h"
#include "message/msgid.h"

struct replay_difference {
	char id[MSGID_LEN + 1];
	int64_t time;
	char *from, *subject;      /* decoded, printable */
	struct strlist was, would; /* users and addresses, sorted; nobody: dropped */
	char *reason;              /* of the first who would get it, or the rule that drops it */
};

struct replay {
	struct replay_difference *items; /* oldest first */
	size_t count;
	size_t looked_at; /* messages that were sorted again */
	size_t gone;      /* fetched in these days, but in no mailbox any more */
};

/* conf: with the rules to be tried. rule: only messages that it matches or has matched; NULL: all.
 * state may be NULL: then the mailboxes alone tell who got what. */
int replay_run(const struct conf *conf, struct state *state, int64_t since, const char *rule,
    struct replay *replay, struct error *error);
void replay_clear(struct replay *replay);

/* The message as it came: without the lines that we have put above it. */
struct slice replay_as_it_came(struct slice message);
/* A header field, decoded, new memory. */
char *replay_field(struct slice message, const char *name);

#endif
