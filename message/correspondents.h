/*
 * The sender and the recipients of a message by its header: what people search for if a message has no
 * envelope.
 */
#ifndef LANPOST_MESSAGE_CORRESPONDENTS_H
#define LANPOST_MESSAGE_CORRESPONDENTS_H

#include "base/buf.h"

#define CORRESPONDENTS_MAX 50 /* limit of addresses; a hostile header has a hundred thousand */

/* Appends the addresses of From and Return-Path, each once, with ", " between them. */
void correspondents_senders(struct slice message, struct buf *out);
/* The same for To, Cc, Delivered-To and X-Original-To. */
void correspondents_recipients(struct slice message, struct buf *out);
/* The same, preceded by the recipients of the envelope that the provider noted. */
void correspondents_written_to(struct slice message, struct buf *out);

#endif
