/* One entry of the queue: reading it, and preparing the message to send. */
#include "gateway/outbound/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/outbound/rewrite.h"
#include "message/header.h"
#include "message/idn.h"
#include "mail/route.h"
#include "message/seven-bit/seven_bit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- reading an entry */

static int set_aside(struct sending *sending, const char *why)
{
	const struct spool *spool = sending->out->job->spool;
	struct error error;

	log_warnx("event=queue-entry-damaged id=%s reason=%s", sending->envelope.id.text,
	    LOG_CSTR(why));
	outbound_journal(sending, EVENT_DAMAGED, "", PHRASE_WORD(why));
	if (queue_update(spool, &sending->entry->item, &sending->envelope, QUEUE_CORRUPT, &error) != 0)
		log_warnx("event=queue-entry-stays id=%s reason=%s", sending->envelope.id.text,
		    LOG_ERROR(&error));
	return -1;
}

static int load_message(struct sending *sending)
{
	struct error error;
	int result = queue_message(sending->out->job->spool, &sending->entry->item, &sending->message, &error);

	if (result != 0 && error.saved_errno == ENOENT)
		return set_aside(sending, N_("the message file is missing"));
	if (result != 0) {
		outbound_fail(sending->out, &error, false);
		return -1;
	}
	if (sending->message.len == sending->envelope.size)
		return 0;
	fsx_unmap(sending->message);
	sending->message = SLICE_NONE;
	return set_aside(sending, N_("the size of the message does not match its envelope"));
}

static void prepare_recipients(struct sending *sending)
{
	struct smtp_transaction *transaction = &sending->transaction;
	const struct envelope *envelope = &sending->envelope;

	transaction->recipients = xcalloc(envelope->place_count + 1, sizeof(*transaction->recipients));
	sending->places = xcalloc(envelope->place_count + 1, sizeof(struct place *));
	sending->ascii = xcalloc(envelope->place_count + 1, sizeof(char *));
	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];

		if (place->kind != PLACE_QUEUE || place->status != PLACE_PENDING)
			continue;
		sending->places[transaction->count] = place;
		transaction->recipients[transaction->count++] = (struct smtp_recipient){
		    .address = place->name, .notify = place->notify, .orcpt = place->orcpt};
	}
}

static void refuse_all(struct sending *sending, int code, const char *text)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		smtp_reply_set(&sending->transaction.recipients[i].reply, code, text);
}

/* --- the message to send */

struct conversion {
	struct body *body;
	struct msgid id;
	struct error *error;
};

static int keep_converted(void *context, struct slice bytes)
{
	const struct conversion *conversion = context;

	return body_append(conversion->body, bytes, &conversion->id, conversion->error);
}

/* For a smarthost that accepts only 7 bits; *wire becomes the converted message. Parts that must not be converted are
 * kept: nearly all servers without 8BITMIME pass them on, and others refuse them. Returns -1 if our disk failed. */
static int make_seven_bit(struct sending *sending, struct slice *wire, const char **why, struct error *error)
{
	struct conversion conversion = {.body = &sending->converted, .id = msgid_new(), .error = error};
	enum seven_bit verdict = seven_bit_look(*wire, why);

	if (verdict != SEVEN_BIT_NEEDED && verdict != SEVEN_BIT_PARTLY)
		return 0;
	if (verdict == SEVEN_BIT_NEEDED)
		*why = N_("a header has 8-bit bytes that are not text");
	if (seven_bit_convert(*wire, verdict, keep_converted, &conversion) != 0)
		return -1;
	return body_view(&sending->converted, wire, error);
}

/* Whether the message was written here: accepted by our SMTP server, or created by the gateway. A fetched message is sent
 * on unchanged: with our signature, or the external address of one of our users, a forged From would look genuine. */
static bool is_written_here(const struct sending *sending)
{
	enum origin_kind kind = sending->envelope.origin.kind;

	return kind == ORIGIN_SMTP || kind == ORIGIN_GATEWAY;
}

/* For the domain that readers see: that of the first address in From. */
static const struct conf_dkim *find_signer(const struct conf *conf, struct slice header)
{
	struct header_field field;
	struct addr_item item;
	size_t at = 0;

	if (conf->dkim_count == 0 || !header_find(header, "From", &field) || !addr_list_next(field.body, &at, &item) || !item.valid)
		return NULL;
	return conf_dkim_for(conf, item.addr.domain);
}

/* After all rewriting, or the signature would be invalid. */
static void sign(struct sending *sending)
{
	const struct outbound *out = sending->out;
	const struct conf_dkim *dkim =
	    is_written_here(sending) ? find_signer(out->job->conf, buf_slice(&sending->header)) : NULL;
	const struct dkim_signer *signer = dkim == NULL ? NULL : &out->signers[dkim - out->job->conf->dkims];
	struct buf signed_header = BUF_INIT(sending->header.limit);
	struct dkim_message message;
	struct error error = ERROR_INIT;

	if (dkim == NULL)
		return;
	message = (struct dkim_message){dkim->name, dkim->selector, buf_slice(&sending->header), sending->body, clock_wall()};
	if (signer->sign == NULL || dkim_sign(signer, &message, &signed_header, &error) != 0) {
		outbound_journal(sending, EVENT_UNSIGNED, "", signer->sign == NULL ? PHRASE(N_("the DKIM key "
		    "of its domain cannot be used")) : error.phrase);
		buf_clear(&signed_header);
		return;
	}
	buf_append_slice(&signed_header, buf_slice(&sending->header));
	buf_clear(&sending->header);
	sending->header = signed_header;
}

/* A field by which the gateway recognises its own and forwarded mail if it comes back. */
static void add_loop_mark(struct sending *sending)
{
	if (sending->envelope.origin.kind != ORIGIN_SMTP)
		buf_printf(&sending->header, "%s: %s\r\n", ROUTE_LOOP_FIELD, sending->out->job->conf->gateway.hostname);
}

/* The bytes to send: `wire` with external addresses, signed. Returns false if the gateway itself refuses
 * it. */
static bool prepare_bytes(struct sending *sending, struct slice wire, bool to_ascii)
{
	const struct rewrite rewrite = {.conf = sending->out->job->conf,
	    .sender = sending->sender,
	    .is_foreign = !is_written_here(sending),
	    .to_ascii = to_ascii};
	struct smtp_transaction *transaction = &sending->transaction;
	size_t header_length;

	buf_init(&sending->header, wire.len * 2 + 65536);
	add_loop_mark(sending);
	if (!rewrite_header(&rewrite, wire, &sending->header, &header_length)) {
		refuse_all(sending, 550, PHRASE(N_("550 5.1.8 its author has no external address "
		    "(external_alias of the user, or default_sender of the smarthost)")));
		return false;
	}
	sending->body = slice_from(wire, header_length);
	if (sending->header.overflow) {
		refuse_all(sending, 550, PHRASE(N_("550 5.6.0 the header cannot be rewritten")));
		return false;
	}
	sign(sending);
	transaction->size = sending->header.len + sending->body.len;
	transaction->eight_bit = !slice_is_ascii(buf_slice(&sending->header)) || !slice_is_ascii(sending->body);
	return true;
}

/* The first byte that must not be sent: NUL, which programs take for the end of a message, and in the header also a CR
 * without LF: on the wire it would end the line, and the text after it would become an unchecked field. */
static size_t find_bad_byte(struct slice text, bool in_header)
{
	const char *nul = memchr(text.ptr, '\0', text.len), *cr = text.ptr;

	if (nul != NULL)
		text.len = (size_t)(nul - text.ptr);
	while (in_header && text.len > 0 && (cr = memchr(cr, '\r', (size_t)(text.ptr + text.len - cr))) != NULL) {
		size_t at = (size_t)(cr - text.ptr);

		if (at + 1 == text.len || cr[1] != '\n')
			return at;
		cr++;
	}
	return text.len;
}

/* In the header it is replaced by a blank, so that the fields stay the same. */
static int append_mended(struct sending *sending, struct slice text, bool in_header, struct error *error)
{
	const struct msgid id = msgid_new();

	while (text.len > 0) {
		size_t len = find_bad_byte(text, in_header);

		if (body_append(&sending->mended, slice_make(text.ptr, len), &id, error) != 0)
			return -1;
		if (len < text.len && in_header && body_append(&sending->mended, SLICE_LITERAL(" "), &id, error) != 0)
			return -1;
		text = slice_from(text, len < text.len ? len + 1 : len);
	}
	return 0;
}

/* Bytes that no server accepts, nor does ours; fetched mail may contain them. */
static int mend(struct sending *sending, struct slice *wire, struct error *error)
{
	size_t length = header_length(*wire);
	struct slice header = slice_make(wire->ptr, length), body = slice_from(*wire, length);
	bool nul = slice_find(*wire, '\0') >= 0;

	if (!nul && find_bad_byte(header, true) == header.len)
		return 0;
	if (append_mended(sending, header, true, error) != 0 || append_mended(sending, body, false, error) != 0)
		return -1;
	outbound_journal(sending, EVENT_MENDED, "",
	    nul ? PHRASE(N_("NUL bytes were removed")) : PHRASE(N_("CR within the header was "
	        "replaced by a space")));
	return body_view(&sending->mended, wire, error);
}

/* A non-ASCII domain has another form, which every server knows; a local part has none. */
static void prepare_addresses(struct sending *sending, bool to_ascii)
{
	struct smtp_transaction *transaction = &sending->transaction;
	struct addr addr, ascii;

	if (to_ascii && addr_parse(slice_of(sending->sender), &addr) && idn_address(&addr, &ascii))
		addr_text(sending->sender, sizeof(sending->sender), &ascii);
	transaction->utf8 = !slice_is_ascii(slice_of(sending->sender));
	for (size_t i = 0; i < transaction->count; i++) {
		struct smtp_recipient *recipient = &transaction->recipients[i];

		if (slice_is_ascii(slice_of(recipient->address)))
			continue;
		if (to_ascii && addr_parse(slice_of(recipient->address), &addr) && idn_address(&addr, &ascii)) {
			sending->ascii[i] = xmalloc(ADDR_TEXT_MAX);
			recipient->address = addr_text(sending->ascii[i], ADDR_TEXT_MAX, &ascii);
		} else {
			transaction->utf8 = true;
		}
	}
}

/* Returns -1 if it cannot be prepared now; *refused: the gateway itself refuses it. */
static int prepare_message(struct sending *sending, const struct smtp_client *client, bool *refused, struct error *error)
{
	struct slice wire = sending->message;
	const char *why = "";

	*refused = !outbound_sending_name(sending);
	if (*refused) {
		refuse_all(sending, 550, PHRASE(N_("550 5.1.8 the sender has no external address "
		    "(external_alias)")));
		return 0;
	}
	prepare_addresses(sending, !client->can_utf8);
	if (mend(sending, &wire, error) != 0 || (is_written_here(sending) && outbound_pictures_shrink(sending, &wire, error) != 0) ||
	    (!client->can_8bit && make_seven_bit(sending, &wire, &why, error) != 0))
		return -1;
	*refused = !prepare_bytes(sending, wire, !client->can_utf8);
	if (*refused)
		return 0;
	if (sending->transaction.eight_bit && !client->can_8bit)
		outbound_journal(sending, EVENT_8BIT, "", PHRASE_WORD(why)); /* sent anyway */
	else if (sending->converted.size > 0)
		outbound_journal(sending, EVENT_CONVERTED, "", PHRASE(N_("to 7 bits: the smarthost does not announce 8BITMIME")));
	return 0;
}

/* A message that we refuse, or that the server has announced not to accept, is not offered. */
bool outbound_sending_fits(struct sending *sending, const struct smtp_client *client)
{
	const struct smtp_transaction *transaction = &sending->transaction;
	uint64_t ours = (uint64_t)sending->out->job->conf->limits.max_outgoing_size;
	char text[SMTP_REPLY_TEXT];

	if (sending->is_refused)
		return false;
	if (client->size_max > 0 && transaction->size > client->size_max) {
		phrase_set(text, sizeof(text),
		    N_("552 5.3.4 the message has %llu bytes, the limit of the smarthost is %llu"),
		    (unsigned long long)transaction->size, (unsigned long long)client->size_max);
		refuse_all(sending, 552, text);
		return false;
	}
	if (ours > 0 && sending->message.len > ours) { /* as its author wrote it, before any conversion */
		refuse_all(sending, 552, PHRASE(N_("552 5.3.4 the message is larger than max_outgoing_size")));
		return false;
	}
	if (transaction->utf8 && !client->can_utf8) {
		refuse_all(sending, 550,
		    PHRASE(N_("550 5.6.7 the smarthost does not accept non-ASCII addresses")));
		return false;
	}
	return true;
}

/* --- */

void outbound_give_up_claim(int *claim)
{
	if (*claim > 0)
		close(*claim);
	*claim = 0;
}

void outbound_sending_close(struct sending *sending)
{
	if (sending->message.ptr != NULL)
		fsx_unmap(sending->message);
	body_clear(&sending->mended, false);
	body_clear(&sending->shrunk, false);
	body_clear(&sending->converted, false);
	buf_clear(&sending->header);
	for (size_t i = 0; i < sending->transaction.count; i++)
		free(sending->ascii[i]);
	free(sending->ascii);
	free(sending->transaction.recipients);
	free(sending->places);
	envelope_clear(&sending->envelope);
	outbound_give_up_claim(&sending->claim);
	free(sending);
}

/* Its sender may withdraw it (Outbox): then it is gone afterwards, or it waits for the next session. */
static bool claim(struct sending *sending)
{
	struct error error = ERROR_INIT;
	int fd = queue_claim(sending->out->job->spool, &sending->entry->item, true, &error);

	if (fd < 0 && error.class == ERROR_TEMPORARY && error.saved_errno != ENOENT)
		return false;
	sending->claim = fd > 0 ? fd : 0;
	return true; /* without its message it is set aside as usual */
}

struct sending *outbound_sending_open(struct connection *connection, struct entry *entry)
{
	struct sending *sending = xcalloc(1, sizeof(*sending));
	struct error error;

	sending->connection = connection;
	sending->out = connection->host->out;
	sending->entry = entry;
	buf_init(&sending->header, 0);
	body_init(&sending->mended, sending->out->job->spool);
	body_init(&sending->shrunk, sending->out->job->spool);
	body_init(&sending->converted, sending->out->job->spool);
	if (!claim(sending)) {
		free(sending);
		return NULL;
	}
	if (queue_read(sending->out->job->spool, &entry->item, &sending->envelope, &error) != 0) {
		outbound_unread(sending->out, &entry->item, &error);
		outbound_give_up_claim(&sending->claim);
		free(sending);
		return NULL;
	}
	prepare_recipients(sending);
	if (sending->transaction.count == 0 || load_message(sending) != 0) {
		outbound_sending_close(sending);
		return NULL;
	}
	if (prepare_message(sending, &connection->smarthost.client, &sending->is_refused, &error) != 0) {
		outbound_fail(sending->out, &error, false);
		outbound_sending_close(sending);
		return NULL;
	}
	return sending;
}

