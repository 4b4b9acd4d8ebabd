/*
 * When new messages in the queue require a session (`when_queued`).
 */
#ifndef LANPOST_GATEWAY_QUEUE_WAITING_H
#define LANPOST_GATEWAY_QUEUE_WAITING_H

#include "config/conf.h"

/* The time (seconds since 1970, as `now`): now, if enough messages have waited for long enough, or the first allowed time
 * after that; 0 if none wait, or they do not count. Reads the queue's folder, not its messages. */
int64_t queue_waiting_due(const struct conf *conf, int64_t now);

#endif
