/*
 * Who wrote a message and to whom, by its header: what people search for when a message came without an envelope.
 */
#ifndef LANPOST_MESSAGE_CORRESPONDENTS_H
#define LANPOST_MESSAGE_CORRESPONDENTS_H

#include "base/buf.h"

#define CORRESPONDENTS_MAX 50 /* addresses; a hostile header has a hundred thousand */

/* Appends the addresses of From and Return-Path, each once, with ", " between them. */
void correspondents_senders(struct slice message, struct buf *out);
/* The same for To, Cc, Delivered-To and X-Original-To. */
void correspondents_recipients(struct slice message, struct buf *out);
/* The same with what the provider noted of the envelope first: whose mailbox the message was for. */
void correspondents_written_to(struct slice message, struct buf *out);

#endif
