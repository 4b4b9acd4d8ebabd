/*
 * How many messages were begun to be sent to a smarthost within an hour, for max_messages_per_hour.
 */
#ifndef LANPOST_MAIL_SMARTHOST_HOUR_H
#define LANPOST_MAIL_SMARTHOST_HOUR_H

#include "spool/storage/storage.h"

#define SMARTHOST_HOUR 3600 /* seconds from its first message on */

struct smarthost_hour {
	int64_t begun, sent;
};

/* The hour that has begun; without one it begins now. */
struct smarthost_hour smarthost_hour_load(struct state *state, const char *smarthost, int64_t now);
void smarthost_hour_store(struct state *state, const char *smarthost, const struct smarthost_hour *hour);

#endif
