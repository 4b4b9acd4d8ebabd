/*
 * The tree of a message's parts with their exact bytes, numbered as IMAP numbers them (RFC 9051 section 6.4.5.1).
 *
 * Made by one walk (message/mime.h), with its limits. All slices point into the message.
 */
#ifndef LANPOST_MESSAGE_IMAP_PART_H
#define LANPOST_MESSAGE_IMAP_PART_H

#include "message/mime.h"

struct imap_part {
	struct slice header; /* with the empty line that ends it */
	struct slice body;   /* all of it, still encoded: of a multipart with its boundaries, of a message/rfc822 the whole message */
	struct slice type;   /* as in struct mime_part */
	bool is_multipart;   /* it has parts */
	bool is_message;     /* a message/rfc822, whose message is its only child */
	unsigned depth, level; /* number of multiparts, and of parts of any kind, around it */
	struct imap_part *parent, *child, *last_child, *next; /* NULL: none */
};

/* Parts that are deeper than this are text of the part that contains them. */
#define IMAP_LEVELS_MAX 60

struct imap_tree {
	struct imap_part *root; /* the message itself */
};

/* Reads the tree; the message must stay as long as the tree. Never fails: there is always the message itself. */
void imap_tree_read(struct imap_tree *tree, struct slice message);
void imap_tree_clear(struct imap_tree *tree);
/* The part of that number ("1.2" is {1, 2}); no numbers: the message itself. NULL if there is none. Part 1 of a message without parts is its
 * text. */
const struct imap_part *imap_tree_find(const struct imap_tree *tree, const unsigned *numbers, size_t count);
/* What mime_text() and the like need of it. */
struct mime_part imap_part_mime(const struct imap_part *part);

#endif
