#include "ui-tui/command/queue_entry.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"

#include <stdlib.h>

static void read_message(const struct spool *spool, struct queue_entry *entry)
{
	struct error error = ERROR_INIT;
	struct slice message;

	message_summary_read(SLICE_NONE, &entry->summary);
	if (queue_message(spool, entry->item, &message, &error) == 0) {
		message_summary_clear(&entry->summary);
		message_summary_read(message, &entry->summary);
		if (!entry->has_envelope)
			entry->size = message.len;
		fsx_unmap(message);
	}
}

void queue_entry_read(const struct spool *spool, const struct queue_item *item, struct queue_entry *entry)
{
	struct error error = ERROR_INIT;

	*entry = (struct queue_entry){.item = item, .state = item->state};
	entry->has_envelope = queue_read(spool, item, &entry->envelope, &error) == 0;
	if (!entry->has_envelope) {
		if (error.class == ERROR_PERMANENT) /* it was set aside when the damage was detected */
			entry->state = QUEUE_CORRUPT;
		envelope_init(&entry->envelope);
	}
	entry->size = entry->envelope.size;
	read_message(spool, entry);
}

void queue_entry_clear(struct queue_entry *entry)
{
	envelope_clear(&entry->envelope);
	message_summary_clear(&entry->summary);
}

const char *queue_entry_why(const struct queue_entry *entry, const struct limits_now *limits, char text[PHRASE_MAX])
{
	bool waits = entry->has_envelope && (entry->state == QUEUE_ACTIVE || entry->state == QUEUE_DEFERRED);

	return waits ? limits_now_why(limits, &entry->envelope, text) : NULL;
}

const char *queue_entry_sender(const struct queue_entry *entry)
{
	if (!entry->has_envelope)
		return entry->summary.from;
	return entry->envelope.sender[0] == '\0' ? "<>" : entry->envelope.sender;
}

/* The number of external recipients that are still waiting, and the first of them (NULL). */
static size_t queue_entry_pending(const struct envelope *envelope)
{
	size_t count = 0;

	for (size_t i = 0; i < envelope->place_count; i++)
		count += envelope->places[i].kind == PLACE_QUEUE &&
			 envelope->places[i].status == PLACE_PENDING;
	return count;
}

const struct place *queue_entry_first(const struct envelope *envelope)
{
	for (size_t i = 0; i < envelope->place_count; i++)
		if (envelope->places[i].kind == PLACE_QUEUE &&
		    envelope->places[i].status == PLACE_PENDING)
			return &envelope->places[i];
	return NULL;
}

const char *queue_state_word(enum queue_state state)
{
	static const char *const names[] = {
	    [QUEUE_ACTIVE] = N_("to send"),
	    [QUEUE_DEFERRED] = N_("deferred"),
	    [QUEUE_HOLD] = N_("held"),
	    [QUEUE_CORRUPT] = N_("damaged"),
	};

	return _(names[state]);
}

char *queue_entry_recipients(const struct queue_entry *entry)
{
	const struct place *first = queue_entry_first(&entry->envelope);
	size_t count = queue_entry_pending(&entry->envelope);

	if (count > 1)
		return xasprintf(_("%s and %zu more"), first->name, count - 1);
	return xstrdup(first != NULL ? first->name : entry->has_envelope ? "-" : entry->summary.to);
}
