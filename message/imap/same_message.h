/*
 * Whether two copies are of one message: what a mail program has sent, and what it keeps in its folder Sent.
 *
 * Their headers differ (Received, Bcc, fields of the program), and some programs write the message again, with other boundaries or encodings.
 * When in doubt they are two messages.
 */
#ifndef LANPOST_MESSAGE_SAME_MESSAGE_H
#define LANPOST_MESSAGE_SAME_MESSAGE_H

#include "base/str.h"

/* Whether the headers are of one message: the same Message-ID, which both have, and no other Date or Resent-Message-ID. */
bool same_message_header(struct slice a, struct slice b);
/* Whether the contents are equal: line by line, or else part by part when decoded. */
bool same_message_content(struct slice a, struct slice b);

#endif
