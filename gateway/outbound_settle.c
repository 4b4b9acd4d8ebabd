#include "gateway/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "gateway/bounce.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPIRE_ATTEMPTS 2 /* one attempt alone may only mean that the clock has jumped */
#define RETRY_DEFAULT 300
#define PAUSE_MAX (24 * 3600)

static bool is_decided(const struct smtp_reply *reply)
{
	return smtp_reply_ok(reply) || smtp_reply_is_permanent(reply);
}

/* Adds the time since the attempt before. Of a week in which the gateway slept, or a jump of the clock, only a
 * day counts: else all that waits would come back at once. */
static void count_time(struct envelope *envelope)
{
	int64_t now = clock_wall();
	int64_t before = envelope->last_attempt > 0 ? envelope->last_attempt : envelope->time;
	int64_t passed = now - before;

	envelope->waited += passed < 0 ? 0 : passed > PAUSE_MAX ? PAUSE_MAX : passed;
	envelope->last_attempt = now;
}

/* A message that was tried long enough fails with the words of its last attempt. */
static void expire(struct sending *sending)
{
	const struct conf_smarthost *smarthost = sending->entry->smarthost;
	char text[SMTP_REPLY_TEXT + 64];

	if (smarthost->expire <= 0 || sending->envelope.waited < smarthost->expire ||
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
		outbound_fail(out, &error, true);
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
	if (append_with_bounce(sending, BOUNCE_DELAYED, NULL, 0) == 0 && outbound_commit(sending->out) == 0)
		sending->envelope.warned = true;
}

/* Those who are to be tried again. The decided ones are in the log, so the entry may be rewritten. */
static void defer(struct sending *sending)
{
	const char *spool = sending->out->job->conf->gateway.spool;
	struct envelope *envelope = &sending->envelope;
	struct error error;

	if (outbound_commit(sending->out) != 0)
		return;
	warn_sender(sending);
	for (size_t i = 0; i < sending->transaction.count; i++) {
		const struct smtp_reply *reply = &sending->transaction.recipients[i].reply;
		struct place *place = sending->places[i];

		if (is_decided(reply))
			place->status = smtp_reply_ok(reply) ? PLACE_SENT : PLACE_FAILED;
		else
			outbound_journal(sending, "deferred", place->name, reply->text);
	}
	envelope->next_attempt = next_attempt(sending);
	envelope->attempts++;
	if (queue_update(spool, &sending->entry->item, envelope, QUEUE_DEFERRED, &error) != 0)
		outbound_fail(sending->out, &error, false);
}

void outbound_settle(struct sending *sending)
{
	struct outbound_result *result = sending->out->result;
	size_t failed, waiting;

	count_time(&sending->envelope);
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
