/*
 * The kinds of forbidden attachments, and what is said of one.
 */
#ifndef LANPOST_MESSAGE_ATTACHMENT_KIND_H
#define LANPOST_MESSAGE_ATTACHMENT_KIND_H

#include <stddef.h>

/* Kinds, in the order of the words of `[filter] attachments_kinds`. */
enum attachment_kind {
	ATTACHMENT_ENCRYPTED = 1, /* an archive or a document that only a password opens */
	ATTACHMENT_MACROS = 2,	  /* an Office document with a program in it */
	ATTACHMENT_PROGRAM = 4,	  /* a program by its bytes */
	ATTACHMENT_UNREADABLE = 8, /* what cannot be looked through completely: damaged, too deep, too large when unpacked */
};

/* A phrase such as "attached program: run.exe". kind: 0: a pattern. Returns out. */
char *attachment_kind_phrase(char *out, size_t size, unsigned kind, const char *name);

#endif
