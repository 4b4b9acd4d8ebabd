/*
 * The look at one part of a message, for attachment.c and attachment_cut.c.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_PRIV_H
#define LANPOST_MESSAGE_ATTACHMENT_PRIV_H

#include "message/attachment/attachment.h"
#include "message/attachment/attachment_archive.h"
#include "message/mime.h"

/* A search in one message. */
struct attachment_look {
	struct attachment_types *types;
	const struct attachment_rules *rules;
	struct attachment_limits limits; /* what may still be spent */
	struct attachment_finding *finding;
	bool is_found;
};

/* Looks at a part: its names and what is in it. outer: what it is in, "": the message itself. Returns is_found. */
bool attachment_look_at_part(struct attachment_look *look, const struct mime_part *part, const char *outer, unsigned depth);
/* What can be said only when the walk is at an end: that not all of it was seen. */
bool attachment_look_is_cut(struct attachment_look *look, const struct mime_walk *walk, const char *path);

#endif
