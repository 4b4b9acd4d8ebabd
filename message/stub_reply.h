/*
 * Requests for the whole message of a stub: replies to it, whether they contain more than that, and the requests that a mail program makes
 * by IMAP, or the admin by a verb.
 */
#ifndef LANPOST_MESSAGE_STUB_REPLY_H
#define LANPOST_MESSAGE_STUB_REPLY_H

#include "base/str.h"

/* The field that makes a message a stub, and says which one: "account=NAME; size=BYTES; id=ID". */
#define STUB_FIELD "X-Lanpost-Stub"
/* By IMAP: a keyword of the stub, or the folder to which it is moved; the whole message takes its place. */
#define STUB_KEYWORD "$Fetch"
#define STUB_FOLDER "Fetch"
/* The subject of such a request, with the id, which stub_reply_id() reads, too, and the user whose mailbox has the stub. */
#define STUB_SUBJECT STUB_KEYWORD " %s %s"

/* Whether a message is the stub with this id; *size: the bytes of the whole message, 0 if they are not known. */
bool stub_reply_is_stub(struct slice message, const char *id, uint64_t *size);
/* Whether the subject is that of a request by IMAP or by a verb, and the user in it. */
bool stub_reply_by_imap(struct slice subject, struct slice *user);
/* Finds "fetch <id>" anywhere in a subject; a stub's subject has it in brackets at the end. *id is a slice of
 * the subject. */
bool stub_reply_id(struct slice subject, struct slice *id);
/* Whether the message contains more than the quote, so that it may be meant for the author of the original message: an
 * attachment, or text that is neither the line that introduces the quote ("On ... wrote:") nor a signature after "-- ".
 * True if not known. */
bool stub_reply_has_text(struct slice message);

#endif
