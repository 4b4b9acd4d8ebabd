/*
 * Looks for forbidden attachments: by name, by real type, and inside archives, documents and attached messages.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_H
#define LANPOST_MESSAGE_ATTACHMENT_H

#include "message/attachment/attachment_kind.h"
#include "message/attachment/attachment_type.h"

#define ATTACHMENT_DEPTH_MAX 4 /* archives inside one another; also attached messages in archives */
#define ATTACHMENT_BODY_MAX (64u << 20) /* decoded bytes of one part */
#define ATTACHMENT_SHOWN_MAX 200

struct attachment_rules {
	/* Names such as "*.exe"; with a slash a real type such as "application/x-dosexec". */
	const struct strlist *patterns;
	unsigned kinds; /* enum attachment_kind */
};

struct attachment_finding {
	enum attachment_kind kind;	 /* 0: a pattern */
	char name[ATTACHMENT_SHOWN_MAX]; /* "photos.zip: run.exe", safe to show */
	char type[64];			 /* the real type, "" if the name alone was enough */
};

/* The first forbidden attachment. Returns false if there is none. */
bool attachment_find(struct attachment_types *types, const struct attachment_rules *rules, struct slice message,
    struct attachment_finding *finding);

#endif
