#include "gateway/outbound.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/bounce.h"
#include "gateway/rewrite.h"
#include "gateway/smarthost.h"
#include "mail/queue.h"
#include "mail/route.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPIRE_ATTEMPTS 2 /* one attempt alone may only mean that the clock has jumped */
#define RETRY_DEFAULT 300

struct entry {
	struct queue_item item;
	const struct conf_smarthost *smarthost; /* NULL: there is none for its sender */

};

struct outbound {
	const struct outbound_job *job;
	struct outbound_result *result;
	struct entry *entries;
	size_t count, done;
	struct intake_batch *batch; /* outcomes on their way into the log */
	struct smarthost smarthost;
	bool failed; /* error has the first failure */
	bool stopped; /* our disk, or we were told to */
	struct error error;
};

/* An entry while it is being sent. */
struct sending {
	struct outbound *out;
	struct entry *entry;
	struct envelope envelope;
	struct slice message; /* mapped */
	struct buf header;    /* rewritten */
	struct slice body;
	char sender[ADDR_TEXT_MAX];
	struct smtp_transaction transaction;
	struct place **places; /* of the transaction's recipients */
};

static const char *spool(const struct outbound *out)
{
	return out->job->conf->gateway.spool;
}

static void fail(struct outbound *out, const struct error *error, bool stop)
{
	if (!out->failed)
		out->error = *error;
	out->failed = true;
	out->stopped = out->stopped || stop;
}

static void journal(struct sending *sending, const char *event, const char *place,
    const char *detail)
{
	intake_journal(sending->out->job->intake, sending->envelope.id.text,
	    sending->out->job->session, event, place, detail);
}

static int commit(struct outbound *out)
{
	struct error error;

	if (intake_batch_commit(out->batch, &error) == 0)
		return 0;
	fail(out, &error, true);
	return -1;
}

/* --- reading an entry */

static int set_aside(struct sending *sending, const char *why)
{
	struct error error;

	log_warnx("event=queue-entry-damaged id=%s reason=%s", sending->envelope.id.text,
	    LOG_CSTR(why));
	journal(sending, "damaged", "", why);
	if (queue_update(spool(sending->out), &sending->entry->item, &sending->envelope, QUEUE_CORRUPT,
		&error) != 0)
		log_warnx("event=queue-entry-stays id=%s reason=%s", sending->envelope.id.text,
		    LOG_CSTR(error.text));
	return -1;
}

static int load_message(struct sending *sending)
{
	char *path = queue_message_path(spool(sending->out), &sending->entry->item);
	struct error error;
	int result;

	if (path == NULL)
		return set_aside(sending, "its message is missing");
	result = fsx_map(path, &sending->message, &error);
	free(path);
	if (result != 0) {
		fail(sending->out, &error, false);
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

/* --- outcome */

static bool is_decided(const struct smtp_reply *reply)
{
	return smtp_reply_ok(reply) || smtp_reply_is_permanent(reply);
}

/* A message that was tried long enough fails with the words of its last attempt. */
static void expire(struct sending *sending)
{
	const struct conf_smarthost *smarthost = sending->entry->smarthost;
	char text[SMTP_REPLY_TEXT + 64];

	if (smarthost->expire <= 0 || clock_wall() - sending->envelope.time < smarthost->expire ||
	    sending->envelope.attempts + 1 < EXPIRE_ATTEMPTS)
		return;
	for (size_t i = 0; i < sending->transaction.count; i++) {
		struct smtp_reply *reply = &sending->transaction.recipients[i].reply;

		if (is_decided(reply))
			continue;
		snprintf(text, sizeof(text), _("550 5.4.7 tried for too long; at last: %s"),
		    reply->text);
		smtp_reply_set(reply, 550, text);
	}
}

/* The places whose fate is a refusal, or still open. New memory. */
static const struct place **pick(const struct sending *sending, bool refused, size_t *count)
{
	const struct smtp_transaction *transaction = &sending->transaction;
	const struct place **picked = xcalloc(transaction->count + 1, sizeof(struct place *));

	*count = 0;
	for (size_t i = 0; i < transaction->count; i++) {
		const struct smtp_reply *reply = &transaction->recipients[i].reply;

		if (!smtp_reply_ok(reply) && smtp_reply_is_permanent(reply) == refused)
			picked[(*count)++] = sending->places[i];
	}
	return picked;
}

/* Puts a bounce or warning with these facts into the batch; without anybody to write to, the facts alone. */
static int append_with_bounce(struct sending *sending, enum bounce_kind kind,
    const struct fact *facts, size_t fact_count)
{
	struct outbound *out = sending->out;
	size_t count;
	const struct place **picked = pick(sending, kind == BOUNCE_FAILED, &count);
	struct envelope bounce = {0};
	struct body body = {.fd = -1};
	struct error error;
	int result = 0;

	if (count > 0)
		result = bounce_make(out->job->conf, kind, &sending->envelope, picked, count,
		    sending->message, out->job->session, &bounce, &body, &error);
	free(picked);
	if (result != 0) {
		fail(out, &error, true);
		return -1;
	}
	if (bounce.place_count > 0) {
		intake_batch_append(out->batch, &bounce, &body, facts, fact_count);
		return 0;
	}
	if (count > 0) {
		envelope_clear(&bounce);
		body_clear(&body, false);
	}
	if (fact_count > 0)
		intake_batch_append(out->batch, NULL, NULL, facts, fact_count);
	return 0;
}

/* What each recipient was told, for bounces and for `queue show`. */
static void keep_replies(struct sending *sending)
{
	for (size_t i = 0; i < sending->transaction.count; i++)
		envelope_set(&sending->places[i]->reply,
		    slice_of(sending->transaction.recipients[i].reply.text));
}

static int append_outcome(struct sending *sending, size_t *failed, size_t *waiting)
{
	const struct smtp_transaction *transaction = &sending->transaction;
	struct fact *facts = xcalloc(transaction->count + 1, sizeof(*facts));
	size_t count = 0;
	int result = 0;

	*failed = *waiting = 0;
	for (size_t i = 0; i < transaction->count; i++) {
		const struct smtp_recipient *recipient = &transaction->recipients[i];

		if (!is_decided(&recipient->reply)) {
			(*waiting)++;
			continue;
		}
		*failed += !smtp_reply_ok(&recipient->reply);
		facts[count++] = (struct fact){
		    .kind = smtp_reply_ok(&recipient->reply) ? FACT_SENT : FACT_FAILED,
		    .id = sending->envelope.id.text,
		    .name = recipient->address,
		    .text = recipient->reply.text,
		};
	}
	if (count > 0)
		result = append_with_bounce(sending, BOUNCE_FAILED, facts, count);
	free(facts);
	return result;
}

static int64_t next_attempt(const struct sending *sending)
{
	const struct conf_numbers *retry = &sending->entry->smarthost->retry;
	size_t attempt = sending->envelope.attempts;
	int64_t wait = RETRY_DEFAULT;

	if (retry->count > 0)
		wait = retry->items[attempt < retry->count ? attempt : retry->count - 1];
	return clock_wall() + wait;
}

static void warn_sender(struct sending *sending)
{
	const struct conf_smarthost *smarthost = sending->entry->smarthost;

	if (sending->envelope.warned || smarthost->warn_after <= 0 ||
	    clock_wall() - sending->envelope.time < smarthost->warn_after)
		return;
	if (append_with_bounce(sending, BOUNCE_DELAYED, NULL, 0) == 0 && commit(sending->out) == 0)
		sending->envelope.warned = true;
}

/* Those who are to be tried again. The decided ones are in the log, so the entry may be rewritten. */
static void defer(struct sending *sending)
{
	struct envelope *envelope = &sending->envelope;
	struct error error;

	if (commit(sending->out) != 0)
		return;
	warn_sender(sending);
	for (size_t i = 0; i < sending->transaction.count; i++) {
		const struct smtp_reply *reply = &sending->transaction.recipients[i].reply;
		struct place *place = sending->places[i];

		if (is_decided(reply))
			place->status = smtp_reply_ok(reply) ? PLACE_SENT : PLACE_FAILED;
		else
			journal(sending, "deferred", place->name, reply->text);
	}
	envelope->next_attempt = next_attempt(sending);
	envelope->attempts++;
	if (queue_update(spool(sending->out), &sending->entry->item, envelope, QUEUE_DEFERRED, &error) != 0)
		fail(sending->out, &error, false);
}

static void settle(struct sending *sending)
{
	struct outbound_result *result = sending->out->result;
	size_t failed, waiting;

	expire(sending);
	keep_replies(sending);
	if (append_outcome(sending, &failed, &waiting) != 0)
		return;
	if (waiting > 0) {
		defer(sending);
		result->deferred++;
	} else if (failed > 0) {
		result->refused++;
	} else {
		result->sent++;
	}
}

/* --- sending */

/* The outcome of the message before is durable, and that this one is tried, before a byte of it goes out. */
static int before_data(void *context)
{
	struct sending *sending = context;
	const struct fact attempt = {.kind = FACT_ATTEMPT, .id = sending->envelope.id.text};

	intake_batch_append(sending->out->batch, NULL, NULL, &attempt, 1);
	return commit(sending->out);
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
			fail(sending->out, &error, error.class == ERROR_CANCELLED);
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
			journal(sending, "in-doubt", "", error.text);
		else if (error.class == ERROR_CANCELLED) {
			fail(sending->out, &error, true);
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

static int send_entry(struct outbound *out, struct entry *entry)
{
	struct sending sending = {.out = out, .entry = entry, .header = BUF_INIT(0)};
	struct error error;
	int result = 0;

	if (queue_read(spool(out), &entry->item, &sending.envelope, &error) != 0) {
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
			settle(&sending);
		fsx_unmap(sending.message);
	}
	buf_clear(&sending.header);
	free(sending.transaction.recipients);
	free(sending.places);
	envelope_clear(&sending.envelope);
	return result;
}

static bool is_cancelled(const struct outbound *out)
{
	return out->job->cancel != NULL && atomic_load(out->job->cancel);
}

static void flush_smarthost(struct outbound *out, const struct conf_smarthost *settings)
{
	out->smarthost = (struct smarthost){
	    .conf = out->job->conf,
	    .settings = settings,
	    .cancel = out->job->cancel,
	    .may_pipeline = true,
	};
	for (size_t i = 0; i < out->count && !out->stopped && !is_cancelled(out); i++) {
		if (out->entries[i].smarthost != settings)
			continue;
		if (send_entry(out, &out->entries[i]) != 0)
			break;
		out->done++;
		if (out->job->progress != NULL)
			out->job->progress(out->job->context, out->done, out->count);
	}
	commit(out);
	smarthost_close(&out->smarthost);
}

/* --- what is due */

static const struct conf_smarthost *find_smarthost(const struct conf *conf, const char *sender)
{
	struct addr addr, outside;
	char text[ADDR_TEXT_MAX];

	if (sender[0] == '\0' || !addr_parse(slice_of(sender), &addr) ||
	    !route_outside_sender(conf, &addr, &outside))
		return conf_smarthost_for(conf, slice_of(sender));
	return conf_smarthost_for(conf, slice_of(addr_text(text, sizeof(text), &outside)));
}

static void add_entry(struct outbound *out, const struct queue_item *item)
{
	struct envelope envelope;
	struct error error;

	if (queue_read(spool(out), item, &envelope, &error) != 0) {
		log_warnx("event=queue-entry-unreadable id=%s reason=%s", item->id.text,
		    LOG_CSTR(error.text));
		return;
	}
	if (out->job->all || item->state == QUEUE_ACTIVE || envelope.next_attempt <= clock_wall()) {
		ARRAY_GROW(out->entries, out->count);
		out->entries[out->count++] = (struct entry){
		    .item = *item,
		    .smarthost = find_smarthost(out->job->conf, envelope.sender),
		};
	}
	envelope_clear(&envelope);
}

static int gather(struct outbound *out, struct error *error)
{
	struct queue_items items = {0};

	if (queue_list(spool(out), 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED, &items, error) != 0)
		return -1;
	for (size_t i = 0; i < items.count; i++)
		add_entry(out, &items.items[i]);
	queue_items_clear(&items);
	return 0;
}

static void complain_of_homeless(struct outbound *out)
{
	struct error error;
	size_t count = 0;

	for (size_t i = 0; i < out->count; i++)
		count += out->entries[i].smarthost == NULL;
	if (count == 0)
		return;
	error_set(&error, ERROR_CONFIG,
	    _("%zu messages wait, and no [smarthost] is configured for their senders"), count);
	fail(out, &error, false);
}

static bool has_work(const struct outbound *out, const struct conf_smarthost *settings)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->entries[i].smarthost == settings)
			return true;
	return false;
}

int outbound_flush(const struct outbound_job *job, struct outbound_result *result,
    struct error *error)
{
	struct outbound out = {.job = job, .result = result};

	*result = (struct outbound_result){0};
	if (gather(&out, error) != 0)
		return -1;
	out.batch = intake_batch_new(job->intake);
	for (size_t i = 0; i < job->conf->smarthost_count; i++)
		if (has_work(&out, &job->conf->smarthosts[i]) && !out.stopped)
			flush_smarthost(&out, &job->conf->smarthosts[i]);
	complain_of_homeless(&out);
	intake_batch_free(out.batch);
	free(out.entries);
	if (is_cancelled(&out) && !out.failed)
		error_set(&out.error, ERROR_CANCELLED, _("sending was stopped")), out.failed = true;
	if (out.failed)
		*error = out.error;
	return out.failed ? -1 : 0;
}
