/* A message from its first byte to its last, and the batches in which messages get into the intake log. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "config/endpoint.h"
#include "spool/state/state_seen.h"

#include <stdlib.h>

#define BATCH_MESSAGES 256
#define BATCH_BYTES (4u << 20)

static void tell_progress(const struct fetch *fetch)
{
	fetch->result->arrived = fetch->result->fetched + fetch->batch_count;
	fetch->job->progress(fetch->job->context, fetch->job->account->name, fetch->result);
}

/* --- batches */

bool fetch_batch_is_full(const struct fetch *fetch)
{
	return fetch->batch_count >= BATCH_MESSAGES || fetch->batch_bytes >= BATCH_BYTES;
}

void fetch_want_delete(struct fetch *fetch, uint32_t number)
{
	ARRAY_GROW(fetch->deletes, fetch->delete_count);
	fetch->deletes[fetch->delete_count++] = number;
}

void fetch_remember_mark(struct fetch *fetch, char *key, const struct seen *what)
{
	struct error error;

	state_seen_put(&fetch->seen, slice_of(key), what);
	if (state_seen_add(fetch->job->state, fetch->mailbox, slice_of(key), "", what, &error) != 0)
		log_warnx("event=message-not-remembered account=%s reason=%s", LOG_CSTR(fetch->job->account->name),
		    LOG_ERROR(&error));
	free(key);
}

/* Whether it is all there is nobody knows: it stays on the server. */
static void note_short(struct fetch *fetch, const struct plan_item *item)
{
	fetch_remember_mark(fetch, plan_short_mark(item->key), &(struct seen){.time = clock_wall()});
	fetch_skip(fetch, item, PHRASE(N_("the message is shorter than the size that the server "
	    "lists; the received part was delivered")));
}

/* Another connection of this session must know it, too. */
static void note_durable(struct fetch *fetch, const struct batch_item *done)
{
	struct plan_item *item = done->item;
	const struct seen *what = &done->seen;
	bool is_stub = item->action == PLAN_STUB;
	char *key = is_stub ? plan_stub_key(item->key) : xstrdup(item->key);

	state_seen_put(&fetch->seen, slice_of(key), what);
	if (fetch->plan.has_digests)
		plan_note(&fetch->plan, key, what);
	item->is_new = item->is_doubtful = false;
	fetch_forget_troubles(fetch, item);
	if (done->is_short)
		note_short(fetch, item);
	else if (!is_stub && fetch->job->account->keep_days == 0)
		fetch_want_delete(fetch, item->number);
	free(key);
}

/* After the message itself: a crash in between brings a copy too many, never a letter too few. */
static void note_letter(struct fetch *fetch, const struct batch_item *done)
{
	if (done->letter != 0)
		fetch_remember_mark(fetch, plan_letter_key(done->letter), &(struct seen){.time = done->seen.time});
}

int fetch_commit(struct fetch *fetch, struct error *error)
{
	size_t count = fetch->batch_count;

	fetch->asked_since = 0;
	if (count == 0)
		return 0;
	fetch->batch_count = 0;
	fetch->batch_bytes = 0;
	if (intake_batch_commit(fetch->batch, error) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		note_durable(fetch, &fetch->batch_items[i]);
		note_letter(fetch, &fetch->batch_items[i]);
	}
	fetch->result->fetched += count;
	tell_progress(fetch);
	return 0;
}

void fetch_drop_batch(struct fetch *fetch)
{
	intake_batch_free(fetch->batch);
	fetch->batch = intake_batch_new(fetch->job->intake);
	fetch->batch_count = 0;
	fetch->batch_bytes = 0;
}

void fetch_add_to_batch(struct fetch *fetch, struct plan_item *item, uint64_t letter, bool is_short)
{
	const struct envelope *envelope = &fetch->envelope;

	ARRAY_GROW(fetch->batch_items, fetch->batch_count);
	fetch->batch_items[fetch->batch_count++] = (struct batch_item){
	    .item = item,
	    .seen = {envelope->time, envelope->listed, envelope->digest, envelope->body, true},
	    .is_short = is_short,
	    .letter = letter,
	};
	fetch->batch_bytes += fetch->body.path == NULL ? fetch->body.size : 0;
	intake_batch_append(fetch->batch, &fetch->envelope, &fetch->body, NULL, 0);
}

/* --- a message */

static void add_trace(struct fetch *fetch)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->envelope;
	char date[64], *received;
	struct endpoint server = endpoint_of(job->account->remote.url);
	struct slice host = server.place;

	if (server.port.len > 0) /* RFC 5321 section 4.4 has no place for it */
		host.len -= server.port.len + 1;
	received = xasprintf("from %.*s by %s with %s%s id %s; %s", SLICE_PRINT(host), job->conf->gateway.hostname,
	    fetch->is_imap ? "IMAP" : "POP3", server.tls ? "S" : "", envelope->id.text,
	    clock_rfc5322(date, sizeof(date), envelope->time));
	envelope_add_header(envelope, "Received", slice_of(received));
	envelope_add_header(envelope, "X-Lanpost-Account", slice_of(job->account->name));
	free(received);
}

void fetch_begin_message(struct fetch *fetch, struct plan_item *item)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->envelope;
	char *origin = xasprintf("account %s", job->account->name);

	fetch->current = item;
	fetch->is_held = false;
	buf_reset(&fetch->stub);
	body_init(&fetch->body, job->conf->gateway.spool);
	envelope_init(envelope);
	envelope_set(&envelope->origin, slice_of(origin));
	envelope_set(&envelope->session, slice_of(job->session));
	envelope_set(&envelope->account, slice_of(job->account->name));
	envelope_set(&envelope->mailbox, slice_of(fetch->mailbox));
	envelope->listed = item->size;
	add_trace(fetch);
	free(origin);
}

void fetch_drop_message(struct fetch *fetch)
{
	if (fetch->current == NULL)
		return;
	envelope_clear(&fetch->envelope);
	body_clear(&fetch->body, false);
	fetch->current = NULL;
	fetch->is_held = false;
}

int fetch_message_data(struct fetch *fetch, struct slice bytes, struct error *error)
{
	const struct plan_item *item = fetch->current;
	size_t room = fetch->stub.limit - fetch->stub.len;

	if (item == NULL)
		return 0;
	fetch->result->bytes += bytes.len;
	tell_progress(fetch);
	if (item->action == PLAN_STUB) /* its beginning is enough */
		buf_append(&fetch->stub, bytes.ptr, bytes.len < room ? bytes.len : room);
	else if (body_append(&fetch->body, bytes, &fetch->envelope.id, error) != 0)
		return -1;
	return fetch_check_limits(fetch, bytes.len, error);
}
