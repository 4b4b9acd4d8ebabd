/*
 * Parts that mail programs read in different ways: which type, which encoding or which parts there are depends on the program. What one program
 * shows as an attachment is text for another; so they are a way past a filter.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_ODD_H
#define LANPOST_MESSAGE_ATTACHMENT_ODD_H

#include "message/mime.h"

bool attachment_part_is_odd(const struct mime_part *part);
/* Whether there is a CR without an LF: some programs end a line there. */
bool attachment_has_lone_cr(struct slice message);

#endif
