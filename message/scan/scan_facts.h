/*
 * The facts about a message that scanners judge besides its bytes: who sent it, from where, to whom.
 */
#ifndef LANPOST_MESSAGE_SCAN_FACTS_H
#define LANPOST_MESSAGE_SCAN_FACTS_H

#include "base/buf.h"

#define SCAN_RECIPIENTS_MAX 50 /* the first ones are enough for a scanner */

/* The strings are owned and never NULL after scan_facts_init(). */
struct scan_facts {
	char *id;	/* of the message, for the scanner's log */
	char *address;	/* of the host that sent it to us or to our provider: "192.0.2.1"; "": not known */
	char *helo;	/* what it called itself; "" */
	char *name;	/* its name by DNS; "" */
	char *sender;	/* of the envelope; "": the null sender, or not known */
	char *user;	/* who has logged in to send it; "" */
	struct strlist recipients;
};

void scan_facts_init(struct scan_facts *facts);
void scan_facts_clear(struct scan_facts *facts);
/* Without line ends and other control bytes: they become parts of protocols. Replaces the text. */
void scan_facts_set(char **field, struct slice text);

/* The form in which they go to another process: one line per fact. */
void scan_facts_write(const struct scan_facts *facts, struct buf *out);
/* Returns false for anything else. *facts is initialised in any case. */
bool scan_facts_read(struct slice text, struct scan_facts *facts);

#endif
