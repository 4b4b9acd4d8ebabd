#include "base/alloc.h"
#include "base/clock.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define BATCH_MESSAGES 64
#define BATCH_BYTES (4u << 20)
#define STUB_LINES 20
/* A message that goes on so much longer than LIST said never ends. */
#define RUNAWAY(size) (2 * (size) + (1u << 30))

/* --- deleting */

static void want_delete(struct fetch *fetch, uint32_t number)
{
	ARRAY_GROW(fetch->deletes, fetch->delete_count);
	fetch->deletes[fetch->delete_count++] = number;
}

/* --- committing */

/* Another connection of this session must know it, too. */
static void note_durable(struct fetch *fetch, const struct plan_item *item)
{
	bool is_stub = item->action == PLAN_STUB;
	char *key = is_stub ? plan_stub_key(item->key) : xstrdup(item->key);

	map_put(&fetch->seen, slice_of(key), (void *)(intptr_t)clock_wall());
	if (!is_stub && fetch->job->account->keep_days == 0)
		want_delete(fetch, item->number);
	free(key);
}

int fetch_commit(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	size_t count = fetch->batch_count;

	if (count == 0)
		return 0;
	fetch->batch_count = 0;
	fetch->batch_bytes = 0;
	if (intake_batch_commit(fetch->batch, error) != 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		note_durable(fetch, fetch->batch_items[i]);
	fetch->result->fetched += count;
	job->progress(job->context, job->account->name, fetch->result->fetched, fetch->result->total,
	    fetch->result->bytes);
	return 0;
}

/* --- a message from its first byte to its place in the batch */

static void begin_message(struct fetch *fetch, struct plan_item *item)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->envelope;
	char date[64];
	char *received;
	bool secure;
	char *host = remote_url_host(job->account->remote.url, &secure);
	char *port = strrchr(host, ':');
	char *origin = xasprintf("account %s", job->account->name);

	if (port != NULL) /* RFC 5321 section 4.4 has no place for it */
		*port = '\0';
	fetch->current = item;
	body_init(&fetch->body, job->conf->gateway.spool);
	envelope_init(envelope);
	envelope_set(&envelope->origin, slice_of(origin));
	envelope_set(&envelope->session, slice_of(job->session));
	envelope_set(&envelope->account, slice_of(job->account->name));
	received = xasprintf("from %s by %s with %s id %s; %s", host, job->conf->gateway.hostname,
	    secure ? "POP3S" : "POP3", envelope->id.text,
	    clock_rfc5322(date, sizeof(date), envelope->time));
	envelope_add_header(envelope, "Received", slice_of(received));
	envelope_add_header(envelope, "X-Lanpost-Account", slice_of(job->account->name));
	free(received);
	free(origin);
	free(host);
}

/* The stub is seen under a key of its own, so that the message itself can still be fetched later. */
static int finish_stub(struct fetch *fetch, struct error *error)
{
	struct buf message = BUF_INIT(4u << 20);
	char *key = plan_stub_key(fetch->current->key);
	int result = fetch_make_stub(fetch, fetch->current, buf_slice(&fetch->stub), &message);

	envelope_set(&fetch->envelope.uidl, slice_of(key));
	if (result == 0)
		result = body_append(&fetch->body, buf_slice(&message), &fetch->envelope.id, error);
	buf_clear(&message);
	free(key);
	return result;
}

static int finish_message(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	struct plan_item *item = fetch->current;
	struct slice message;

	if (item->action == PLAN_STUB) {
		if (finish_stub(fetch, error) != 0)
			return -1;
	} else {
		envelope_set(&fetch->envelope.uidl, slice_of(item->key));
	}
	if (body_finish(&fetch->body, error) != 0 ||
	    body_view(&fetch->body, &message, error) != 0 ||
	    job->route(job->context, &fetch->envelope, message, job->account->name) != 0)
		return -1;
	fetch->result->bytes += fetch->body.size;
	fetch->batch_bytes += fetch->body.size;
	intake_batch_append(fetch->batch, &fetch->envelope, &fetch->body, NULL, 0);
	fetch->current = NULL;
	fetch->batch_items = xrealloc(fetch->batch_items,
	    (fetch->batch_count + 1) * sizeof(struct plan_item *));
	fetch->batch_items[fetch->batch_count++] = item;
	if (fetch->batch_count >= BATCH_MESSAGES || fetch->batch_bytes >= BATCH_BYTES)
		return fetch_commit(fetch, error);
	return 0;
}

static int message_data(struct fetch *fetch, struct slice bytes, struct error *error)
{
	const struct plan_item *item = fetch->current;

	if (item->action == PLAN_STUB) {
		buf_append_slice(&fetch->stub, bytes); /* its beginning is enough */
		return 0;
	}
	if (fetch->body.size > RUNAWAY(item->size))
		return error_set(error, ERROR_PROTOCOL,
		    "message %u of %s goes on far beyond the %llu bytes that it should have", item->number,
		    remote_host(fetch->remote), (unsigned long long)item->size);
	return body_append(&fetch->body, bytes, &fetch->envelope.id, error);
}

/* --- the dialogue */

/* True if the disk takes it; else the session ends here, with nothing lost. */
static bool has_room(const struct fetch *fetch, const struct plan_item *item)
{
	return intake_has_room(fetch->job->intake, item->size + fetch->batch_bytes);
}

static bool is_wanted(const struct fetch *fetch, const struct plan_item *item)
{
	return (item->action == PLAN_GET || item->action == PLAN_STUB) &&
	       (fetch_troubles(fetch, item) > 0) == fetch->tries_troubled;
}

/* The next message to ask for: first those in which the line never broke. */
static const struct plan_item *next_wanted(struct fetch *fetch)
{
	for (;;) {
		for (; fetch->next_item < fetch->plan.count; fetch->next_item++)
			if (is_wanted(fetch, &fetch->plan.items[fetch->next_item]))
				return &fetch->plan.items[fetch->next_item];
		if (fetch->tries_troubled)
			return NULL;
		fetch->tries_troubled = true;
		fetch->next_item = 0;
	}
}

static bool feed_transfer(struct fetch *fetch)
{
	const struct plan_item *item;

	if (fetch->delete_next < fetch->delete_count)
		return pop3_client_send(&fetch->client, POP3_DELE,
		    fetch->deletes[fetch->delete_next++], 0);
	if (fetch->has_more || (item = next_wanted(fetch)) == NULL)
		return false;
	fetch->has_more = fetch->commit_every > 0 && fetch->asked >= fetch->commit_every;
	if (fetch->has_more || !has_room(fetch, item))
		return false;
	fetch->asked++;
	fetch->next_item++;
	return item->action == PLAN_STUB
		   ? pop3_client_send(&fetch->client, POP3_TOP, item->number, STUB_LINES)
		   : pop3_client_send(&fetch->client, POP3_RETR, item->number, 0);
}

static int transfer_event(struct fetch *fetch, const struct pop3_event *event,
    struct error *error)
{
	struct plan_item *item = plan_find(&fetch->plan, event->number);

	if (event->command == POP3_DELE) {
		/* One that is not deleted is only deleted next time: it has been seen. */
		fetch->delete_done += event->what == POP3_REPLY && event->ok;
		return 0;
	}
	switch (event->what) {
	case POP3_REPLY:
		if (!event->ok) {
			fetch_skip(fetch, item, event->text);
			return 0;
		}
		buf_reset(&fetch->stub);
		begin_message(fetch, item);
		return 0;
	case POP3_DATA:
		return message_data(fetch, event->text, error);
	case POP3_END:
		return finish_message(fetch, error);
	default:
		return 0;
	}
}

int fetch_transfer(struct fetch *fetch, struct error *error)
{
	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].action == PLAN_DELETE)
			want_delete(fetch, fetch->plan.items[i].number);
	/* What is left in the batch when all is answered is committed; that brings deletions, and another round. */
	do {
		if (fetch_drive(fetch, feed_transfer, transfer_event, error) != 0 ||
		    fetch_commit(fetch, error) != 0)
			return -1;
	} while (fetch->delete_next < fetch->delete_count);
	if (!fetch->has_more && next_wanted(fetch) != NULL) {
		error_set(error, ERROR_TEMPORARY,
		    "the disk is nearly full: %zu messages stay on the server until there is room",
		    fetch->plan.count - fetch->next_item);
		error_reply(error, 452, "4.3.1");
		return -1;
	}
	return 0;
}
