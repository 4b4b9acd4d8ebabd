/*
 * The data of a message for the journal, from its decoded header. For fetched mail another process decodes it
 * (envelope.shown).
 */
#ifndef LANPOST_SPOOL_SHOWN_H
#define LANPOST_SPOOL_SHOWN_H

#include "spool/envelope.h"

/* The data from the envelope; "" and an empty list for none. */
struct shown {
	const char *account, *header, *sender;
	const struct strlist *recipients;
};

/* Fills texts with new memory. */
void shown_read(const struct shown *shown, struct slice message, char *texts[SHOWN_COUNT]);
/* A decoded header field, limited to the size for a row; "" if it does not exist. New memory. */
char *shown_field(struct slice message, const char *name);

#endif
