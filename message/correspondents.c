#include "message/correspondents.h"

#include "base/alloc.h"
#include "message/addr.h"
#include "message/header.h"

/* Returns false when the limit is reached. */
static bool add(struct strlist *addresses, const struct addr *addr)
{
	char text[ADDR_TEXT_MAX];

	addr_text(text, sizeof(text), addr);
	if (!strlist_has(addresses, text))
		strlist_add(addresses, text);
	return addresses->count < CORRESPONDENTS_MAX;
}

static bool add_field(struct strlist *addresses, struct slice body)
{
	struct addr_item item;
	size_t at = 0;

	while (addr_list_next(body, &at, &item))
		if (item.valid && !add(addresses, &item.addr))
			return false;
	return true;
}

static void collect(struct slice message, const char *const *names, size_t count, struct buf *out)
{
	struct strlist addresses = {0};
	struct header_field field;

	for (size_t i = 0; i < count; i++)
		if (header_find(message, names[i], &field) && !add_field(&addresses, field.body))
			break;
	for (size_t i = 0; i < addresses.count; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : ", ", addresses.items[i]);
	strlist_clear(&addresses);
}

void correspondents_senders(struct slice message, struct buf *out)
{
	static const char *const names[] = {"From", "Return-Path"};

	collect(message, names, ARRAY_LEN(names), out);
}

void correspondents_recipients(struct slice message, struct buf *out)
{
	static const char *const names[] = {"To", "Cc", "Delivered-To", "X-Original-To"};

	collect(message, names, ARRAY_LEN(names), out);
}

void correspondents_written_to(struct slice message, struct buf *out)
{
	static const char *const names[] = {"X-Original-To", "Envelope-To", "Delivered-To", "To", "Cc"};

	collect(message, names, ARRAY_LEN(names), out);
}
