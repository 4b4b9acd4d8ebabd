/*
 * Failed logins, counted by address, by network (the /64 of an IPv6 address) and by name, and what follows from them.
 *
 * An address or a network with many failures is shut out for some minutes, longer each time. A user who has logged in from
 * there lately is still admitted: behind one address may be a whole office. Failures of a name shut nobody out: they slow
 * all answers for that name down, so that a password cannot be guessed from many addresses at once.
 *
 * Not locked: the owner has a mutex. `name` is the form in which all spellings of a user's name are the same; times are
 * monotonic milliseconds.
 */
#ifndef LANPOST_LAN_SERVER_BANS_H
#define LANPOST_LAN_SERVER_BANS_H

#include "lan-server/login/ban_notes.h"

struct bans;

/* Who has been shut out just now, for the log. */
enum bans_news { BANS_NOBODY, BANS_ADDRESS, BANS_NETWORK };

#define BANS_ADDRESS_FAILURES 20
#define BANS_NETWORK_FAILURES 40
#define BANS_PAIR_FAILURES 10 /* of a user, where they are known */
#define BANS_NAME_FAILURES 30
#define BANS_DELAYS_MAX 4  /* of a wrong answer */
#define BANS_NAME_DELAYS 5 /* of every answer for a name under attack */

struct bans *bans_new(void);
void bans_free(struct bans *bans);
/* What is to outlive this process is given to keep(), at once. */
void bans_keep(struct bans *bans, void (*keep)(void *context, const struct ban_note *note), void *context);
/* Takes over what an earlier process has kept. */
void bans_recall(struct bans *bans, const struct ban_note *note, int64_t now);
/* True while this client may not try this name. */
bool bans_refuse(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* How many delays any answer for this name is worth to this client. */
unsigned bans_slow(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* Counts a failure; returns how many delays the answer is worth. */
unsigned bans_failure(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now, enum bans_news *news);
/* The user is known there from now on. */
void bans_success(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now);
/* A login by challenge has begun: it counts a little until it ends, since who breaks off learns nothing but might try. */
void bans_begun(struct bans *bans, const struct in6_addr *client, int64_t now, enum bans_news *news);
void bans_ended(struct bans *bans, const struct in6_addr *client, int64_t now);

#endif
