/*
 * Replies of rules: due ones wait for the end of the session; sent ones are stored, so that no sender gets the
 * same reply again too soon.
 */
#ifndef LANPOST_SPOOL_STATE_REPLIES_H
#define LANPOST_SPOOL_STATE_REPLIES_H

#include "message/msgid.h"
#include "spool/storage/state.h"

struct reply_due {
	struct msgid id; /* of the message replied to */
	char *rule, *address;
	char *subject, *message_id; /* of that message, decoded */
	char *account;		     /* through which it came, "" */
	char *written_to;	     /* the recipients in its header, as a list; "" */
	int64_t time;
};
struct replies {
	struct reply_due *items;
	size_t count;
};
int state_reply_add(struct state *state, const struct reply_due *reply,
    struct error *error); /* a second one of the same id changes nothing */
int state_replies(struct state *state, struct replies *replies, struct error *error); /* those due */
void state_replies_clear(struct replies *replies);
/* Stores in *time when this rule last replied to this address; 0 if never, as far as recorded. */
int state_reply_last(struct state *state, const char *rule, const char *address, int64_t *time,
    struct error *error);
/* The number of replies of this rule after `since`. */
int state_reply_count(struct state *state, const char *rule, int64_t since, size_t *count, struct error *error);
int state_reply_done(struct state *state, const char *id, bool sent, struct error *error);

#endif
