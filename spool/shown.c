#include "spool/shown.h"

#include "base/alloc.h"
#include "message/correspondents.h"
#include "message/decode.h"
#include "message/header.h"

#include <stdlib.h>

#define FIELD_MAX 1024

/* A decoded header field, limited to the size for a row. New memory. */
char *shown_field(struct slice message, const char *name)
{
	struct buf text = BUF_INIT(1u << 20);
	struct header_field field;
	char *copy;

	if (header_find(message, name, &field))
		decode_field(&field, decode_message_charset(message), &text);
	copy = xmalloc(FIELD_MAX);
	str_printable(copy, FIELD_MAX, buf_slice(&text));
	buf_clear(&text);
	return copy;
}

/* Also one that we have added, which is not in the body. */
static char *message_id_of(const struct shown *shown, struct slice body)
{
	char *message_id = shown_field(body, "Message-ID");

	if (message_id[0] != '\0')
		return message_id;
	free(message_id);
	return shown_field(slice_of(shown->header), "Message-ID");
}

/* Sender and recipients of a message: from its envelope, or from its header if it has no envelope. */
static void add_correspondents(const struct shown *shown, struct slice body, struct buf *senders, struct buf *recipients)
{
	bool has_envelope = shown->account[0] == '\0';

	if (has_envelope)
		buf_append_text(senders, shown->sender);
	if (senders->len == 0)
		correspondents_senders(body, senders);
	for (size_t i = 0; i < shown->recipients->count; i++)
		buf_printf(recipients, "%s%s", i == 0 ? "" : ", ", shown->recipients->items[i]);
	if (recipients->len == 0)
		correspondents_recipients(body, recipients);
}

void shown_read(const struct shown *shown, struct slice message, char *texts[SHOWN_COUNT])
{
	struct buf senders = BUF_INIT(1u << 20), recipients = BUF_INIT(1u << 20);

	add_correspondents(shown, message, &senders, &recipients);
	texts[SHOWN_ID] = message_id_of(shown, message);
	texts[SHOWN_SUBJECT] = shown_field(message, "Subject");
	texts[SHOWN_SENDERS] = xstrdup(buf_text(&senders));
	texts[SHOWN_RECIPIENTS] = xstrdup(buf_text(&recipients));
	buf_clear(&senders);
	buf_clear(&recipients);
}
