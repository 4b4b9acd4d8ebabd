/* The stub: a message that represents one that is too large to fetch. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "fetcher/fetch.h"
#include "fetcher/fetch_later.h"
#include "mail/route.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/stub_reply.h"

#include <stdlib.h>

#define TEXT_MAX 2000 /* bytes of the text that are shown */
#define ATTACHMENTS_MAX 30
#define NOTE_MAX 65536

/* Without the character within which it was truncated: bytes that remain of it, or what its decoding has put in their place. */
static struct slice whole_characters(struct slice text)
{
	const struct slice unknown = SLICE_LITERAL("\xef\xbf\xbd");

	while (text.len > 0 && !utf8_is_valid(text))
		text.len--;
	while (text.len >= unknown.len && slice_equal(slice_from(text, text.len - unknown.len), unknown))
		text.len -= unknown.len;
	return text;
}

/* The text that people would see first, as far as it was received. */
static void add_beginning(const struct mime_part *part, struct buf *note)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct slice shown;

	mime_text(part, &text); /* the part that fits */
	shown = whole_characters(slice_trim(buf_slice(&text)));
	if (shown.len > 0) {
		buf_append_text(note, _("\nIts beginning:\n\n"));
		buf_append_slice(note, shown);
		buf_append_text(note, "\n");
	}
	buf_clear(&text);
}

static void add_attachment(const struct mime_part *part, struct strlist *names)
{
	struct buf name = BUF_INIT(1024), line = BUF_INIT(2048);
	char shown[300];

	if (mime_file_name(part, &name))
		buf_printf(&line, "    %s (%.*s)\n", str_printable(shown, sizeof(shown), buf_slice(&name)), SLICE_PRINT(part->type));
	else
		buf_printf(&line, "    %.*s\n", SLICE_PRINT(part->type));
	strlist_add(names, buf_text(&line));
	buf_clear(&name);
	buf_clear(&line);
}

/* Servers without the second argument of TOP send the whole message. Its text is shown, and its attachments are
 * named. */
static void describe_content(struct slice top, struct buf *note)
{
	struct strlist names = {NULL, 0};
	struct mime_walk walk;
	struct mime_part part;
	bool has_text = false;

	mime_walk_init(&walk, top);
	while (mime_walk_next(&walk, &part) && names.count < ATTACHMENTS_MAX) {
		if (mime_is_attachment(&part)) {
			add_attachment(&part, &names);
		} else if (!has_text && mime_is_shown_text(&part) && !part.is_container) {
			has_text = true;
			add_beginning(&part, note);
		}
	}
	if (names.count > 0)
		buf_append_text(note, _("\nAttachments, as far as the beginning shows them:\n\n"));
	for (size_t i = 0; i < names.count; i++)
		buf_append_text(note, names.items[i]);
	strlist_clear(&names);
}

/* The address for replies; "" if the header has none. */
static const char *author(struct slice top, char out[ADDR_TEXT_MAX])
{
	struct header_field field;
	struct addr_item item;
	size_t at = 0;

	out[0] = '\0';
	if (header_find(top, "Reply-To", &field) || header_find(top, "From", &field))
		if (addr_list_next(field.body, &at, &item) && item.valid)
			addr_text(out, ADDR_TEXT_MAX, &item.addr);
	return out;
}

/* Why it was not fetched: by the listed or by the received size. */
static void add_reason(const struct fetch_stub *stub, struct buf *note)
{
	const struct conf_account *account = stub->account;
	char size[32], listed[32], limit[32];

	i18n_size(size, sizeof(size), stub->at_least);
	i18n_size(listed, sizeof(listed), stub->size);
	i18n_size(limit, sizeof(limit), stub->limit);
	if (stub->rule != NULL)
		buf_printf(note,
		    _("This message (%s) waits on the server of the provider of account %s: rule %s has a stub delivered instead.\n\n"), size,
		    account->name, stub->rule->name);
	else if (stub->tries > 0)
		buf_printf(note,
		    _("This message (%s) could not be fetched from account %s: the connection was lost in it %llu times, and each "
		       "attempt begins again. It waits on the server of the provider.\n\n"),
		    size, account->name, (unsigned long long)stub->tries);
	else if (stub->at_least <= stub->size)
		buf_printf(note,
		    _("This message is too large to be fetched automatically: %s, while account %s "
		       "allows %s. It waits on the server of the provider.\n\n"),
		    size, account->name, limit);
	else if (stub->limit > 0)
		buf_printf(note,
		    _("This message is larger than the server of the provider announced (%s): it "
		       "has %s or more, while account %s allows %s. It waits on the server.\n\n"),
		    listed, size, account->name, limit);
	else
		buf_printf(note,
		    _("This message is larger than the server of the provider announced (%s): it "
		       "had not ended after %s. It waits on the server.\n\n"),
		    listed, size);
}

/* At which hours a later session fetches it without being asked. */
static void add_hours(const struct fetch_stub *stub, struct buf *note)
{
	const struct conf_sizes *sizes = &stub->account->max_size;

	if (stub->rule != NULL || stub->tries > 0 || stub->account->attachments == ATTACHMENTS_LATER) /* it waits until it is requested */
		return;
	for (size_t i = 0; i < sizes->count; i++) {
		const struct conf_size_hours *item = &sizes->items[i];

		if (item->size > 0 && (uint64_t)item->size < stub->at_least)
			continue;
		buf_printf(note, _("A session between %02lld:%02lld and %02lld:%02lld fetches it by itself.\n\n"), (long long)(item->from / 3600),
		    (long long)(item->from / 60 % 60), (long long)(item->to / 3600), (long long)(item->to / 60 % 60));
		return;
	}
}

static void write_note(const struct fetch_stub *stub, struct buf *note)
{
	const char *domain = stub->conf->gateway.local_domain, *id = stub->id;
	char address[ADDR_TEXT_MAX];

	add_reason(stub, note);
	add_hours(stub, note);
	buf_printf(note,
	    _("To get the whole message, reply to this message without any text of your own, or "
	       "write to %s@%s with the subject:\n\n    fetch %s\n\n"
	       "The next session fetches it.\n"),
	    CONF_DAEMON, domain, id);
	fetch_later_link(stub, note);
	buf_printf(note, _("With IMAP it is enough to move this message to the folder %s: the whole message then takes its place.\n"), STUB_FOLDER);
	if (author(stub->top, address)[0] != '\0')
		buf_printf(note, _("To answer its author, write to %s.\n"), address);
	describe_content(stub->top, note);
}

int fetch_stub_make(const struct fetch_stub *stub, struct buf *out)
{
	struct addr daemon = route_own_address(stub->conf, CONF_DAEMON);
	struct buf note = BUF_INIT(NOTE_MAX);
	char *mark = xasprintf("[fetch %s]", stub->id), *facts = xasprintf("account=%s; size=%llu; id=%s", stub->account->name,
	    (unsigned long long)stub->at_least, stub->id);
	struct error ignored;
	int result;

	if (stub->structure.len > 0) {
		free(mark);
		free(facts);
		return fetch_later_make(stub, out);
	}
	write_note(stub, &note);
	/* Our own fields decide where a reply goes and how the daemon handles it. */
	result = compose_message(
	    &(struct compose){
		.original = stub->top,
		.mark = mark,
		.reply_to = &daemon,
		.extra_name = STUB_FIELD,
		.extra_value = facts,
		.parts = {{COMPOSE_TEXT, buf_slice(&note)}},
		.part_count = 1,
	    },
	    out, &ignored);
	buf_clear(&note);
	free(mark);
	free(facts);
	return result;
}
