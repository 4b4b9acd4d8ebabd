/*
 * What the journal shows of a message, read out of its header: it is decoded for that, so who fetches strangers' mail has it read by
 * another process (envelope.shown).
 */
#ifndef LANPOST_SPOOL_SHOWN_H
#define LANPOST_SPOOL_SHOWN_H

#include "spool/envelope.h"

/* What an envelope knows of it; "" and an empty list for nothing. */
struct shown {
	const char *account, *header, *sender;
	const struct strlist *recipients;
};

/* Fills texts with new memory. */
void shown_read(const struct shown *shown, struct slice message, char *texts[SHOWN_COUNT]);
/* A header field as people read it, cut to what a row should hold; "" if none exists. New memory. */
char *shown_field(struct slice message, const char *name);

#endif
