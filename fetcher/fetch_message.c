/* Receives a message from its first byte to its last. */
#include "base/alloc.h"
#include "base/clock.h"
#include "fetcher/fetch_priv.h"
#include "config/endpoint.h"

#include <stdlib.h>

#define STUB_MAX (1u << 20)

static void add_trace(struct fetch *fetch)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->message.envelope;
	char date[64], *received;
	struct endpoint server = endpoint_of(job->account->remote.url);
	struct slice host = server.place;

	if (server.port.len > 0) /* RFC 5321 section 4.4 has no field for it */
		host.len -= server.port.len + 1;
	received = xasprintf("from %.*s by %s with %s%s id %s; %s", SLICE_PRINT(host), job->conf->gateway.hostname,
	    fetch->is_imap ? "IMAP" : "POP3", server.tls ? "S" : "", envelope->id.text,
	    clock_rfc5322(date, sizeof(date), envelope->time));
	envelope_add_header(envelope, "Received", slice_of(received));
	envelope_add_header(envelope, "X-Lanpost-Account", slice_of(job->account->name));
	free(received);
}

void fetch_message_prepare(struct fetch *fetch, struct plan_item *item)
{
	const struct fetch_job *job = fetch->job;
	struct envelope *envelope = &fetch->message.envelope;

	fetch->message = (struct fetch_message){.item = item, .stub = BUF_INIT(STUB_MAX), .ticket = FILTER_TICKET_NONE};
	body_init(&fetch->message.body, job->spool);
	envelope_init(envelope);
	origin_set_account(&envelope->origin, job->account->name);
	envelope_set(&envelope->session, slice_of(job->session));
	envelope_set(&envelope->account, slice_of(job->account->name));
	envelope_set(&envelope->mailbox, slice_of(fetch->mailbox));
	envelope->listed = item->size;
	add_trace(fetch);
}

int fetch_message_begin(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	fetch_message_prepare(fetch, event->item);
	if (event->item->is_later)
		fetch_later_section(fetch, event->text);
	return fetch_partial_begin(fetch, event->size, error);
}

void fetch_message_release(struct fetch *fetch)
{
	fetch_partial_close(fetch);
	fetch->message = (struct fetch_message)FETCH_MESSAGE_NONE;
}

void fetch_message_clear(struct fetch_message *message)
{
	envelope_clear(&message->envelope);
	body_clear(&message->body, false);
	buf_clear(&message->stub);
	free(message->sections.items);
	filter_ask_drop(&message->ticket);
	*message = (struct fetch_message)FETCH_MESSAGE_NONE;
}

void fetch_message_drop(struct fetch *fetch)
{
	if (fetch->message.item == NULL)
		return;
	fetch_partial_close(fetch);
	fetch_message_clear(&fetch->message);
}

int fetch_message_data(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	struct slice bytes = event->text;
	const struct plan_item *item = fetch->message.item;
	size_t room = fetch->message.stub.limit - fetch->message.stub.len;

	if (item == NULL)
		return 0;
	fetch->result->bytes += bytes.len;
	fetch_batch_progress(fetch);
	if (item->action == PLAN_STUB) /* its beginning is enough */
		buf_append(&fetch->message.stub, bytes.ptr, bytes.len < room ? bytes.len : room);
	else if (fetch_partial_data(fetch, bytes, event->raw, error) != 0)
		return -1;
	return fetch_limits_check(fetch, bytes.len, error);
}
