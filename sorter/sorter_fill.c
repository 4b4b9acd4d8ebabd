/*
 * Converts a decision to places and header lines of an envelope.
 *
 * Header lines contain only ASCII, and only this code ends them: text of the message or the
 * configuration cannot begin a new line.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "message/decode.h"
#include "mail/route.h"
#include "sorter/sorter.h"

#include <stdlib.h>

#define VALUE_MAX 400 /* bytes of a header value before it is encoded */

static void add_line(struct envelope *envelope, const char *name, struct slice value)
{
	struct buf encoded = BUF_INIT(VALUE_MAX * 8);
	char *header;

	value = slice_trim(value);
	if (value.len > VALUE_MAX)
		value.len = VALUE_MAX;
	if (encode_text(value, &encoded) == 0) {
		header = xasprintf("%s%s: %s\r\n", envelope->header, name, buf_text(&encoded));
		envelope_set(&envelope->header, slice_of(header));
		free(header);
	}
	buf_clear(&encoded);
}

static bool is_field_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.ptr[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
			return false;
	}
	return name.len > 0 && name.len <= 60;
}

/* "X-Category: bank" is used as a line, "bank" becomes X-Lanpost-Tag: bank. */
static void add_tag(struct envelope *envelope, const char *tag)
{
	struct slice rest = slice_of(tag);
	struct slice name = slice_trim(slice_cut(&rest, ':'));

	if (rest.ptr != NULL && is_field_name(name)) {
		char *copy = slice_dup(name);

		add_line(envelope, copy, rest);
		free(copy);
		return;
	}
	add_line(envelope, "X-Lanpost-Tag", slice_of(tag));
}

static void add_headers(struct envelope *envelope, const struct sorter_decision *decision)
{
	struct buf names = BUF_INIT(VALUE_MAX);

	for (size_t i = 0; i < decision->match_count; i++) {
		if (i > 0)
			buf_append_text(&names, ", ");
		buf_append_text(&names, decision->matches[i].rule);
	}
	if (names.len > 0)
		add_line(envelope, "X-Lanpost-Rule", buf_slice(&names));
	buf_clear(&names);
	for (size_t i = 0; i < decision->tags.count; i++)
		add_tag(envelope, decision->tags.items[i]);
	if (decision->unsorted != NULL)
		add_line(envelope, "X-Lanpost-Unsorted", slice_of(PHRASE_EN(decision->unsorted)));
}

/* The prefixes are put before the text of the subject, literally or as an encoded word. */
static void add_prefixes(
    struct slice message, struct envelope *envelope, const struct sorter_decision *decision)
{
	struct buf plain = BUF_INIT(VALUE_MAX), encoded = BUF_INIT(VALUE_MAX * 8);
	struct slice rest = slice_from(message, decision->subject_at);
	bool before_word;
	char *insert;

	for (size_t i = 0; i < decision->prefixes.count; i++)
		buf_printf(&plain, "%s%s", i > 0 ? " " : "", decision->prefixes.items[i]);
	if (plain.len == 0)
		goto out;
	if (decision->subject_at == 0) {
		add_line(envelope, "Subject", buf_slice(&plain));
		goto out;
	}
	/* The blank between two encoded words is not shown: it must be inside one. */
	before_word = slice_trim(rest).len > 1 && memcmp(slice_trim(rest).ptr, "=?", 2) == 0;
	encode_text(buf_slice(&plain), &encoded);
	if (before_word && encoded.len > 1 && memcmp(encoded.ptr, "=?", 2) == 0) {
		buf_append_byte(&plain, ' ');
		buf_reset(&encoded);
		encode_text(buf_slice(&plain), &encoded);
	}
	insert = xasprintf(" %s%s", buf_text(&encoded),
	    rest.len > 0 && (rest.ptr[0] == ' ' || rest.ptr[0] == '\t') ? "" : " ");
	envelope_set(&envelope->insert, slice_of(insert));
	envelope->insert_at = decision->subject_at;
	free(insert);
out:
	buf_clear(&plain);
	buf_clear(&encoded);
}

/* --- places */

static bool leaves(const struct sorter_decision *decision, enum sorter_action action)
{
	for (size_t i = 0; i < decision->recipient_count; i++)
		if (decision->recipients[i].action == action)
			return true;
	return false;
}

/* A smarthost that identifies us by an address accepts no other sender. */
static bool may_keep_sender(const struct conf *conf, const char *sender)
{
	const struct conf_smarthost *smarthost = conf_smarthost_for(conf, slice_of(sender));

	return smarthost == NULL || strchr(smarthost->remote.user, '@') == NULL;
}

/* The sender of a message that is sent on: bounces come back to us, or go to its author. */
static void set_sender(
    const struct conf *conf, struct envelope *envelope, const struct sorter_decision *decision)
{
	const char *sender = decision->return_path;

	if (!leaves(decision, SORTER_FORWARD) && !leaves(decision, SORTER_REDIRECT))
		return;
	/* A bounce with our sender address would cause another bounce, and so on. */
	if (decision->is_bounce)
		return;
	if (leaves(decision, SORTER_FORWARD) || sender == NULL || !may_keep_sender(conf, sender))
		sender = CONF_POSTMASTER;
	envelope_set(&envelope->sender, slice_of(sender));
}

static void add_place(
    const struct conf *conf, struct envelope *envelope, const struct sorter_recipient *recipient)
{
	struct addr addr;

	if (!recipient->outside)
		route_add_folder(conf, envelope, recipient->name, recipient->folder, slice_of(recipient->reason));
	else if (addr_parse(slice_of(recipient->name), &addr))
		route_add(conf, envelope, &addr, slice_of(recipient->reason));
}

/* A message that has come back does not follow a user's `forward` again. */
static void keep_here(struct envelope *envelope, const struct sorter_decision *decision)
{
	const char *reason =
	    decision->unsorted != NULL ? decision->unsorted : PHRASE(N_("mail loop: the message was here before and is not forwarded again"));

	size_t kept = 0;

	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];

		if (place->kind != PLACE_QUEUE) {
			envelope->places[kept++] = *place;
			continue;
		}
		envelope_place_clear(place);
	}
	if (kept == 0 && envelope->place_count > 0) {
		envelope->place_count = 0;
		envelope_add(envelope, PLACE_MAILBOX, slice_of(CONF_POSTMASTER), slice_of(reason));
		return;
	}
	envelope->place_count = kept;
}

void sorter_fill(const struct conf *conf, struct slice message, struct envelope *envelope,
    const struct sorter_decision *decision)
{
	add_headers(envelope, decision);
	add_prefixes(message, envelope, decision);
	set_sender(conf, envelope, decision);
	for (size_t i = 0; i < decision->recipient_count; i++)
		add_place(conf, envelope, &decision->recipients[i]);
	/* An address in `forward` may be unknown; a message that was not dropped must be
	 * delivered somewhere. */
	if (envelope->place_count == 0 &&
	    (decision->dropped_by == NULL || decision->recipient_count > 0))
		route_add_mailbox(conf, envelope, CONF_POSTMASTER,
		    slice_of(decision->recipient_count > 0 ? decision->recipients[0].reason : ""));
	if (decision->was_here)
		keep_here(envelope, decision);
	if (decision->reply_to != NULL)
		envelope_add(envelope, PLACE_REPLY, slice_of(decision->reply_to),
		    slice_of(decision->reply_rule));
}
