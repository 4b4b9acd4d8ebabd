/*
 * Replies of rules (RFC 3834): written at the end of a session from the data that deliveries
 * have stored.
 *
 * A reply and the fact that it is written are one record, so that each is sent once; a sender
 * who recently got a reply of the rule gets none.
 */
#ifndef LANPOST_GATEWAY_AUTO_REPLY_SEND_H
#define LANPOST_GATEWAY_AUTO_REPLY_SEND_H

#include "gateway/report/report.h"

/* Writes all due replies to the queue. */
void auto_reply_send_due(const struct reporter *reporter);

#endif
