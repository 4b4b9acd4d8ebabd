/*
 * An entry of the queue with its data for people.
 */
#ifndef LANPOST_UI_TUI_QUEUE_ENTRY_H
#define LANPOST_UI_TUI_QUEUE_ENTRY_H

#include "mail/limits_now.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/message_summary.h"

struct queue_entry {
	const struct queue_item *item; /* borrowed */
	struct envelope envelope;
	struct message_summary summary;
	bool has_envelope;
	enum queue_state state; /* item's, or damaged if its envelope is */
	uint64_t size;		/* of the message, from its envelope or its file */
};

/* Which limit keeps it in the queue, and until when (mail/limits_now.h): a phrase in text; NULL: none does. */
const char *queue_entry_why(const struct queue_entry *entry, const struct limits_now *limits, char text[PHRASE_MAX]);
/* Reads it from the spool; unreadable data is empty. */
void queue_entry_read(const struct spool *spool, const struct queue_item *item, struct queue_entry *entry);
void queue_entry_clear(struct queue_entry *entry);
/* Its sender, or the author in its header if the envelope is damaged. */
const char *queue_entry_sender(const struct queue_entry *entry);
/* A short list of the external recipients that have not received it yet; new memory. Without an envelope: those in its
 * header. */
char *queue_entry_recipients(const struct queue_entry *entry);
/* The state for people, in the thread's language. */
const char *queue_state_word(enum queue_state state);
const struct place *queue_entry_first(const struct envelope *envelope);

#endif
