/*
 * Replies that rules give (RFC 3834): written at the end of a session out of what deliveries have
 * noted.
 *
 * A reply and the fact that it is written are one record, so that each is sent once; who was
 * replied to by a rule not long ago gets nothing.
 */
#ifndef LANPOST_GATEWAY_REPLY_H
#define LANPOST_GATEWAY_REPLY_H

#include "config/conf.h"
#include "spool/log/intake.h"

/* Into the queue with all replies that are due. */
void reply_write_due(
    const struct conf *conf, struct intake *intake, struct state *state, const char *session);

#endif
