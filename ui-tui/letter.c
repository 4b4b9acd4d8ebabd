#include "ui-tui/letter.h"

#include "base/alloc.h"
#include "mail/decode.h"

#include <stdlib.h>

#define SHOWN_MAX 65536

static char *field_text(struct slice message, const char *name, struct slice charset)
{
	struct buf text = BUF_INIT(SHOWN_MAX);
	struct header_field field;
	char *safe;

	if (header_find(message, name, &field))
		decode_field(&field, charset, &text);
	safe = xmalloc(text.len * 4 + 1);
	str_printable(safe, text.len * 4 + 1, buf_slice(&text));
	buf_clear(&text);
	return safe;
}

void letter_read(struct slice message, struct letter *letter)
{
	struct slice charset = decode_message_charset(message);

	*letter = (struct letter){
	    .from = field_text(message, "From", charset),
	    .to = field_text(message, "To", charset),
	    .subject = field_text(message, "Subject", charset),
	    .date = field_text(message, "Date", charset),
	};
}

void letter_clear(struct letter *letter)
{
	free(letter->from);
	free(letter->to);
	free(letter->subject);
	free(letter->date);
	*letter = (struct letter){NULL, NULL, NULL, NULL};
}
