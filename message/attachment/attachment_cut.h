/*
 * Finds what must be cut out of a message so that the rest has no forbidden attachment: the parts that have them, whole.
 *
 * The rest stays a valid message: a part is replaced by a part, its boundaries are not touched. If there is no such way, the message cannot be cut:
 * a part of a signed or encrypted multipart, a container (an attached message or a multipart that itself has a forbidden name), a file in the
 * middle of the text (uuencoded), a header that mail programs may read in two ways, a message that was not looked through to its end. What would be left is
 * looked at again, and must be clean.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_CUT_H
#define LANPOST_MESSAGE_ATTACHMENT_CUT_H

#include "message/attachment/attachment.h"
#include "message/scan/scan_cut.h"

/* In place of a range comes a text that begins with the fields of a part; in place of a silent one nothing. Returns false if the message cannot
 * be cut; *cuts is empty then, and also if nothing is found. */
bool attachment_cut(struct attachment_types *types, const struct attachment_rules *rules, struct slice message, struct scan_cuts *cuts);

#endif
