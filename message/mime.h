/*
 * The parts of a message (RFC 2045, RFC 2046) as one walk over its bytes, nothing copied.
 *
 * Linear time for any nesting: each line is compared once with the open boundaries. Depth and
 * number of parts are bounded; deeper parts are text of the part that contains them. A part that
 * is never closed ends where an outer one ends, or with the message.
 */
#ifndef LANPOST_MESSAGE_MIME_H
#define LANPOST_MESSAGE_MIME_H

#include "base/buf.h"

#define MIME_DEPTH_MAX 20
#define MIME_PARTS_MAX 1000
#define MIME_BOUNDARY_MAX 200 /* RFC 2046 allows 70 */

struct mime_part {
	struct slice header; /* including the empty line that ends it */
	struct slice body;   /* still encoded; empty for a container, whose parts follow */
	struct slice type; /* "text/plain": as written, or a literal if none is given */
	unsigned depth;    /* number of multiparts around it; 0: the message itself */
	bool is_container; /* multipart or message */
};

struct mime_boundary {
	char text[MIME_BOUNDARY_MAX];
	size_t len;
	bool is_digest;
};

struct mime_walk {
	struct slice rest;
	struct mime_boundary open[MIME_DEPTH_MAX];
	unsigned depth; /* number of open boundaries */
	size_t count;
	bool ended, in_message;
	bool is_cut; /* there are parts beyond the limits, which the walk does not report */
	const char *closed[MIME_DEPTH_MAX + 1]; /* where the last parts with that depth ended, when a boundary ended them */
};

void mime_walk_init(struct mime_walk *walk, struct slice message);
/* The message itself is the first. Returns false after the last part, or after MIME_PARTS_MAX. */
bool mime_walk_next(struct mime_walk *walk, struct mime_part *part);

/* The first word of a field: its value without parameters and comments. */
struct slice mime_first_word(struct slice header, const char *name);
/* The file name of a part, decoded, appended to out. False if it has none. */
bool mime_file_name(const struct mime_part *part, struct buf *out);
/* Whether the part is what people call an attachment: a part with Content-Disposition: attachment; one with a file
 * name, unless it is text without a disposition (RFC 2183 section 2.10 leaves that to the recipient, and mail
 * programs show it); a part that is neither text nor a signature nor a container. A part that the text shows by its
 * Content-ID is not one. */
bool mime_is_attachment(const struct mime_part *part);
/* Whether the part is text that mail programs show as the message, or as a piece of it: text without the
 * disposition "attachment", or a message that consists of text only, with any disposition. */
bool mime_is_shown_text(const struct mime_part *part);
/* The body of a text part as UTF-8, HTML as the text that a reader sees. Returns -1 when out is
 * full; it then has the beginning of the text. */
int mime_text(const struct mime_part *part, struct buf *out);

#endif
