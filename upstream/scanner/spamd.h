/*
 * The client's side of spamd's protocol (SPAMC/1.5, spamd(8)), without I/O: one message per connection.
 *
 * SYMBOLS gives the score and the names of the rules that matched. spamd learns nothing of the sender's host but what the header says: so lines
 * with the facts are sent before the message.
 */
#ifndef LANPOST_UPSTREAM_SPAMD_H
#define LANPOST_UPSTREAM_SPAMD_H

#include "base/buf.h"
#include "base/err.h"
#include "message/scan/scan_verdict.h"

#define SPAMD_REPLY_MAX 65536

/* Appends the request for a message of this many bytes, the lines before it included; 0: it asks whether spamd is there. */
void spamd_begin(uint64_t size, struct buf *out);
/* Appends the request that it learns a message (TELL). */
void spamd_begin_learning(uint64_t size, bool is_spam, struct buf *out);
/* Reads the whole reply to it. *was_known: it has learned the message as that before. -1: ERROR_CONFIG: it may not learn. */
int spamd_read_learned(struct slice reply, bool *was_known, struct error *error);
/* Reads the whole reply, up to the end of the connection. Returns 0 with the verdict, or -1. */
int spamd_read(struct slice reply, struct scan_verdict *verdict, struct error *error);

#endif
