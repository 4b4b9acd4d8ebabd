/*
 * Connections of one session: handling of lost connections.
 *
 * A message that was in progress when the connection broke, or after which no valid reply came, is perhaps the cause: it
 * is tried last on the next connection, and after a second break it is left for another session (fetch_tries.c), so that
 * it does not block others. Since POP3 servers delete only at QUIT, a line that drops gets a QUIT and a new connection
 * after a limited number of messages: otherwise the mailbox would never shrink. The number is kept for the next session,
 * because a bad line stays bad.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <time.h>

#define CONNECTIONS_MAX 1000
#define FRUITLESS_MAX 3
#define PAUSE_MS 300 /* before a new connection; servers need time to unlock the mailbox */
#define SILENT_MAX 2
#define COMMIT_START 100
#define COMMIT_LEAST 5
#define COMMIT_ENOUGH 1000 /* a line that transfers this many is good again */

static bool is_about_message(enum fetch_ask ask)
{
	return ask == ASK_MESSAGE || ask == ASK_TOP || ask == ASK_HEADER || ask == ASK_STRUCTURE || ask == ASK_PARTS;
}

/* True if a message is the possible cause. */
static bool blame(struct fetch *fetch, bool is_broken)
{
	struct plan_item *item;
	enum fetch_ask ask;

	if (!fetch_dialogue_oldest(fetch, &ask, &item) || item == NULL || !is_about_message(ask))
		return false;
	if (item != fetch->transfer.kept_item) /* it has come forward: the next connection continues it */
		fetch_tries_add(fetch, item, is_broken);
	return true;
}

/* The input is not a valid reply: it is inside a message, or after one that was therefore incomplete. A new connection
 * works around it. */
static bool is_message_broken(struct fetch *fetch)
{
	return fetch->connection.end == FETCH_GARBLED && (fetch->connection.is_message_broken || blame(fetch, true));
}

static void line_dropped(struct fetch *fetch)
{
	size_t number = fetch->memory.commit_every == 0 ? COMMIT_START : fetch->memory.commit_every / 2;

	if (!blame(fetch, false) && fetch->connection.end == FETCH_TIMED_OUT)
		fetch->reconnect.fruitless = FRUITLESS_MAX; /* it hangs at any command */
	if (!fetch->is_imap) /* IMAP deletions need no QUIT */
		fetch_memory_save_commit_every(fetch, number < COMMIT_LEAST ? COMMIT_LEAST : number);
}

/* A server that loses commands sent before its last reply. */
static bool cannot_pipeline(const struct fetch *fetch)
{
	enum fetch_end end = fetch->connection.end;

	return !fetch->is_imap && fetch->connection.window > 1 && fetch->connection.answers > 0 &&
	       (end == FETCH_GARBLED || end == FETCH_TIMED_OUT || (end == FETCH_LINE_BROKE && fetch->connection.answers == 1));
}

static bool is_cancelled(const struct fetch *fetch)
{
	return fetch->job->cancel != NULL && atomic_load(fetch->job->cancel);
}

static void pause_before_connecting(const struct fetch *fetch)
{
	int64_t until = clock_now_ms() + (PAUSE_MS << fetch->reconnect.fruitless);
	const struct timespec step = {.tv_nsec = 50 * 1000000};

	while (clock_now_ms() < until && !is_cancelled(fetch))
		nanosleep(&step, NULL);
}

/* A hanging server costs a minute each time: it gets fewer retries than one that disconnects. */
static bool may_try_again(struct fetch *fetch, bool gained, const struct error *error)
{
	bool cannot_connect = fetch->reconnect.connections > 0 && fetch->connection.remote == NULL &&
			      (error->class == ERROR_TEMPORARY || error->class == ERROR_BUSY);

	if ((!fetch_connection_is_lost(fetch) && !fetch->connection.is_message_broken && !cannot_connect) || clock_now_ms() >= fetch->end)
		return false;
	fetch->reconnect.fruitless = gained ? 0 : fetch->reconnect.fruitless + (fetch->connection.end == FETCH_TIMED_OUT ? 2 : 1);
	return fetch->reconnect.fruitless <= FRUITLESS_MAX && !is_cancelled(fetch);
}

/* The message now has its mark or its failure count, or the next connection will show which message
 * it is. */
static bool again_after_breaking_off(struct fetch *fetch)
{
	if (fetch->connection.is_careful)
		fetch->memory.one_by_one = true;
	fetch->reconnect.fruitless = 0;
	return !fetch->transfer.is_late && !is_cancelled(fetch) && clock_now_ms() < fetch->end;
}

/* A server that agrees to COMPRESS, and then sends nothing that can be expanded. A line that drops during the first answer says nothing about the server;
 * one that drops before it may. */
static bool cannot_compress(struct fetch *fetch)
{
	const struct fetch_connection *connection = &fetch->connection;

	if (!connection->is_compressed)
		return false;
	if (connection->answers == connection->answers_before && (connection->cannot_expand || connection->end == FETCH_GARBLED))
		return true;
	fetch->reconnect.silent = connection->has_expanded || !fetch_connection_is_lost(fetch) ? 0 : fetch->reconnect.silent + 1;
	return fetch->reconnect.silent >= SILENT_MAX;
}

static bool again_after_failure(struct fetch *fetch, bool gained, const struct error *error)
{
	if (cannot_compress(fetch)) {
		fetch_memory_save_no_compress(fetch);
		return !is_cancelled(fetch);
	}
	if (fetch->connection.end == FETCH_BROKEN_OFF)
		return again_after_breaking_off(fetch);
	/* A break after an incomplete message says nothing about the server. */
	if (fetch->connection.is_message_broken && !fetch_connection_is_certain(fetch)) {
		fetch->memory.one_by_one = true;
		return !is_cancelled(fetch);
	}
	if (cannot_pipeline(fetch)) {
		fetch_memory_save_one_by_one(fetch);
		return !is_cancelled(fetch);
	}
	fetch->connection.is_message_broken = is_message_broken(fetch);
	if (fetch_connection_is_lost(fetch))
		line_dropped(fetch);
	/* A careful window trusts nothing until all commands are answered: on such a line that would
	 * never happen. */
	if (fetch_connection_is_lost(fetch) && fetch->connection.is_careful)
		fetch->memory.one_by_one = true;
	return may_try_again(fetch, gained, error);
}

/* After a good connection the next one may be longer. */
static void line_held(struct fetch *fetch)
{
	size_t number = fetch->memory.commit_every * 2;

	if (fetch->memory.commit_every > 0 && fetch->transfer.asked >= fetch->memory.commit_every)
		fetch_memory_save_commit_every(fetch, number > COMMIT_ENOUGH ? 0 : number);
}

int fetch_reconnect_run(struct fetch *fetch, struct error *error)
{
	for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
		size_t before = fetch->result->fetched + fetch->result->deleted;
		int result = fetch_one_connection(fetch, error);
		bool gained = fetch->result->fetched + fetch->result->deleted > before || fetch->transfer.kept >= FETCH_PROGRESS;
		bool again = result == 0 ? fetch->transfer.has_more && !fetch->transfer.is_late
					 : again_after_failure(fetch, gained, error);

		if (result == 0)
			line_held(fetch);
		if (!again)
			return result;
		log_info("event=connect-again account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name),
		    result == 0 ? "\"deletions are committed\"" : LOG_ERROR(error));
		fetch_hang_up(fetch);
		pause_before_connecting(fetch);
	}
	return error_set(error, ERROR_TEMPORARY, N_("gave up after %u connections"), CONNECTIONS_MAX);
}
