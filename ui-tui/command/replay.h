/*
 * Sorts the mail of the last days again by other rules: which messages would be delivered
 * differently.
 *
 * The mailboxes and the journal show which mail there was and who got it; a message that is no
 * longer in a mailbox cannot be sorted again.
 */
#ifndef LANPOST_UI_TUI_REPLAY_H
#define LANPOST_UI_TUI_REPLAY_H

#include "base/err.h"
#include "config/conf.h"
#include "spool/storage/storage.h"
#include "message/msgid.h"

struct replay_difference {
	char id[MSGID_LEN + 1];
	int64_t time;
	char *from, *subject;      /* decoded, printable */
	struct strlist was, would; /* users and addresses, sorted; nobody: dropped */
	char *reason;              /* the reason for the first new recipient, or the rule that drops it */
};

struct replay {
	struct replay_difference *items; /* oldest first */
	size_t count;
	size_t looked_at; /* number of messages that were sorted again */
	size_t gone;      /* fetched in these days, but no longer in a mailbox */
};

/* conf: with the rules to test. rule: only messages that it matches or has matched; NULL: all.
 * state may be NULL: then only the mailboxes show who got what. */
int replay_run(const struct conf *conf, struct state *state, int64_t since, const char *rule,
    struct replay *replay, struct error *error);
void replay_clear(struct replay *replay);

/* The original message, without the lines that lanpost has added. */
struct slice replay_as_it_came(struct slice message);
/* A header field, decoded, new memory. */
char *replay_field(struct slice message, const char *name);

#endif
