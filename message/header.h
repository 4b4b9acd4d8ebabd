/*
 * The header of a message as a walk over its bytes (RFC 5322 section 2.2), nothing copied.
 *
 * Accepts CRLF and bare LF line ends, folded fields, obsolete white space before the colon. A
 * line that is neither a field nor a continuation (mbox "From ", junk) is skipped; an empty line
 * ends the header.
 */
#ifndef LANPOST_MESSAGE_HEADER_H
#define LANPOST_MESSAGE_HEADER_H

#include "base/buf.h"

struct header_field {
	struct slice name; /* without colon and white space */
	struct slice body; /* after the colon, including folding and the final line end */
	struct slice raw;  /* the whole field with its line end */
};

struct header_walk {
	struct slice rest; /* what is still to be read */
};

void header_walk_init(struct header_walk *walk, struct slice message);
bool header_walk_next(struct header_walk *walk, struct header_field *field);

/* Finds the first field of that name (not case-sensitive); returns false if none exists. */
bool header_find(struct slice message, const char *name, struct header_field *field);
/* The number of fields with that name. */
size_t header_count(struct slice message, const char *name);
/* Bytes of the header with the empty line that ends it; message.len if none ends it. */
size_t header_length(struct slice message);
/* Whether the id of an external message may be written into a header: one word in <>, printable ASCII, and short enough
 * for a line with a field name. */
bool header_is_message_id(struct slice id);
/* Field body without folding (RFC 5322 2.2.3: line ends before white space vanish) and without
 * white space at both ends, appended to out. */
int header_unfold(struct slice body, struct buf *out);

#endif
