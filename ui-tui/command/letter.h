/*
 * The data of a message for listings: its decoded header.
 */
#ifndef LANPOST_UI_TUI_LETTER_H
#define LANPOST_UI_TUI_LETTER_H

#include "spool/mailbox/maildir.h"

struct letter {
	char *from, *to, *subject, *date; /* decoded, printable, "" if missing; owned */
};

/* Reads the header of the message. */
void letter_read(struct slice message, struct letter *letter);
/* The same for a message in a mailbox; also its size. Returns false if it is gone. */
bool letter_find(const struct spool *spool, const char *user, struct maildir_message *message, struct letter *letter);
void letter_clear(struct letter *letter);

#endif
