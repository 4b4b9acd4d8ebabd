/*
 * Failed logins, counted by address, by network (the /64 of an IPv6 address) and by name, with bans and delays.
 *
 * An address or a network with many failures is banned for some minutes, longer each time. A user who has logged in
 * from there recently is still admitted: one address may serve a whole office. Failures of a name ban nobody: they
 * delay all answers for that name, so that a password cannot be guessed from many addresses at once.
 *
 * Not locked: the owner has a mutex. `name` is the normal form of a user's name; times are monotonic milliseconds.
 */
#ifndef LANPOST_LAN_SERVER_BANS_H
#define LANPOST_LAN_SERVER_BANS_H

#include "lan-server/login/ban_notes.h"

struct bans;

/* Which bans have just begun, for the log. */
enum bans_news { BANS_NOBODY, BANS_ADDRESS, BANS_NETWORK };

#define BANS_ADDRESS_FAILURES 20
#define BANS_NETWORK_FAILURES 40
#define BANS_PAIR_FAILURES 10 /* of a user, at a known address */
#define BANS_NAME_FAILURES 30
#define BANS_DELAYS_MAX 4  /* of a wrong answer */
#define BANS_NAME_DELAYS 5 /* of every reply for a name under attack */

struct bans *bans_new(void);
void bans_free(struct bans *bans);
/* Persistent data is passed to keep() immediately. */
void bans_keep(struct bans *bans, void (*keep)(void *context, const struct ban_note *note), void *context);
/* Loads the data of an earlier process. */
void bans_recall(struct bans *bans, const struct ban_note *note, int64_t now);
/* True while this client is banned for this name. */
bool bans_refuse(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* The number of delays of any answer for this name to this client. */
unsigned bans_slow(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* Counts a failure; returns the number of delays of the answer. */
unsigned bans_failure(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now, enum bans_news *news);
/* The user is known at this address from now on. */
void bans_success(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* A challenge-response login has begun: it counts a little until it ends, since a client that aborts learns nothing
 * but may retry. */
void bans_begun(struct bans *bans, const struct in6_addr *client, int64_t now, enum bans_news *news);
void bans_ended(struct bans *bans, const struct in6_addr *client, int64_t now);

#endif
