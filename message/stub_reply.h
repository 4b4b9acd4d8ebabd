/*
 * Replies to a stub: the request, and whether they contain more than that.
 */
#ifndef LANPOST_MESSAGE_STUB_REPLY_H
#define LANPOST_MESSAGE_STUB_REPLY_H

#include "base/str.h"

/* Finds "fetch <id>" anywhere in a subject; a stub's subject has it in brackets at the end. *id is a slice of
 * the subject. */
bool stub_reply_id(struct slice subject, struct slice *id);
/* Whether the message contains more than the quote, so that it may be meant for the author of the original message: an
 * attachment, or text that is neither the line that introduces the quote ("On ... wrote:") nor a signature after "-- ".
 * True if not known. */
bool stub_reply_has_text(struct slice message);

#endif
