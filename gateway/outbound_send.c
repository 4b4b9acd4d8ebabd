#include "gateway/outbound_priv.h"

#include "base/alloc.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/rewrite.h"
#include "mail/route.h"

#include <stdio.h>
#include <stdlib.h>

/* --- reading an entry */

static int set_aside(struct sending *sending, const char *why)
{
	const char *spool = sending->out->job->conf->gateway.spool;
	struct error error;

	log_warnx("event=queue-entry-damaged id=%s reason=%s", sending->envelope.id.text,
	    LOG_CSTR(why));
	outbound_journal(sending, "damaged", "", why);
	if (queue_update(spool, &sending->entry->item, &sending->envelope, QUEUE_CORRUPT, &error) != 0)
		log_warnx("event=queue-entry-stays id=%s reason=%s", sending->envelope.id.text,
		    LOG_CSTR(error.text));
	return -1;
}

static int load_message(struct sending *sending)
{
	char *path = queue_message_path(sending->out->job->conf->gateway.spool, &sending->entry->item);
	struct error error;
	int result;

	if (path == NULL)
		return set_aside(sending, "its message is missing");
	result = fsx_map(path, &sending->message, &error);
	free(path);
	if (result != 0) {
		outbound_fail(sending->out, &error, false);
		return -1;
	}
	if (sending->message.len == sending->envelope.size)
		return 0;
	fsx_unmap(sending->message);
	sending->message = SLICE_NONE;
	return set_aside(sending, "its message has not the size that its envelope says");
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

static void prepare_recipients(struct sending *sending)
{
	struct smtp_transaction *transaction = &sending->transaction;
	const struct envelope *envelope = &sending->envelope;

	transaction->recipients = xcalloc(envelope->place_count + 1, sizeof(*transaction->recipients));
	sending->places = xcalloc(envelope->place_count + 1, sizeof(struct place *));
	for (size_t i = 0; i < envelope->place_count; i++) {
		struct place *place = &envelope->places[i];

		if (place->kind != PLACE_QUEUE || place->status != PLACE_PENDING)
			continue;
		sending->places[transaction->count] = place;
		transaction->recipients[transaction->count++].address = place->name;
		transaction->utf8 = transaction->utf8 || !is_ascii(slice_of(place->name));
	}
}

static void refuse_all(struct sending *sending, int code, const char *text)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		smtp_reply_set(&sending->transaction.recipients[i].reply, code, text);
}

/* Fills in who sends and the bytes to send. False: we ourselves refuse it. */
static bool prepare_message(struct sending *sending)
{
	const struct conf *conf = sending->out->job->conf;
	struct smtp_transaction *transaction = &sending->transaction;
	struct addr sender = {"", ""}, outside;
	size_t header_length;

	if (sending->envelope.sender[0] != '\0' &&
	    (!addr_parse(slice_of(sending->envelope.sender), &sender) ||
		!route_outside_sender(conf, &sender, &outside))) {
		refuse_all(sending, 550,
		    _("550 5.1.8 the sender has no address for the world outside (external_alias)"));
		return false;
	}
	if (sender.local[0] != '\0')
		addr_text(sending->sender, sizeof(sending->sender), &outside);
	buf_init(&sending->header, sending->message.len * 2 + 65536);
	header_length = rewrite_header(conf, sending->message, &sending->header);
	sending->body = slice_from(sending->message, header_length);
	if (sending->header.overflow) {
		refuse_all(sending, 550, "550 5.6.0 the header cannot be rewritten");
		return false;
	}
	transaction->sender = sending->sender;
	transaction->utf8 = transaction->utf8 || !is_ascii(slice_of(sending->sender));
	transaction->size = sending->header.len + sending->body.len;
	transaction->eight_bit = !is_ascii(buf_slice(&sending->header)) || !is_ascii(sending->body);
	return true;
}

/* What the server said it does not take is not even offered. */
static bool server_can_take(struct sending *sending)
{
	const struct smtp_client *client = &sending->out->smarthost.client;
	const struct smtp_transaction *transaction = &sending->transaction;
	uint64_t ours = (uint64_t)sending->out->job->conf->limits.max_outgoing_size;
	char text[SMTP_REPLY_TEXT];

	if (client->size_max > 0 && transaction->size > client->size_max) {
		snprintf(text, sizeof(text),
		    _("552 5.3.4 the message has %llu bytes, and the smarthost takes %llu"),
		    (unsigned long long)transaction->size, (unsigned long long)client->size_max);
		refuse_all(sending, 552, text);
		return false;
	}
	if (ours > 0 && transaction->size > ours) {
		refuse_all(sending, 552, _("552 5.3.4 the message is larger than max_outgoing_size"));
		return false;
	}
	if (transaction->utf8 && !client->can_utf8) {
		refuse_all(sending, 550,
		    _("550 5.6.7 an address has letters that the smarthost does not take"));
		return false;
	}
	return true;
}

/* --- sending */

/* The outcome of the message before is durable, and that this one is tried, before a byte of it goes out. */
static int before_data(void *context)
{
	struct sending *sending = context;
	const struct fact attempt = {.kind = FACT_ATTEMPT, .id = sending->envelope.id.text};

	intake_batch_append(sending->out->batch, NULL, NULL, &attempt, 1);
	return outbound_commit(sending->out);
}

/* Nobody was sent the message: what is not refused for good is open again. */
static void undecide(struct sending *sending, const struct error *error)
{
	char text[SMTP_REPLY_TEXT];

	snprintf(text, sizeof(text), "451 4.4.2 %s", error->text);
	for (size_t i = 0; i < sending->transaction.count; i++) {
		struct smtp_reply *reply = &sending->transaction.recipients[i].reply;

		if (!smtp_reply_is_permanent(reply))
			smtp_reply_set(reply, 451, text);
	}
}

static void forget_replies(struct sending *sending)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		sending->transaction.recipients[i].reply = (struct smtp_reply){0};
}

/* Returns -1 if the smarthost as a whole failed, or we must stop: the entry stays as it is. */
static int transmit(struct sending *sending)
{
	struct smarthost *smarthost = &sending->out->smarthost;
	struct error error;

	for (int attempt = 0;; attempt++) {
		struct slice parts[2];
		enum smarthost_end end;

		if (smarthost_connect(smarthost, &error) != 0) {
			outbound_fail(sending->out, &error, error.class == ERROR_CANCELLED);
			return -1;
		}
		if (!server_can_take(sending))
			return 0;
		parts[0] = buf_slice(&sending->header);
		parts[1] = sending->body;
		end = smarthost_send(smarthost, &sending->transaction, parts, 2, before_data, sending,
		    &error);
		if (end == SMARTHOST_DONE)
			return 0;
		if (end == SMARTHOST_STOPPED)
			return -1;
		if (end == SMARTHOST_IN_DOUBT)
			outbound_journal(sending, "in-doubt", "", error.text);
		else if (error.class == ERROR_CANCELLED) {
			outbound_fail(sending->out, &error, true);
			return -1;
		}
		if (end == SMARTHOST_IN_DOUBT || attempt > 0) {
			undecide(sending, &error);
			return 0;
		}
		/* Some servers offer PIPELINING and break it; others drop a line that was idle. */
		log_info("event=send-again id=%s reason=%s", sending->envelope.id.text,
		    LOG_CSTR(error.text));
		smarthost->may_pipeline = false;
		forget_replies(sending);
	}
}

int outbound_send(struct outbound *out, struct entry *entry)
{
	struct sending sending = {.out = out, .entry = entry, .header = BUF_INIT(0)};
	struct error error;
	int result = 0;

	if (queue_read(out->job->conf->gateway.spool, &entry->item, &sending.envelope, &error) != 0) {
		/* Sent or removed by somebody else meanwhile, or damaged and set aside. */
		log_warnx("event=queue-entry-unreadable id=%s reason=%s", entry->item.id.text,
		    LOG_CSTR(error.text));
		return 0;
	}
	prepare_recipients(&sending);
	if (sending.transaction.count > 0 && load_message(&sending) == 0) {
		if (prepare_message(&sending))
			result = transmit(&sending);
		if (result == 0)
			outbound_settle(&sending);
		fsx_unmap(sending.message);
	}
	buf_clear(&sending.header);
	free(sending.transaction.recipients);
	free(sending.places);
	envelope_clear(&sending.envelope);
	return result;
}
