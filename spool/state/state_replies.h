/*
 * Replies of rules: due ones wait for the end of the session; sent ones are remembered, so that nobody gets the same
 * again too soon.
 */
#ifndef LANPOST_SPOOL_STATE_REPLIES_H
#define LANPOST_SPOOL_STATE_REPLIES_H

#include "message/msgid.h"
#include "spool/state/state.h"

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

#endif
