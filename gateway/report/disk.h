/*
 * The disk: postmaster gets a report before it is full. Sessions look at their end, the supervisor between them: mail of the LAN alone
 * can fill it.
 */
#ifndef LANPOST_GATEWAY_DISK_H
#define LANPOST_GATEWAY_DISK_H

#include "spool/spool.h"

/* Reports that it is nearly full, or no more, and that it has failed, when that is new. */
void disk_report(const struct conf *conf, struct spool *spool, const char *session);

struct disk_watch {
	int64_t look_at, tell_at; /* monotonic, ms */
	bool is_low;
};
/* The supervisor's look, now and then; a change is reported aside. now: monotonic, ms. */
void disk_look(struct disk_watch *watch, const struct conf *conf, int64_t now);

#endif
