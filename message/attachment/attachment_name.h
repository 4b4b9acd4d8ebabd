/*
 * Names of attachments against patterns such as "*.exe": every name that a mail program may use for a part.
 *
 * Mail programs read damaged fields in different ways, so not only the standard parameters count, but each word of the
 * fields with names.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_NAME_H
#define LANPOST_MESSAGE_ATTACHMENT_NAME_H

#include "message/mime.h"

#define ATTACHMENT_NAME_MAX 4096 /* bytes; a longer name counts as forbidden */

/* Whether a name matches a pattern, as Windows and mail programs would read it: without invisible characters, dots and blanks at its
 * end, without a stream (":$DATA"), with %XX decoded. Only the last component of a path counts, and the whole. Trims *name. */
bool attachment_name_fits(const struct strlist *patterns, struct buf *name);
/* Whether a name in the fields of a part does; *name is that name. */
bool attachment_name_of_part_fits(const struct strlist *patterns, const struct mime_part *part, struct buf *name);
/* Whether one does in any line of the text that looks like such a field, for messages whose parts are not clear. Looks at *most fields, and
 * subtracts those that it has looked at. */
bool attachment_name_anywhere_fits(const struct strlist *patterns, struct slice text, size_t *most, struct buf *name);

#endif
