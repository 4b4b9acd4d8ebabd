/*
 * Delivery status notifications (RFC 3461): syntax of the parameters of MAIL and RCPT.
 */
#ifndef LANPOST_MESSAGE_DSN_H
#define LANPOST_MESSAGE_DSN_H

#include "base/buf.h"

/* The events that a sender wants to be notified of; 0: not specified. */
enum dsn_notify { DSN_NEVER = 1, DSN_SUCCESS = 2, DSN_FAILURE = 4, DSN_DELAY = 8 };
/* How much of the message a bounce contains. */
enum dsn_ret { DSN_RET_UNSAID, DSN_RET_FULL, DSN_RET_HDRS };

#define DSN_ENVID_MAX 100
#define DSN_ORCPT_MAX 500

/* "NEVER", or a list of SUCCESS, FAILURE, DELAY; not case-sensitive. */
bool dsn_notify_parse(struct slice text, unsigned *notify);
/* The same as text: "SUCCESS,DELAY". Nothing for 0. */
void dsn_notify_write(unsigned notify, struct buf *out);
bool dsn_ret_parse(struct slice text, enum dsn_ret *ret);
/* "FULL", "HDRS" or "". */
const char *dsn_ret_text(enum dsn_ret ret);
/* Whether to notify of this event (one bit); failure and delay are the default. */
bool dsn_wants(unsigned notify, enum dsn_notify event);

/* Of 1 to max bytes, printable, "+" only before two hex digits (RFC 3461 section 4). */
bool dsn_is_xtext(struct slice text, size_t max);
/* An address type, ";" and an address as xtext. */
bool dsn_is_orcpt(struct slice text);
/* Appends what xtext represents. */
void dsn_xtext_decode(struct slice text, struct buf *out);

#endif
