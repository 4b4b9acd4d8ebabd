/* The connection of a fetch: sending and receiving, its deadlines, and how it ended. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/fetch_priv.h"
#include "mail/login_memory.h"

#include <stdlib.h>

#define STEP_MS 600000	     /* for one reply, or one message without its bytes */
#define SILENT_BYTES (64u << 20) /* limit of useless input: literals and lines that were not requested */
#define PROBE_MS 15000 /* a server that answers one of several commands and is then silent */

/* Tells the session what the line has carried: while messages come, their bytes; at the end of a connection the rest. */
static void count_moved(struct fetch *fetch)
{
	struct remote_bytes moved = remote_moved(fetch->connection.remote), before = fetch->connection.moved;
	struct remote_bytes more = {moved.received - before.received, moved.sent - before.sent};

	fetch->connection.moved = moved;
	fetch->wire_counted.received += more.received;
	fetch->wire_counted.sent += more.sent;
	fetch_limits_came(fetch, more, 0);
	if (fetch->job->pace != NULL)
		fetch->connection.deadline += fetch->job->pace(fetch->job->context, more.received + more.sent);
}

static uint64_t rest(uint64_t all, uint64_t counted)
{
	return all > counted ? all - counted : 0;
}

static void count_wire(struct fetch *fetch)
{
	struct remote_bytes *counted = &fetch->wire_counted, more;

	fetch->result->line_received = atomic_load(&fetch->wire.received);
	fetch->result->line_sent = atomic_load(&fetch->wire.sent);
	more.received = rest(fetch->result->line_received, counted->received);
	more.sent = rest(fetch->result->line_sent, counted->sent);
	fetch_limits_came(fetch, more, 0);
	counted->received += more.received;
	counted->sent += more.sent;
}

int fetch_connection_open(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	enum conf_auth way = fetch->memory.login_way;
	const struct remote_options options = {
	    .remote = &fetch->folders.usual->remote, /* the secrets know it by its address */
	    .known = &way,
	    .hostname = job->conf->gateway.hostname,
	    .proxy = job->conf->line.proxy,
	    .timeout = job->account->timeout,
	    .cancel = job->cancel,
	    .secrets = job->secrets,
	    .wire = &fetch->wire,
	};

	if (remote_open(&fetch->connection.remote, &options, error) != 0) {
		count_wire(fetch);
		return -1;
	}
	pop3_client_init(&fetch->connection.pop3);
	imap_client_init(&fetch->connection.imap);
	fetch->connection.chunk = xmalloc(FETCH_CHUNK);
	if (way != fetch->memory.login_way && job->spool != NULL)
		login_remember(job->spool->state, "account", job->account->name, way);
	fetch->memory.login_way = way;
	fetch->reconnect.connections++;
	return 0;
}

void fetch_connection_close(struct fetch *fetch)
{
	struct fetch_connection *connection = &fetch->connection;

	remote_close(connection->remote);
	count_wire(fetch);
	pop3_client_clear(&connection->pop3);
	imap_client_clear(&connection->imap);
	free(connection->chunk);
	fetch_limits_came(fetch, (struct remote_bytes){0, 0}, connection->promised);
	*connection = (struct fetch_connection){0};
}

bool fetch_connection_is_certain(const struct fetch *fetch)
{
	return !fetch->connection.is_careful || fetch->connection.window == 1;
}

bool fetch_connection_is_lost(const struct fetch *fetch)
{
	return fetch->connection.end == FETCH_LINE_BROKE || fetch->connection.end == FETCH_TIMED_OUT;
}

int fetch_connection_garbled(struct fetch *fetch, struct slice text, struct error *error)
{
	fetch->connection.end = FETCH_GARBLED;
	return error_set(error, ERROR_PROTOCOL, N_("%s did not answer like a mail server: %.*s"),
	    remote_host(fetch->connection.remote), SLICE_PRINT(text));
}

static int broken(struct fetch *fetch, enum remote_result result, const char *doing,
    struct error *error)
{
	fetch->connection.cannot_expand = result == REMOTE_GARBLED;
	if (result == REMOTE_CLOSED || result == REMOTE_GARBLED)
		fetch->connection.end = FETCH_LINE_BROKE;
	else if (result == REMOTE_TIMEOUT)
		fetch->connection.end = FETCH_TIMED_OUT;
	return remote_error(fetch->connection.remote, result, doing, error);
}

/* No other connection is made in this session. */
static int too_slow(struct fetch *fetch, struct error *error)
{
	fetch->connection.end = FETCH_TIMED_OUT;
	fetch->end = clock_now_ms();
	return error_set(error, ERROR_TEMPORARY, N_("%s is too slow: the session has waited 10 minutes for hardly any data"),
	    remote_host(fetch->connection.remote));
}

int fetch_connection_exchange(struct fetch *fetch, struct error *error)
{
	struct fetch_connection *connection = &fetch->connection;
	struct buf *out = fetch->is_imap ? &connection->imap.out : &connection->pop3.out;
	int64_t idle_ms = fetch->job->account->timeout * 1000;
	enum remote_result result;
	int64_t begun, deadline;
	size_t got = 0;

	/* If a server did not announce pipelining, silence means that it does not support it. */
	if (!fetch_connection_is_certain(fetch) && connection->answers == 1 && idle_ms > PROBE_MS)
		idle_ms = PROBE_MS;
	begun = clock_now_ms();
	deadline = clock_earlier(clock_earlier(begun + idle_ms, connection->deadline), fetch->end);
	if (out->len > 0) {
		result = remote_send(connection->remote, buf_slice(out), deadline);
		buf_reset(out);
		return result == REMOTE_OK ? 0 : broken(fetch, result, N_("sending commands"), error);
	}
	deadline = clock_earlier(deadline, begun + slowness_left_ms(&fetch->slowness));
	result = remote_recv(connection->remote, connection->chunk, FETCH_CHUNK, &got, deadline);
	slowness_waited(&fetch->slowness, clock_now_ms() - begun, result == REMOTE_OK ? got : 0);
	if (result == REMOTE_TIMEOUT && slowness_left_ms(&fetch->slowness) == 0)
		return too_slow(fetch, error);
	if (result != REMOTE_OK)
		return broken(fetch, result, N_("waiting for a reply"), error);
	connection->input = slice_make(connection->chunk, got);
	connection->has_expanded = connection->is_compressed;
	count_moved(fetch);
	if (connection->lists && fetch_limits_list(fetch, got, error) != 0)
		return -1;
	connection->silent += got;
	if (connection->silent > SILENT_BYTES)
		return fetch_connection_garbled(fetch, SLICE_LITERAL("(data that nobody asked for)"), error);
	return 0;
}

void fetch_connection_renew_deadline(struct fetch *fetch, const struct plan_item *item)
{
	int64_t size = item == NULL ? 0 : (int64_t)item->size;

	fetch->connection.deadline = clock_now_ms() + STEP_MS + size * 1000 / SLOWNESS_BYTES_PER_SECOND;
}
