/*
 * Connections of one session: what is done when the line breaks.
 *
 * A message that was under way when it broke is perhaps to blame: it is tried as the last one of the next connection, and
 * after a second break it is left for the next session, so that it blocks nothing behind it. Since only QUIT makes
 * the server delete, a line that dropped gets its QUIT and a new connection every so many messages: else a mailbox
 * would never shrink. The number is remembered for the next session, for a bad line stays one.
 */
#include "base/clock.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CONNECTIONS_MAX 1000
#define FRUITLESS_MAX 3
#define PAUSE_MS 300 /* before a new connection; servers need time to unlock the mailbox */
#define COMMIT_START 100
#define COMMIT_LEAST 5
#define COMMIT_ENOUGH 1000 /* a line that does so many is a good one again */

size_t fetch_troubles(const struct fetch *fetch, const struct plan_item *item)
{
	return item->key == NULL ? 0
				 : (uintptr_t)map_get(&fetch->troubles, slice_of(item->key));
}

/* --- how many messages a connection, remembered */

static void commit_key(const struct fetch *fetch, char *key, size_t size)
{
	snprintf(key, size, "commit-every %s", fetch->job->account->name);
}

static void recall_commit_every(struct fetch *fetch)
{
	char key[96], *text = NULL;
	uint64_t number;
	struct error error;

	commit_key(fetch, key, sizeof(key));
	if (state_get(fetch->job->state, key, &text, &error) == 0 && text != NULL &&
	    slice_number(slice_of(text), COMMIT_LEAST, COMMIT_ENOUGH, &number))
		fetch->commit_every = (size_t)number;
	free(text);
}

static void set_commit_every(struct fetch *fetch, size_t number)
{
	char key[96], text[24];
	struct error error;

	if (number == fetch->commit_every)
		return;
	fetch->commit_every = number > COMMIT_ENOUGH ? 0 : number;
	commit_key(fetch, key, sizeof(key));
	snprintf(text, sizeof(text), "%zu", fetch->commit_every);
	if (state_set(fetch->job->state, key, text, &error) != 0)
		log_warnx("event=line-not-remembered account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_CSTR(error.text));
}

/* --- after a connection */

/* True if there is a message to blame. */
static bool blame(struct fetch *fetch)
{
	const struct pop3_client *client = &fetch->client;
	const struct plan_item *item;
	enum pop3_command command = client->pending[client->first].command;

	if (client->count == 0 || (command != POP3_RETR && command != POP3_TOP))
		return false;
	item = plan_find(&fetch->plan, client->pending[client->first].number);
	if (item == NULL || item->key == NULL)
		return false;
	map_put(&fetch->troubles, slice_of(item->key),
	    (void *)(uintptr_t)(fetch_troubles(fetch, item) + 1));
	return true;
}

static void line_dropped(struct fetch *fetch)
{
	size_t number = fetch->commit_every == 0 ? COMMIT_START : fetch->commit_every / 2;

	if (!blame(fetch) && fetch->timed_out)
		fetch->fruitless = FRUITLESS_MAX; /* it hangs whatever is asked */
	set_commit_every(fetch, number < COMMIT_LEAST ? COMMIT_LEAST : number);
}

static bool is_cancelled(const struct fetch *fetch)
{
	return fetch->job->cancel != NULL && atomic_load(fetch->job->cancel);
}

static void pause_before_connecting(const struct fetch *fetch)
{
	int64_t until = clock_now_ms() + (PAUSE_MS << fetch->fruitless);
	const struct timespec step = {.tv_nsec = 50 * 1000000};

	while (clock_now_ms() < until && !is_cancelled(fetch))
		nanosleep(&step, NULL);
}

/* A hanging server costs a minute each time: it gets fewer chances than one that breaks off. */
static bool may_try_again(struct fetch *fetch, bool gained, const struct error *error)
{
	bool cannot_connect = fetch->connections > 0 && fetch->remote == NULL &&
			      error->class == ERROR_TEMPORARY;

	if (!fetch->line_broke && !cannot_connect)
		return false;
	fetch->fruitless = gained ? 0 : fetch->fruitless + (fetch->timed_out ? 2 : 1);
	return fetch->fruitless <= FRUITLESS_MAX && !is_cancelled(fetch);
}

int fetch_with_reconnects(struct fetch *fetch, struct error *error)
{
	recall_commit_every(fetch);
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		size_t before = fetch->result->fetched + fetch->result->deleted;
		int result = fetch_one_connection(fetch, error);
		bool has_more = fetch->has_more, again = false;
		bool gained = fetch->result->fetched + fetch->result->deleted > before;

		if (result != 0) {
			if (fetch->line_broke)
				line_dropped(fetch);
			again = may_try_again(fetch, gained, error);
		} else if (fetch->commit_every > 0 && fetch->asked >= fetch->commit_every) {
			set_commit_every(fetch, fetch->commit_every * 2);
		}
		if (result == 0 ? !has_more : !again)
			return result;
		log_info("event=connect-again account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name),
		    LOG_CSTR(result == 0 ? "deletions are committed" : error->text));
		fetch_hang_up(fetch);
		pause_before_connecting(fetch);
	}
	return error_set(error, ERROR_TEMPORARY, "%u connections were not enough", CONNECTIONS_MAX);
}
