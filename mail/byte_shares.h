/*
 * For whom messages were carried: the bytes of messages by user, so that what a connection has cost can be divided.
 */
#ifndef LANPOST_MAIL_BYTE_SHARES_H
#define LANPOST_MAIL_BYTE_SHARES_H

#include "spool/envelope.h"

struct byte_share {
	char *user; /* "": no user in particular */
	uint64_t bytes, messages;
};

/* All zero: empty. */
struct byte_shares {
	struct byte_share *items;
	size_t count;
};

void byte_shares_add(struct byte_shares *shares, struct slice user, uint64_t bytes, uint64_t messages);
/* A fetched message: its bytes are divided equally among the users with a place for it, and it counts once for each; a copy for the
 * boss counts only if nobody else has it. Without a user (dropped, forwarded, in quarantine) it is nobody's. */
void byte_shares_add_fetched(struct byte_shares *shares, const struct envelope *envelope, uint64_t bytes);
/* Moves all of `from`, which is empty afterwards. */
void byte_shares_move(struct byte_shares *shares, struct byte_shares *from);
void byte_shares_clear(struct byte_shares *shares);

#endif
