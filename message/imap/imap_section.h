/*
 * What BODY[section] and BINARY[section] name: the bytes of a part, of its header, or of some fields (RFC 9051 section 6.4.5.1).
 */
#ifndef LANPOST_MESSAGE_IMAP_SECTION_H
#define LANPOST_MESSAGE_IMAP_SECTION_H

#include "message/imap/imap_part.h"

#define IMAP_SECTION_DEPTH_MAX (2 * MIME_DEPTH_MAX)
#define IMAP_SECTION_FIELDS_MAX 100

enum imap_section_kind {
	IMAP_SECTION_WHOLE,  /* BODY[], BODY[1.2] */
	IMAP_SECTION_HEADER, /* HEADER: of the message, or of a message/rfc822 part */
	IMAP_SECTION_FIELDS, /* HEADER.FIELDS (...) */
	IMAP_SECTION_OTHERS, /* HEADER.FIELDS.NOT (...) */
	IMAP_SECTION_TEXT,   /* TEXT */
	IMAP_SECTION_MIME,   /* 1.2.MIME */
};

struct imap_section {
	enum imap_section_kind kind;
	unsigned numbers[IMAP_SECTION_DEPTH_MAX];
	size_t depth; /* 0: of the message itself */
	struct strlist fields;
};

/* Reads what is between the brackets. False if it is not a section, or exceeds the limits; nothing is owned then. */
bool imap_section_read(struct slice text, struct imap_section *section);
void imap_section_clear(struct imap_section *section);
/* Appends it as it is named in the reply, fields in the client's order and case. */
void imap_section_name(const struct imap_section *section, struct buf *out);
/* Whether the header alone (of the message itself) answers it: the tree need not be read. */
bool imap_section_is_of_header(const struct imap_section *section);
/* The bytes: a slice of the message, or of *fields, to which chosen fields are appended. ptr NULL: there is no such part (NIL). */
struct slice imap_section_bytes(const struct imap_tree *tree, const struct imap_section *section, struct buf *fields);
/* The same for a header alone (imap_section_is_of_header). */
struct slice imap_section_of_header(struct slice header, const struct imap_section *section, struct buf *fields);

enum imap_binary { IMAP_BINARY_FOUND, IMAP_BINARY_NONE, IMAP_BINARY_UNKNOWN_ENCODING };
/* BINARY[section] (RFC 3516): the content of the part without its transfer encoding, appended to out. The section is IMAP_SECTION_WHOLE. */
enum imap_binary imap_section_binary(const struct imap_tree *tree, const struct imap_section *section, struct buf *out);

#endif
