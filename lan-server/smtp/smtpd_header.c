/*
 * The header section of a message from a client, once it is complete: what it says about the message, the fields that are
 * removed (Bcc) and those that the server adds.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/net.h"
#include "mail/filter/filter_header.h"
#include "message/decode.h"
#include "message/header.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* Reads the properties of the message from its header. */
struct findings {
	size_t received, fields;
	bool has_date, has_message_id;
};

/* RFC 3834 and convention: automatic mail never starts a command. */
static bool is_automatic(const struct header_field *field)
{
	struct slice rest = field->body;
	struct slice word = slice_trim(slice_cut(&rest, ';'));

	if (slice_begins_nocase(field->name, "List-"))
		return true;
	if (slice_is_nocase(field->name, "Auto-Submitted"))
		return !slice_is_nocase(word, "no");
	if (slice_is_nocase(field->name, "Precedence"))
		return slice_is_nocase(word, "bulk") || slice_is_nocase(word, "list") ||
		       slice_is_nocase(word, "junk");
	return false;
}

/* RFC 2156 section 5.3.6, RFC 4021; X-Priority is "1" or "1 (Highest)". */
static bool is_urgent(const struct header_field *field)
{
	struct slice rest = slice_trim(field->body);
	struct slice word = slice_trim(slice_cut(&rest, '('));

	if (slice_is_nocase(field->name, "Priority"))
		return slice_is_nocase(word, "urgent");
	if (slice_is_nocase(field->name, "Importance"))
		return slice_is_nocase(word, "high");
	return slice_is_nocase(field->name, "X-Priority") && slice_is(word, "1");
}

static bool is_hidden(const struct header_field *field)
{
	return slice_is_nocase(field->name, "Bcc") || slice_is_nocase(field->name, "Resent-Bcc");
}

static void note_field(struct smtpd_transaction *tx, const struct header_field *field,
    struct slice header, struct findings *found)
{
	found->fields++;
	found->received += slice_is_nocase(field->name, "Received");
	found->has_date |= slice_is_nocase(field->name, "Date");
	found->has_message_id |= slice_is_nocase(field->name, "Message-ID");
	tx->automatic |= is_automatic(field);
	tx->urgent |= is_urgent(field);
	if (tx->to_daemon && tx->subject.len == 0 && slice_is_nocase(field->name, "Subject"))
		decode_text(field->body, decode_message_charset(header), &tx->subject);
}

/* Stores the header without the fields that only the sender may see, and without verdicts of others. */
static void keep_header(struct smtpd *smtpd, struct slice header, struct findings *found)
{
	struct header_walk walk;
	struct header_field field;
	const char *kept = header.ptr;
	bool has_scanners = conf_has_filters(smtpd->options.conf);

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		note_field(smtpd->tx, &field, header, found);
		if (!is_hidden(&field) && !(has_scanners && filter_header_is_ours(field.name, NULL)))
			continue;
		smtpd_data_append(smtpd, slice_make(kept, (size_t)(field.raw.ptr - kept)));
		kept = field.raw.ptr + field.raw.len;
	}
	smtpd_data_append(smtpd, slice_make(kept, header.len - (size_t)(kept - header.ptr)));
}

/* RFC 5321 section 4.4. */
static void add_received(struct smtpd *smtpd)
{
	struct envelope *envelope = &smtpd->tx->envelope;
	const char *hostname = smtpd->options.conf->gateway.hostname;
	char address[NET_ADDRESS_MAX], date[64], login[128] = "";
	char *line;

	if (smtpd->dialogue.user != NULL)
		snprintf(login, sizeof(login), " (logged in as %s)", smtpd->dialogue.user);
	line = xasprintf("from %s (%s)%s by %s with %sSMTP%s%s id %s; %s", smtpd->hello,
	    net_address_literal(address, &smtpd->options.client), login, hostname,
	    smtpd->extended ? "E" : "", smtpd->extended && smtpd->dialogue.tls ? "S" : "",
	    smtpd->extended && smtpd->dialogue.user != NULL ? "A" : "", envelope->id.text,
	    clock_rfc5322(date, sizeof(date), envelope->time));
	envelope_add_header(envelope, "Received", slice_of(line));
	free(line);
}

/* RFC 6409 section 8: fields that a mail program may leave to the server. */
static void add_missing(struct smtpd *smtpd, const struct findings *found)
{
	struct envelope *envelope = &smtpd->tx->envelope;
	char date[64];
	char *id;

	if (!found->has_date)
		envelope_add_header(
		    envelope, "Date", slice_of(clock_rfc5322(date, sizeof(date), envelope->time)));
	if (!found->has_message_id) {
		id = xasprintf("<%s@%s>", envelope->id.text, smtpd->options.conf->gateway.hostname);
		envelope_add_header(envelope, "Message-ID", slice_of(id));
		free(id);
	}
}

/* A message without a header, whose first line is not a field (nor mbox's "From "), would be read as part of our header. */
static bool is_text(struct slice header)
{
	ptrdiff_t end = slice_find(header, '\n');
	struct header_walk walk;
	struct header_field field;

	if (header.len == 0 || header.ptr[0] == '\r' || (header.len > 5 && memcmp(header.ptr, "From ", 5) == 0))
		return false;
	header_walk_init(&walk, end < 0 ? header : slice_make(header.ptr, (size_t)end + 1));
	return !header_walk_next(&walk, &field);
}

void smtpd_finish_header(struct smtpd *smtpd)
{
	struct smtpd_transaction *tx = smtpd->tx;
	struct slice header = buf_slice(&tx->header);
	struct findings found = {0};

	tx->header_done = true;
	add_received(smtpd);
	if (is_text(header)) {
		smtpd_data_append(smtpd, SLICE_LITERAL("\r\n"));
		smtpd_data_append(smtpd, header);
		header = SLICE_NONE;
	}
	if (header.len > 0)
		keep_header(smtpd, header, &found);
	add_missing(smtpd, &found);
	smtpd_data_fail(smtpd, smtpd_check_authors(smtpd, header));
	smtpd_data_fail(smtpd, found.received > SMTPD_RECEIVED_MAX ? REPLY_MAIL_LOOP : REPLY_NONE);
	smtpd_header_clear(tx);
}
