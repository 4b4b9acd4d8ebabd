/* Settles a message after the replies of a smarthost: sent, refused, deferred, each in the log before the entry
 * changes. */
#include "gateway/outbound/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "mail/bounce.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPIRE_ATTEMPTS 2 /* a single attempt may only mean that the clock has jumped */
#define RETRY_DEFAULT 300

static bool is_decided(const struct smtp_reply *reply)
{
	return smtp_reply_ok(reply) || smtp_reply_is_permanent(reply);
}

/* Adds the time since the previous attempt in which the smarthost was reachable. */
static void count_time(struct sending *sending)
{
	struct envelope *envelope = &sending->envelope;
	int64_t reach = sending->connection->host->reach;

	if (envelope->last_attempt > 0 && reach > envelope->reach)
		envelope->waited += reach - envelope->reach;
	envelope->last_attempt = clock_wall();
	envelope->reach = reach;
}

/* A message that was tried long enough fails with the reply to its last attempt. */
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
		phrase_set(text, sizeof(text), N_("550 5.4.7 delivery time expired; last error: %s"),
		    reply->text);
		smtp_reply_set(reply, 550, text);
	}
}

/* Whether a result belongs to this kind of report. A smarthost that supports DSN reports successful
 * relaying itself. */
static bool tells(const struct sending *sending, enum bounce_kind kind, const struct smtp_reply *reply)
{
	if (kind == BOUNCE_RELAYED)
		return smtp_reply_ok(reply) && !sending->connection->smarthost.client.can_notify;
	return !smtp_reply_ok(reply) && smtp_reply_is_permanent(reply) == (kind == BOUNCE_FAILED);
}

/* The places to report to the sender. New memory. */
static const struct place **pick(const struct sending *sending, enum bounce_kind kind, size_t *count)
{
	const struct smtp_transaction *transaction = &sending->transaction;
	const struct place **picked = xcalloc(transaction->count + 1, sizeof(struct place *));

	*count = 0;
	for (size_t i = 0; i < transaction->count; i++)
		if (tells(sending, kind, &transaction->recipients[i].reply) &&
		    bounce_is_wanted(kind, sending->places[i]))
			picked[(*count)++] = sending->places[i];
	return picked;
}

/* Adds a bounce or warning with these facts to the batch; without a recipient, only the facts. */
static int append_with_bounce(struct sending *sending, enum bounce_kind kind,
    const struct fact *facts, size_t fact_count)
{
	struct outbound *out = sending->out;
	size_t count;
	const struct place **picked = pick(sending, kind, &count);
	const struct bounce_about about = {out->job->spool, kind, &sending->envelope, picked, count, sending->message, out->job->session};
	struct bounces bounces = {.count = 0};
	struct error error;
	int result = count > 0 ? bounce_make_all(out->job->conf, &about, &bounces, &error) : 0;

	free(picked);
	if (result != 0) {
		outbound_fail(out, &error, true);
		return -1;
	}
	for (size_t i = 0; i < bounces.count; i++) { /* the facts with the last */
		bool is_last = i + 1 == bounces.count;

		intake_batch_append(sending->connection->batch, &bounces.items[i].envelope, &bounces.items[i].body,
		    is_last ? facts : NULL, is_last ? fact_count : 0);
	}
	if (bounces.count == 0 && fact_count > 0)
		intake_batch_append(sending->connection->batch, NULL, NULL, facts, fact_count);
	return 0;
}

/* The reply to each recipient, for bounces and for `queue show`. */
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
		    .name = sending->places[i]->name,
		    .text = recipient->reply.text,
		};
	}
	if (count > 0)
		result = append_with_bounce(sending, BOUNCE_FAILED, facts, count);
	if (count > 0 && result == 0)
		result = append_with_bounce(sending, BOUNCE_RELAYED, NULL, 0);
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
	    sending->envelope.waited < smarthost->warn_after)
		return;
	if (append_with_bounce(sending, BOUNCE_DELAYED, NULL, 0) == 0 && outbound_commit(sending->connection) == 0)
		sending->envelope.warned = true;
}

/* Recipients to be retried. The decided ones are in the log, so the entry may be rewritten. */
static void defer(struct sending *sending)
{
	const struct spool *spool = sending->out->job->spool;
	struct envelope *envelope = &sending->envelope;
	struct error error;

	if (outbound_commit(sending->connection) != 0)
		return;
	warn_sender(sending);
	for (size_t i = 0; i < sending->transaction.count; i++) {
		const struct smtp_reply *reply = &sending->transaction.recipients[i].reply;
		struct place *place = sending->places[i];

		if (is_decided(reply))
			place->status = smtp_reply_ok(reply) ? PLACE_SENT : PLACE_FAILED;
		else
			outbound_journal(sending, EVENT_DEFERRED, place->name, reply->text);
	}
	envelope->next_attempt = next_attempt(sending);
	envelope->attempts++;
	if (queue_update(spool, &sending->entry->item, envelope, QUEUE_DEFERRED, &error) != 0)
		outbound_fail(sending->out, &error, false);
}

/* Some servers accept only a limited number of recipients at once, and the others in another transaction (RFC
 * 5321 section 4.5.3.1.10). */
static bool is_partial(const struct sending *sending)
{
	size_t taken = 0, surplus = 0, others = 0;

	for (size_t i = 0; i < sending->transaction.count; i++) {
		const struct smtp_reply *reply = &sending->transaction.recipients[i].reply;

		taken += smtp_reply_ok(reply);
		surplus += reply->code == 452;
		others += !is_decided(reply) && reply->code != 452;
	}
	return taken > 0 && surplus > 0 && others == 0;
}

void outbound_undecide(struct sending *sending, const char *why, bool all)
{
	char text[SMTP_REPLY_TEXT];

	phrase_set(text, sizeof(text), "451 4.4.2 %s", why);
	for (size_t i = 0; i < sending->transaction.count; i++) {
		struct smtp_reply *reply = &sending->transaction.recipients[i].reply;

		if (all || !smtp_reply_is_permanent(reply))
			smtp_reply_set(reply, 451, text);
	}
}

static bool has_carried(const struct smtp_transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++)
		if (smtp_reply_ok(&transaction->recipients[i].reply))
			return true;
	return false;
}

/* Now or by an earlier attempt. */
static bool has_reached_one(const struct sending *sending)
{
	if (has_carried(&sending->transaction))
		return true;
	for (size_t i = 0; i < sending->envelope.place_count; i++)
		if (sending->envelope.places[i].status == PLACE_SENT)
			return true;
	return false;
}

void outbound_settle(struct sending *sending)
{
	size_t failed, waiting;

	count_time(sending);
	sending->is_partial = is_partial(sending);
	expire(sending);
	keep_replies(sending);
	if (append_outcome(sending, &failed, &waiting) != 0)
		return;
	if (has_carried(&sending->transaction))
		outbound_count_bytes(sending->out, &sending->envelope, sending->message.len);
	if (waiting > 0)
		defer(sending);
	if (!sending->is_partial)
		outbound_count(sending->out, waiting == 0 && has_reached_one(sending), waiting == 0 && failed > 0, waiting > 0);
}
