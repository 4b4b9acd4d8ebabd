#include "mail/filter/filter_senders.h"

#include "message/addr.h"
#include "message/header.h"
#include "message/scan/received.h"

/* "ivan@example.ru", "example.ru" or "@example.ru": also hosts below it. */
static bool has(const struct strlist *list, const char *address)
{
	const char *at = strrchr(address, '@');
	struct slice domain = slice_of(at == NULL ? "" : at + 1);

	for (size_t i = 0; i < list->count; i++) {
		struct slice item = slice_of(list->items[i]);
		struct slice tail;

		if (slice_equal_nocase(item, slice_of(address)))
			return true;
		if (item.len > 0 && item.ptr[0] == '@')
			item = slice_from(item, 1);
		if (slice_find(item, '@') >= 0 || item.len == 0 || domain.len < item.len)
			continue;
		tail = slice_from(domain, domain.len - item.len);
		if (slice_equal_nocase(tail, item) && (tail.len == domain.len || tail.ptr[-1] == '.'))
			return true;
	}
	return false;
}

static bool read_author(struct slice message, char *out, size_t size)
{
	struct header_field field;
	struct addr_item item;
	size_t at = 0;

	if (!header_find(message, "From", &field) || !addr_list_next(field.body, &at, &item) || !item.valid)
		return false;
	addr_text(out, size, &item.addr);
	return true;
}

enum filter_sender filter_senders_find(const struct conf *conf, struct slice message)
{
	char sender[ADDR_TEXT_MAX] = "", author[ADDR_TEXT_MAX] = "";
	bool has_sender, has_author;

	if (conf->senders.allow.count == 0 && conf->senders.deny.count == 0)
		return SENDER_UNKNOWN;
	has_sender = received_sender(message, sender, sizeof(sender)) && sender[0] != '\0';
	has_author = read_author(message, author, sizeof(author));
	if ((has_sender && has(&conf->senders.deny, sender)) || (has_author && has(&conf->senders.deny, author)))
		return SENDER_DENIED;
	if ((has_sender || has_author) && (!has_sender || has(&conf->senders.allow, sender)) && (!has_author || has(&conf->senders.allow, author)))
		return SENDER_ALLOWED;
	return SENDER_UNKNOWN;
}
