/*
 * The messages and bytes that each user has sent today, stored in the state so that a restart loses little.
 *
 * Counted in memory, stored when a session ends: never between a message and its acknowledgement. Thread-safe;
 * the day is that of local time.
 */
#ifndef LANPOST_LAN_SERVER_SEND_QUOTA_H
#define LANPOST_LAN_SERVER_SEND_QUOTA_H

#include "spool/storage/storage.h"

struct send_quota;

struct send_quota_total {
	int64_t messages, bytes;
};

struct send_quota *send_quota_new(struct state *state); /* borrowed, must outlive it */
void send_quota_free(struct send_quota *quota);
struct send_quota_total send_quota_today(struct send_quota *quota, const char *user);
/* Counts an accepted message. */
void send_quota_count(struct send_quota *quota, const char *user, uint64_t bytes);
/* Stores changed counts. */
void send_quota_save(struct send_quota *quota);

#endif
