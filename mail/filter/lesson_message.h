/*
 * The messages of a lesson as scanners learn them: one, or those attached to a report, without the lines that lanpost has added.
 */
#ifndef LANPOST_MAIL_FILTER_LESSON_MESSAGE_H
#define LANPOST_MAIL_FILTER_LESSON_MESSAGE_H

#include "base/str.h"

#define LESSON_BYTES_MAX (32u << 20) /* of one message */
#define LESSON_MESSAGES_MAX 100	     /* of one report */
#define LESSON_DIGEST_MAX 65

/* message: valid during the call. Returns false to stop. */
typedef bool (*lesson_message_fn)(void *context, struct slice message);
/* Calls back for each message to learn of this one. Returns how many there were; 0: none is attached, or it is too large. */
size_t lesson_messages(struct slice bytes, bool is_report, lesson_message_fn fn, void *context);
/* What identifies the message, in hex. */
void lesson_digest(struct slice message, char out[LESSON_DIGEST_MAX]);

#endif
