/*
 * Replies to a stub: what they ask for, and whether they say more than that.
 */
#ifndef LANPOST_MESSAGE_STUB_REPLY_H
#define LANPOST_MESSAGE_STUB_REPLY_H

#include "base/str.h"

/* Finds "fetch <id>" anywhere in a subject; a stub has it in brackets at the end. *id is a slice of the subject. */
bool stub_reply_id(struct slice subject, struct slice *id);
/* Whether the message says anything beyond its quote, so that it may be meant for the author of the message behind the stub:
 * it has an attachment, or text that is neither the line that introduces the quote ("On ... wrote:") nor a signature behind
 * "-- ". Where it is not known, true. */
bool stub_reply_has_text(struct slice message);

#endif
