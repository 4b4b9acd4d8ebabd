/*
 * Whether new letters in the queue are reason enough for a session (`when_queued`).
 */
#ifndef LANPOST_GATEWAY_WAITING_H
#define LANPOST_GATEWAY_WAITING_H

#include "config/conf.h"

/* Looks at the queue's folder, not into its letters. now: seconds since 1970. */
bool waiting_is_enough(const struct conf *conf, int64_t now);

#endif
