/*
 * When new messages in the queue are reason enough for a session (`when_queued`).
 */
#ifndef LANPOST_GATEWAY_WAITING_H
#define LANPOST_GATEWAY_WAITING_H

#include "config/conf.h"

/* The moment (seconds since 1970, as is now): now, when enough have waited for long enough, or the first allowed one after that; 0 if
 * none wait, or they do not count. Looks at the queue's folder, not into its messages. */
int64_t waiting_due(const struct conf *conf, int64_t now);

#endif
