/*
 * BODYSTRUCTURE (RFC 3501 section 7.4.2): the parts of a message that was not fetched.
 */
#ifndef LANPOST_UPSTREAM_IMAP_STRUCTURE_H
#define LANPOST_UPSTREAM_IMAP_STRUCTURE_H

#include "base/str.h"

#define IMAP_PARTS_MAX 100
#define IMAP_PARTS_DEPTH_MAX 10
#define IMAP_SECTION_SIZE 40

struct imap_part {
	char section[IMAP_SECTION_SIZE]; /* "2.1"; "" for the whole of a multipart message */
	char type[128];	    /* "text/plain", lower case; "" if it has none */
	char name[512];	    /* of its file, as in its header (RFC 2047, RFC 2231); "" */
	char boundary[128]; /* of a multipart; "" */
	uint64_t size;	    /* bytes, still encoded */
	unsigned depth;	    /* 0: the message itself */
	bool has_charset; /* the name is "charset''text" (RFC 2231) */
	bool is_multipart, is_attachment; /* Content-Disposition: attachment */
};

struct imap_structure {
	struct imap_part *parts; /* each multipart is followed by its parts */
	size_t count;
};

/* Reads "((\"TEXT\" ...) \"MIXED\" ...)". Returns false for anything else, also for too many parts: then nothing is known of the message. */
bool imap_structure_read(struct slice text, struct imap_structure *structure);
void imap_structure_clear(struct imap_structure *structure);

#endif
