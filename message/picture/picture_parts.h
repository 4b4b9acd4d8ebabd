/*
 * The photos of a message that may be replaced: its parts of image/jpeg in base64.
 *
 * A part is found only if nothing depends on its bytes, and all programs read it in the same way. Nothing is found in a message that is signed or
 * encrypted as a whole or in a part, has a DKIM signature, was resent by its user, or has parts that programs read in different ways; in an attached
 * message; in base64 with lines of different lengths, other characters or a digest (Content-MD5).
 */
#ifndef LANPOST_MESSAGE_PICTURE_PARTS_H
#define LANPOST_MESSAGE_PICTURE_PARTS_H

#include "base/buf.h"

#define PICTURE_PARTS_MAX 100 /* the parts behind these are not found */
#define PICTURE_NAME_MAX 200

struct picture_part {
	struct slice text; /* the base64, from its first to its last character */
	size_t line;	   /* characters of a line; of one that is not full if there are no others */
	size_t size;	   /* decoded */
	char name[PICTURE_NAME_MAX]; /* of the file, safe to show; the type if it has none */
};

struct picture_parts {
	struct picture_part items[PICTURE_PARTS_MAX];
	size_t count;
};

/* In the order of their places. The message has CRLF line ends. Returns whether there are any. */
bool picture_parts_find(struct slice message, struct picture_parts *parts);
/* Appends the base64 of these bytes in lines as those of the part. Returns -1 past the limit of out. */
int picture_parts_encode(const struct picture_part *part, struct slice bytes, struct buf *out);

#endif
