#include "fetcher/fetch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define CHUNK (64 * 1024)
#define IDLE_MS 60000	   /* without a byte */
#define STEP_MS 600000	   /* for one reply or one message of no size */
#define LEAST_BYTES_PER_MS 1 /* a slower message ends the session */
#define HEADER_MAX (1u << 20)

/* --- the connection */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int broken(struct fetch *fetch, enum remote_result result, const char *doing,
    struct error *error)
{
	fetch->line_broke = result == REMOTE_CLOSED || result == REMOTE_TIMEOUT;
	fetch->timed_out = result == REMOTE_TIMEOUT;
	return remote_error(fetch->remote, result, doing, error);
}

/* The next event, sending and receiving as needed. */
static int next_event(struct fetch *fetch, struct pop3_event *event, struct error *error)
{
	struct pop3_client *client = &fetch->client;
	enum remote_result result;
	size_t got;

	while (pop3_client_next(client, &fetch->input, event) == POP3_NEED) {
		int64_t deadline = earlier(clock_now_ms() + IDLE_MS, fetch->deadline);

		if (client->out.len > 0) {
			result = remote_send(fetch->remote, buf_slice(&client->out), deadline);
			if (result != REMOTE_OK)
				return broken(fetch, result, "sending commands", error);
			buf_reset(&client->out);
			continue;
		}
		result = remote_recv(fetch->remote, fetch->chunk, CHUNK, &got, deadline);
		if (result != REMOTE_OK)
			return broken(fetch, result, "waiting for an answer", error);
		fetch->input = slice_make(fetch->chunk, got);
	}
	if (event->what == POP3_GARBAGE)
		return error_set(error, ERROR_PROTOCOL, "%s does not answer as a POP3 server: %.*s",
		    remote_host(fetch->remote), SLICE_PRINT(event->text));
	/* Each answer and each message has a time of its own; its bytes do not renew it. */
	if (event->what == POP3_REPLY || event->what == POP3_END) {
		const struct plan_item *item = plan_find(&fetch->plan, event->number);
		int64_t size = item == NULL ? 0 : (int64_t)item->size;

		fetch->deadline = clock_now_ms() + STEP_MS + size / LEAST_BYTES_PER_MS;
	}
	return 0;
}

int fetch_drive(struct fetch *fetch, fetch_feed feed, fetch_event on_event, struct error *error)
{
	struct pop3_event event;

	for (;;) {
		while (fetch->client.count < fetch->window && feed(fetch))
			;
		if (fetch->client.count == 0)
			return 0;
		if (next_event(fetch, &event, error) != 0 || on_event(fetch, &event, error) != 0)
			return -1;
	}
}

/* --- the end */

static bool feed_quit(struct fetch *fetch)
{
	return fetch->commands_sent++ == 0 && pop3_client_send(&fetch->client, POP3_QUIT, 0, 0);
}

static int quit_event(struct fetch *fetch, const struct pop3_event *event, struct error *error)
{
	if (event->what != POP3_REPLY)
		return 0;
	if (!event->ok && fetch->delete_done > 0)
		return error_set(error, ERROR_TEMPORARY, "%s did not delete at QUIT: %.*s",
		    remote_host(fetch->remote), SLICE_PRINT(event->text));
	fetch->result->deleted += fetch->delete_done;
	fetch->delete_done = 0;
	return 0;
}

/* Deletions are carried out by QUIT alone (RFC 1939 section 6); a farewell without them may go unanswered. */
static int quit(struct fetch *fetch, struct error *error)
{
	bool had_deletions = fetch->delete_done > 0;

	fetch->commands_sent = 0;
	if (fetch_drive(fetch, feed_quit, quit_event, error) == 0 || !had_deletions)
		return 0;
	return -1;
}

static void forget_stale(struct fetch *fetch)
{
	const char *account = fetch->job->account->name;
	int64_t now = clock_wall();
	struct map listed = MAP_INIT;
	struct slice key;
	struct error error;
	void *when;

	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].key != NULL)
			map_put(&listed, slice_of(fetch->plan.items[i].key), (void *)1);
	for (size_t at = 0; map_next(&fetch->seen, &at, &key, &when);)
		if (plan_is_stale(key, state_seen_when(when), now) && map_get(&listed, key) == NULL &&
		    state_seen_forget(fetch->job->state, account, key, &error) != 0)
			log_warnx("event=uidl-not-forgotten account=%s reason=%s", LOG_CSTR(account),
			    LOG_CSTR(error.text));
	map_clear(&listed);
}

void fetch_skip(struct fetch *fetch, const struct plan_item *item, struct slice reply)
{
	struct fetch_result *result = fetch->result;
	char text[200];

	if (item->key != NULL && strlist_has(&result->skipped_keys, item->key))
		return; /* by an earlier connection */
	result->skipped++;
	str_printable(text, sizeof(text), reply);
	log_warnx("event=message-skipped account=%s number=%u uidl=%s reply=%s",
	    LOG_CSTR(fetch->job->account->name), item->number,
	    LOG_CSTR(item->key == NULL ? "" : item->key), LOG_TEXT(reply));
	if (item->key == NULL || result->skipped_keys.count >= FETCH_SKIPPED_MAX)
		return;
	strlist_add(&result->skipped_keys, item->key);
	strlist_add(&result->skipped_texts, text);
}

/* --- the whole */

int fetch_one_connection(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	const struct remote_options options = {
	    .remote = &job->account->remote,
	    .hostname = job->conf->gateway.hostname,
	    .proxy = job->conf->line.proxy,
	    .cancel = job->cancel,
	};

	if (remote_open(&fetch->remote, &options, error) != 0)
		return -1;
	fetch->connections++;
	fetch->deadline = clock_now_ms() + STEP_MS;
	if (fetch_listing(fetch, error) != 0)
		return -1;
	if (fetch_transfer(fetch, error) != 0) {
		struct error commit_error;

		/* What came whole before the failure counts; it is deleted next time. */
		if (fetch_commit(fetch, &commit_error) != 0)
			log_warnx("event=commit-failed account=%s reason=%s",
			    LOG_CSTR(job->account->name), LOG_CSTR(commit_error.text));
		return -1;
	}
	if (quit(fetch, error) != 0)
		return -1;
	if (!fetch->has_more)
		forget_stale(fetch);
	return 0;
}

void fetch_hang_up(struct fetch *fetch)
{
	if (fetch->current != NULL) {
		envelope_clear(&fetch->envelope);
		body_clear(&fetch->body, false);
		fetch->current = NULL;
	}
	remote_close(fetch->remote);
	fetch->remote = NULL;
	pop3_client_clear(&fetch->client);
	pop3_client_init(&fetch->client);
	plan_clear(&fetch->plan);
	fetch->input = SLICE_NONE;
	fetch->window = 1;
	fetch->commands_sent = fetch->next_digest = fetch->next_item = fetch->asked = 0;
	fetch->delete_count = fetch->delete_next = fetch->delete_done = 0;
	fetch->tries_troubled = fetch->has_more = fetch->line_broke = fetch->timed_out = false;
}

int fetch_account(const struct fetch_job *job, struct fetch_result *result, struct error *error)
{
	struct fetch fetch = {
	    .job = job,
	    .result = result,
	    .chunk = xmalloc(CHUNK),
	    .window = 1,
	    .header = BUF_INIT(HEADER_MAX),
	    .stub = BUF_INIT(HEADER_MAX),
	    .batch = intake_batch_new(job->intake),
	};
	int code;

	*result = (struct fetch_result){0};
	pop3_client_init(&fetch.client);
	code = state_seen_load(job->state, job->account->name, &fetch.seen, error);
	if (code == 0)
		code = fetch_with_reconnects(&fetch, error);
	fetch_hang_up(&fetch);
	pop3_client_clear(&fetch.client);
	map_clear(&fetch.troubles);
	map_clear(&fetch.seen);
	intake_batch_free(fetch.batch);
	buf_clear(&fetch.header);
	buf_clear(&fetch.stub);
	free(fetch.batch_items);
	free(fetch.deletes);
	free(fetch.chunk);
	return code;
}
