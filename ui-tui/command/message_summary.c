#include "ui-tui/command/message_summary.h"

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "message/budget.h"
#include "message/decode.h"
#include "message/stub_reply.h"

#include <stdlib.h>

#define SHOWN_MAX 65536

static char *field_text(struct slice message, const char *name, struct slice charset)
{
	struct buf text = BUF_INIT(SHOWN_MAX);
	struct header_field field;
	char *safe;

	if (header_find(message, name, &field)) {
		if (field.body.len > 4 * SHOWN_MAX) /* encoded words are longer than their text */
			field.body.len = 4 * SHOWN_MAX;
		decode_field(&field, charset, &text);
	}
	safe = xmalloc(text.len * 4 + 1);
	str_printable(safe, text.len * 4 + 1, buf_slice(&text));
	buf_clear(&text);
	return safe;
}

void message_summary_read(struct slice message, struct message_summary *summary)
{
	struct slice charset = decode_message_charset(message);

	budget_begin();
	*summary = (struct message_summary){
	    .from = field_text(message, "From", charset),
	    .to = field_text(message, "To", charset),
	    .subject = field_text(message, "Subject", charset),
	    .date = field_text(message, "Date", charset),
	};
}

/* A stub of unknown size has at least a byte. */
static uint64_t whole_size(const struct mailbox_message *message, struct slice bytes)
{
	char *id = mailbox_origin(message);
	uint64_t size;
	bool is_stub = stub_reply_is_stub(bytes, id, &size);

	free(id);
	return !is_stub ? 0 : size > 0 ? size : 1;
}

bool message_summary_find(const struct spool *spool, const char *user, struct mailbox_message *message, struct message_summary *summary)
{
	struct slice bytes;
	struct error error;

	if ((!message->size_known && mailbox_size(spool, user, message, &error) != 0) ||
	    mailbox_open(spool, user, message, &bytes, &error) != 0)
		return false;
	message_summary_read(bytes, summary);
	summary->whole = whole_size(message, bytes);
	fsx_unmap(bytes);
	return true;
}

void message_summary_clear(struct message_summary *summary)
{
	free(summary->from);
	free(summary->to);
	free(summary->subject);
	free(summary->date);
	*summary = (struct message_summary){.from = NULL};
}
