/* A message from its first byte to its place in the intake log, and the batches in which that happens. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/digest.h"
#include "fetcher/fetch_priv.h"
#include "mail/header.h"
#include "mail/multidrop.h"

#include <stdlib.h>

#define BATCH_MESSAGES 256
#define BATCH_BYTES (4u << 20)
/* A message that goes on so much longer than it should never ends. */
#define RUNAWAY(size) (2 * (size) + (1u << 30))

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

/* Another connection of this session must know it, too. */
static void note_durable(struct fetch *fetch, struct plan_item *item, const struct seen *what)
{
	bool is_stub = item->action == PLAN_STUB;
	char *key = is_stub ? plan_stub_key(item->key) : xstrdup(item->key);

	state_seen_put(&fetch->seen, slice_of(key), what);
	item->is_new = false;
	if (!is_stub && fetch->job->account->keep_days == 0)
		fetch_want_delete(fetch, item->number);
	free(key);
}

/* After the message itself: a crash in between brings a copy too many, never a letter too few. */
static void note_letter(struct fetch *fetch, const struct batch_item *done)
{
	const struct seen what = {.time = done->seen.time};
	struct error error;
	char *key;

	if (done->letter == 0)
		return;
	key = plan_letter_key(done->letter);
	state_seen_put(&fetch->seen, slice_of(key), &what);
	if (state_seen_add(fetch->job->state, fetch->mailbox, slice_of(key), "", &what, &error) != 0)
		log_warnx("event=letter-not-remembered account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
	free(key);
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
		note_durable(fetch, fetch->batch_items[i].item, &fetch->batch_items[i].seen);
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

static void add_to_batch(struct fetch *fetch, struct plan_item *item, uint64_t letter)
{
	const struct envelope *envelope = &fetch->envelope;

	ARRAY_GROW(fetch->batch_items, fetch->batch_count);
	fetch->batch_items[fetch->batch_count++] = (struct batch_item){
	    .item = item,
	    .seen = {envelope->time, envelope->listed, envelope->digest, true},
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
	bool secure;
	char *host = remote_url_host(job->account->remote.url, &secure);
	char *port = strrchr(host, ':');

	if (port != NULL && strchr(port, ']') == NULL) /* RFC 5321 section 4.4 has no place for it */
		*port = '\0';
	received = xasprintf("from %s by %s with %s%s id %s; %s", host, job->conf->gateway.hostname,
	    fetch->is_imap ? "IMAP" : "POP3", secure ? "S" : "", envelope->id.text,
	    clock_rfc5322(date, sizeof(date), envelope->time));
	envelope_add_header(envelope, "Received", slice_of(received));
	envelope_add_header(envelope, "X-Lanpost-Account", slice_of(job->account->name));
	free(received);
	free(host);
}

void fetch_begin_message(struct fetch *fetch, struct plan_item *item)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->envelope;
	char *origin = xasprintf("account %s", job->account->name);

	fetch->current = item;
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
}

int fetch_message_data(struct fetch *fetch, struct slice bytes, struct error *error)
{
	const struct plan_item *item = fetch->current;
	size_t room = fetch->stub.limit - fetch->stub.len;

	if (item == NULL)
		return 0;
	fetch->result->bytes += bytes.len;
	tell_progress(fetch);
	if (item->action == PLAN_STUB) { /* its beginning is enough */
		buf_append(&fetch->stub, bytes.ptr, bytes.len < room ? bytes.len : room);
		return 0;
	}
	if (fetch->body.size > RUNAWAY(item->size))
		return error_set(error, ERROR_PROTOCOL,
		    N_("message %u of %s goes on far beyond the %llu bytes that it should have"), item->number,
		    remote_host(fetch->remote), (unsigned long long)item->size);
	return body_append(&fetch->body, bytes, &fetch->envelope.id, error);
}

/* The stub is seen under a key of its own, so that the message itself can still be fetched later. */
static int finish_stub(struct fetch *fetch, struct error *error)
{
	struct buf message = BUF_INIT(4u << 20);
	char *key = plan_stub_key(fetch->current->key);
	int result = fetch_make_stub(fetch, fetch->current, buf_slice(&fetch->stub), &message);

	envelope_set(&fetch->envelope.uidl, slice_of(key));
	fetch->envelope.digest = digest_of_header(buf_slice(&fetch->stub));
	if (result == 0)
		result = body_append(&fetch->body, buf_slice(&message), &fetch->envelope.id, error);
	buf_clear(&message);
	free(key);
	return result;
}

/* A message without UIDL from a server without TOP is only known now. Returns true if it was seen before. */
static bool is_known_after_all(struct fetch *fetch, struct plan_item *item, struct slice message)
{
	if (item->key != NULL)
		return false;
	plan_set_digest(item, fetch->envelope.digest, slice_make(message.ptr, header_length(message)));
	return map_get(&fetch->seen, slice_of(item->key)) != NULL;
}

static bool is_in_batch(const struct fetch *fetch, uint64_t letter)
{
	for (size_t i = 0; i < fetch->batch_count; i++)
		if (fetch->batch_items[i].letter == letter)
			return true;
	return false;
}

/* In a catch-all mailbox a letter to two of us lies twice. Where the provider does not note for whom each copy is, the first
 * went to everybody whom it names already: then this one goes to nobody, and is done with. *letter is 0 for a message
 * that does not take part in this. */
static bool is_other_copy(const struct fetch *fetch, struct slice message, uint64_t *letter)
{
	const struct envelope *envelope = &fetch->envelope;
	char *key;
	bool is_known;

	*letter = 0;
	if (fetch->job->account->envelope_header[0] == '\0' || envelope->recipients.count > 0 ||
	    fetch->current->action != PLAN_GET)
		return false;
	*letter = digest_of_letter(message);
	if (*letter == 0)
		return false;
	key = plan_letter_key(*letter);
	is_known = map_get(&fetch->seen, slice_of(key)) != NULL || is_in_batch(fetch, *letter);
	free(key);
	if (is_known)
		intake_journal(fetch->job->intake, envelope->id.text, fetch->job->session, "dropped", "",
		    PHRASE(N_("another copy of a letter that came already")));
	return is_known;
}

static int finish_body(struct fetch *fetch, struct slice *message, struct error *error)
{
	struct plan_item *item = fetch->current;

	if (item->action == PLAN_STUB && finish_stub(fetch, error) != 0)
		return -1;
	if (body_finish(&fetch->body, error) != 0 || body_view(&fetch->body, message, error) != 0)
		return -1;
	if (item->action == PLAN_GET)
		fetch->envelope.digest = digest_of_header(*message);
	return 0;
}

int fetch_finish_message(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	struct plan_item *item = fetch->current;
	struct slice message;
	uint64_t letter;

	if (item == NULL)
		return 0;
	if (finish_body(fetch, &message, error) != 0)
		return -1;
	if (item->action == PLAN_GET && is_known_after_all(fetch, item, message)) {
		fetch->result->total--;
		if (job->account->keep_days == 0)
			fetch_want_delete(fetch, item->number);
		fetch_drop_message(fetch);
		return 0;
	}
	if (item->action == PLAN_GET)
		envelope_set(&fetch->envelope.uidl, slice_of(item->key));
	multidrop_recipients(job->conf, job->account, message, &fetch->envelope.recipients);
	if (!is_other_copy(fetch, message, &letter) &&
	    job->route(job->context, &fetch->envelope, message, job->account) != 0)
		return -1;
	add_to_batch(fetch, item, letter);
	fetch->current = NULL;
	return fetch_batch_is_full(fetch) && !fetch->is_careful ? fetch_commit(fetch, error) : 0;
}
