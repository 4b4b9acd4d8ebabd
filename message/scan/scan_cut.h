/*
 * What may be cut out of a message so that the rest can be delivered: ranges of its bytes, and what they are.
 *
 * The text form is one line of words per range, as in scan_verdict.h: it goes from the process that looks at attachments to the one that delivers.
 */
#ifndef LANPOST_MESSAGE_SCAN_CUT_H
#define LANPOST_MESSAGE_SCAN_CUT_H

#include "base/buf.h"

#define SCAN_CUTS_MAX 32
#define SCAN_CUT_NAME_MAX 200
#define SCAN_CUT_TYPE_MAX 64
#define SCAN_CUTS_TEXT_MAX (SCAN_CUTS_MAX * 1024)

struct scan_cut {
	uint64_t at, len;
	bool is_silent; /* a header field that goes with another range: nothing is said of it */
	uint64_t size;	/* decoded, about */
	unsigned kind;	/* enum attachment_kind; 0: a pattern */
	char name[SCAN_CUT_NAME_MAX]; /* "photos.zip: run.exe", safe to show */
	char type[SCAN_CUT_TYPE_MAX]; /* the real type; "": not known */
};

/* In the order of their places, without overlaps. */
struct scan_cuts {
	struct scan_cut items[SCAN_CUTS_MAX];
	size_t count;
};

void scan_cuts_write(const struct scan_cuts *cuts, struct buf *out);
/* Returns false for anything but the text form; *cuts need not be initialised. The text is from a process that has read a hostile message. */
bool scan_cuts_read(struct slice text, struct scan_cuts *cuts);

#endif
