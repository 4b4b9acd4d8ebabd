/*
 * The data of a message for listings: its decoded header.
 */
#ifndef LANPOST_UI_TUI_MESSAGE_SUMMARY_H
#define LANPOST_UI_TUI_MESSAGE_SUMMARY_H

#include "spool/storage/storage.h"

struct message_summary {
	char *from, *to, *subject, *date; /* decoded, printable, "" if missing; owned */
	uint64_t whole;	/* a stub: bytes of the whole message, which is still at the provider; else 0 */
};

/* Reads the header of the message; whole is 0. */
void message_summary_read(struct slice message, struct message_summary *summary);
/* The same for a message in a mailbox; also its size, and whole. Returns false if it is gone. */
bool message_summary_find(const struct spool *spool, const char *user, struct mailbox_message *message, struct message_summary *summary);
void message_summary_clear(struct message_summary *summary);

#endif
