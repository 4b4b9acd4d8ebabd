#include "mail/multidrop.h"

#include "message/addr.h"
#include "message/header.h"
#include "mail/route.h"

#include <stdlib.h>

#define FIELDS_MAX 20	 /* limit of fields of one name that are read: each hop may add one */
#define ADDRESSES_MAX 200
#define RECEIVED_MAX 3 /* the lines below were written by external servers */

static void cut_prefix(const char *prefix, struct addr *addr)
{
	size_t len = strlen(prefix);

	if (len > 0 && slice_begins_nocase(slice_of(addr->local), prefix) && addr->local[len] != '\0')
		memmove(addr->local, addr->local + len, strlen(addr->local + len) + 1);
}

static void add_address(const struct conf *conf, const char *prefix, const struct addr *given, bool only_ours,
    struct strlist *recipients)
{
	struct addr addr = *given;
	char text[ADDR_TEXT_MAX];
	const char *user;
	enum route_kind kind;

	cut_prefix(prefix, &addr);
	kind = route_address(conf, &addr, &user);
	if (only_ours && kind != ROUTE_MAILBOX && kind != ROUTE_GROUP)
		return;
	addr_text(text, sizeof(text), &addr);
	if (!strlist_has(recipients, text) && recipients->count < ADDRESSES_MAX)
		strlist_add(recipients, text);
}

static void add_list(const struct conf *conf, const char *prefix, struct slice body, bool only_ours,
    struct strlist *recipients)
{
	struct addr_item item;
	size_t at = 0;

	for (int i = 0; i < ADDRESSES_MAX && addr_list_next(body, &at, &item); i++)
		if (item.valid)
			add_address(conf, prefix, &item.addr, only_ours, recipients);
}

static struct slice first_word(struct slice text)
{
	size_t len = 0;

	while (len < text.len && strchr(" ;\t\r\n", text.ptr[len]) == NULL)
		len++;
	return slice_make(text.ptr, len);
}

/* "... for <ivan@example.ru>; date" (RFC 5321 section 4.4). */
static void add_for(const struct conf *conf, const char *prefix, struct slice body, bool only_ours,
    struct strlist *recipients)
{
	struct slice rest;
	struct addr addr;

	for (size_t at = 0; at + 5 < body.len; at++) {
		bool starts = at > 0 && strchr(" \t\r\n", body.ptr[at - 1]) != NULL;

		if (!starts || !slice_begins_nocase(slice_from(body, at), "for "))
			continue;
		rest = first_word(slice_trim(slice_from(body, at + 4)));
		if (addr_parse_path(rest, false, &addr, &rest) == ADDR_PATH_OK)
			add_address(conf, prefix, &addr, only_ours, recipients);
		return;
	}
}

static void add_field(const struct conf *conf, const struct conf_account *account, struct slice message,
    const char *name, bool only_ours, struct strlist *recipients)
{
	bool is_received = strcasecmp(name, "Received") == 0;
	struct header_walk walk;
	struct header_field field;
	int count = 0;

	header_walk_init(&walk, message);
	while (count < (is_received ? RECEIVED_MAX : FIELDS_MAX) && header_walk_next(&walk, &field)) {
		if (!slice_is_nocase(field.name, name))
			continue;
		count++;
		if (is_received)
			add_for(conf, account->envelope_prefix, field.body, only_ours, recipients);
		else
			add_list(conf, account->envelope_prefix, field.body, only_ours, recipients);
		/* The provider wrote the topmost one; those below may be forged. */
		if (recipients->count > 0)
			return;
	}
}

void multidrop_recipients(const struct conf *conf, const struct conf_account *account,
    struct slice message, struct strlist *recipients)
{
	static const char *const names[] = {"X-Original-To", "X-Delivered-To", "Envelope-To",
	    "X-Envelope-To", "X-RCPT-To", "Delivered-To", "Received", NULL};

	if (account == NULL || account->envelope_header[0] == '\0')
		return;
	if (strcasecmp(account->envelope_header, MULTIDROP_AUTO) != 0) {
		add_field(conf, account, message, account->envelope_header, false, recipients);
		return;
	}
	for (size_t i = 0; names[i] != NULL && recipients->count == 0; i++)
		add_field(conf, account, message, names[i], true, recipients);
}
