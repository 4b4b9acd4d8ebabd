#include "message/imap/imap_part.h"

#include "base/alloc.h"

#include <stdlib.h>

/* --- building the tree */

struct builder {
	struct slice message;
	struct imap_part *open; /* the last part whose end is not known yet; its parents are open, too */
	bool skipped;		/* the last part of the walk is too deep, and not in the tree */
	const char *closed[MIME_DEPTH_MAX + 1]; /* as the walk had it before its last part, whose own end is in there now */
};

/* Without the line end before a boundary, which belongs to it (RFC 2046 section 5.1.1). */
static struct slice up_to_boundary(const char *start, const char *boundary)
{
	struct slice body = slice_make(start, boundary > start ? (size_t)(boundary - start) : 0);

	if (body.len > 0 && body.ptr[body.len - 1] == '\n')
		body.len -= body.len > 1 && body.ptr[body.len - 2] == '\r' ? 2 : 1;
	return body;
}

static void close_part(const struct builder *builder, struct imap_part *part)
{
	const char *start = part->header.ptr + part->header.len, *end = builder->closed[part->depth];

	if (end != NULL && end >= start)
		part->body = up_to_boundary(start, end);
	else
		part->body = slice_from(builder->message, (size_t)(start - builder->message.ptr));
}

/* Ends the open parts from the last one up to and including those of this depth. */
static void close_parts(struct builder *builder, unsigned depth)
{
	while (builder->open != NULL && builder->open->depth >= depth) {
		close_part(builder, builder->open);
		builder->open = builder->open->parent;
	}
}

static struct imap_part *part_new(const struct mime_part *from, struct imap_part *parent)
{
	struct imap_part *part = xcalloc(1, sizeof(*part));

	*part = (struct imap_part){.header = from->header, .type = from->type, .depth = from->depth, .parent = parent};
	if (parent == NULL)
		return part;
	part->level = parent->level + 1;
	*(parent->child == NULL ? &parent->child : &parent->last_child->next) = part;
	parent->last_child = part;
	if (slice_begins_nocase(parent->type, "multipart/"))
		parent->is_multipart = true;
	else
		parent->is_message = true;
	return part;
}

void imap_tree_read(struct imap_tree *tree, struct slice message)
{
	struct builder builder = {.message = message};
	struct mime_walk walk;
	struct mime_part part;
	bool is_child = false;

	tree->root = NULL;
	mime_walk_init(&walk, message);
	for (; mime_walk_next(&walk, &part); is_child = walk.in_message) {
		if (!is_child)
			close_parts(&builder, part.depth);
		memcpy(builder.closed, walk.closed, sizeof(builder.closed));
		builder.skipped = builder.open != NULL && ((is_child && builder.skipped) || builder.open->level == IMAP_LEVELS_MAX);
		if (!builder.skipped)
			builder.open = part_new(&part, builder.open);
		if (tree->root == NULL)
			tree->root = builder.open;
	}
	close_parts(&builder, 0);
}

static void part_free(struct imap_part *part)
{
	while (part != NULL) {
		struct imap_part *next = part->next;

		part_free(part->child); /* at most IMAP_LEVELS_MAX deep */
		free(part);
		part = next;
	}
}

void imap_tree_clear(struct imap_tree *tree)
{
	part_free(tree->root);
	tree->root = NULL;
}

/* --- numbers */

/* The numbered parts of a message: those of its multipart, else its text is part 1. */
static const struct imap_part *find_below(const struct imap_part *message, unsigned number)
{
	const struct imap_part *part = message->child;

	if (!message->is_multipart)
		return number == 1 ? message : NULL;
	for (; part != NULL && number > 1; number--)
		part = part->next;
	return number == 1 ? part : NULL;
}

const struct imap_part *imap_tree_find(const struct imap_tree *tree, const unsigned *numbers, size_t count)
{
	const struct imap_part *part = tree->root;

	for (size_t i = 0; i < count && part != NULL; i++) {
		/* A part that is its message's text has no parts of its own: "1.1" of a plain message does not exist. */
		if (i > 0 && !part->is_multipart && !part->is_message)
			return NULL;
		if (i > 0 && part->is_message)
			part = part->child;
		part = find_below(part, numbers[i]);
	}
	return part;
}

struct mime_part imap_part_mime(const struct imap_part *part)
{
	return (struct mime_part){
	    .header = part->header,
	    .body = part->is_multipart || part->is_message ? SLICE_NONE : part->body,
	    .type = part->type,
	    .depth = part->depth,
	    .is_container = part->is_multipart || part->is_message,
	};
}
