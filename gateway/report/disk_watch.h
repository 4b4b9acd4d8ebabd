/*
 * The disk: postmaster gets a report before it is full. Sessions check it at their end, the supervisor in between: mail of
 * the LAN alone can fill it.
 */
#ifndef LANPOST_GATEWAY_DISK_WATCH_H
#define LANPOST_GATEWAY_DISK_WATCH_H

#include "spool/spool.h"

/* Reports that it is nearly full, no longer so, or has failed, if that is new. */
void disk_watch_report(const struct conf *conf, struct spool *spool, const char *session);

struct disk_watch {
	int64_t look_at, tell_at; /* monotonic, ms */
	bool is_low;
};
/* The supervisor's periodic check; a change is reported by another process. now: monotonic, ms. */
void disk_watch_look(struct disk_watch *watch, const struct conf *conf, int64_t now);

#endif
