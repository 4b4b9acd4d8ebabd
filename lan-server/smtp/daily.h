/*
 * What each user has sent today, kept in the state so that a restart forgets little.
 *
 * Counted in memory, written down when a session ends: never between a message and its acknowledgement. Any thread
 * may call; the day is that of local time.
 */
#ifndef LANPOST_LAN_SERVER_DAILY_H
#define LANPOST_LAN_SERVER_DAILY_H

#include "spool/state/state.h"

struct daily;

struct daily_total {
	int64_t messages, bytes;
};

struct daily *daily_new(struct state *state); /* borrowed, must outlive it */
void daily_free(struct daily *daily);
/* What this user has sent today, counting `more` first (may be NULL). */
struct daily_total daily_sent(struct daily *daily, const char *user, const struct daily_total *more);
/* Writes down what has changed. */
void daily_save(struct daily *daily);

#endif
