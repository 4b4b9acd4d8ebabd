/*
 * Carries out the plan: messages are fetched with pipelined commands, go to the log in batches, and are deleted
 * upstream when they are durable here; the deletions of the last batch are sent together with QUIT.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "fetcher/fetch_priv.h"

#define CAREFUL_MESSAGES 64 /* between two points where all commands are answered */
#define SLOW_WINDOW 512	    /* commands in progress on any line; 4 KiB each fill 100 ms and 160 Mbit/s */
#define SOON_MS 1000	    /* more only if their messages arrive within this time */

/* --- messages */

/* Returns false if the disk has no room for it: then the transfer ends here, and nothing is
 * lost. */
static bool has_room(const struct fetch *fetch, const struct plan_item *item)
{
	return intake_has_room(fetch->job->spool->intake, item->size + fetch->batch.bytes + fetch->commit.batch.bytes + fetch->scan.bytes);
}

static bool is_wanted(const struct fetch *fetch, const struct plan_item *item)
{
	return (item->action == PLAN_GET || item->action == PLAN_STUB) &&
	       (fetch_tries_count(fetch, item) > 0) == fetch->transfer.tries_troubled;
}

/* The next message to request: first those during which the connection never broke. */
static struct plan_item *next_wanted(struct fetch *fetch)
{
	for (;;) {
		for (; fetch->transfer.next_item < fetch->plan.count; fetch->transfer.next_item++)
			if (is_wanted(fetch, &fetch->plan.items[fetch->plan.order[fetch->transfer.next_item]]))
				return &fetch->plan.items[fetch->plan.order[fetch->transfer.next_item]];
		if (fetch->transfer.tries_troubled)
			return NULL;
		fetch->transfer.tries_troubled = true;
		fetch->transfer.next_item = 0;
	}
}

static bool is_time_up(const struct fetch *fetch)
{
	int64_t seconds = fetch->job->account->session_timeout;

	return seconds > 0 && clock_now_ms() + FETCH_FAREWELL_MS > fetch->end;
}

static void stop_early(struct fetch *fetch, const char *setting, const char *why)
{
	fetch->transfer.has_more = true;
	fetch_result_is_late(fetch, setting, why);
}

/* Ends the connection with QUIT although there are more messages. */
static bool must_stop(struct fetch *fetch)
{
	if (fetch->scan.is_away)
		stop_early(fetch, NULL, N_("a scanner does not answer"));
	else if (fetch->memory.commit_every > 0 && fetch->transfer.asked >= fetch->memory.commit_every)
		fetch->transfer.has_more = true;
	else if (is_time_up(fetch))
		stop_early(fetch, "session_timeout", NULL);
	return fetch->transfer.has_more;
}

/* If the session has reached its limit, this connection ends with QUIT, and no other follows. */
static bool may_fetch(struct fetch *fetch, struct plan_item *item)
{
	enum fetch_leave leave = fetch_limits_ask(fetch, item);

	if (leave == FETCH_ENOUGH)
		stop_early(fetch, fetch_limits_ended_by(fetch), NULL);
	return leave == FETCH_YES;
}

/* On a slow line a long queue of commands would delay the end of the session, and deletions. */
static bool comes_soon(const struct fetch *fetch)
{
	uint64_t ms = (uint64_t)(clock_now_ms() - fetch->transfer.began);

	return fetch_dialogue_under_way(fetch) < SLOW_WINDOW ||
	       fetch->connection.promised / SOON_MS * ms <= fetch->result->bytes - fetch->transfer.bytes_before;
}

static bool feed_transfer(struct fetch *fetch)
{
	struct plan_item *item;

	if (fetch->transfer.asks_alive) {
		fetch->transfer.asks_alive = false;
		return fetch_dialogue_ask(fetch, ASK_ALIVE, NULL);
	}
	if (fetch_deletions_feed(fetch))
		return true;
	if (fetch->transfer.has_more || (item = next_wanted(fetch)) == NULL || must_stop(fetch) ||
	    (fetch->connection.is_careful && (fetch->transfer.asked_since >= CAREFUL_MESSAGES || fetch_batch_is_full(fetch))) ||
	    !comes_soon(fetch) || !has_room(fetch, item))
		return false;
	if (!may_fetch(fetch, item))
		return false;
	fetch->transfer.asked++;
	fetch->transfer.asked_since++;
	fetch->transfer.next_item++;
	if (item->is_later)
		return fetch_later_ask(fetch, item);
	return item->action == PLAN_STUB ? fetch_dialogue_ask(fetch, ASK_TOP, item) : fetch_partial_ask(fetch, item);
}

static void end_of_message(struct fetch *fetch, const struct fetch_event *event)
{
	struct plan_item *item = fetch->message.item;

	if (item != NULL && fetch_partial_is_useless(fetch)) {
		fetch_partial_refused(fetch, item);
		fetch_message_drop(fetch);
		return;
	}
	if (event->ok && item != NULL && item->is_later && !fetch_later_is_whole(fetch)) {
		fetch_later_refused(fetch, item);
		fetch_message_drop(fetch);
		return;
	}
	if (event->ok) {
		fetch_message_end(fetch);
		return;
	}
	fetch_message_drop(fetch);
	fetch_result_skip(fetch, event->item, PHRASE("%.*s", SLICE_PRINT(event->text)));
}

static int transfer_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->what != GOT_DATA && fetch_message_confirm(fetch, error) != 0)
		return -1;
	if (event->ask == ASK_DELETE || event->ask == ASK_EXPUNGE) {
		fetch_deletions_event(fetch, event);
		return 0;
	}
	if (event->ask == ASK_ALIVE)
		return 0;
	if (event->what == GOT_REPLY && event->ok)
		return fetch_message_begin(fetch, event, error);
	if (event->what == GOT_REPLY && event->item->is_later)
		fetch_later_refused(fetch, event->item);
	else if (event->what == GOT_REPLY && event->item->kept > 0)
		fetch_partial_refused(fetch, event->item);
	else if (event->what == GOT_REPLY)
		fetch_result_skip(fetch, event->item, PHRASE("%.*s", SLICE_PRINT(event->text)));
	else if (event->what == GOT_SECTION)
		fetch_later_section(fetch, event->text);
	else if (event->what == GOT_DATA)
		return fetch_message_data(fetch, event, error);
	else if (event->what == GOT_END)
		end_of_message(fetch, event);
	return 0;
}

int fetch_transfer_run(struct fetch *fetch, struct error *error)
{
	const struct plan_item *item;

	fetch->transfer.began = clock_now_ms();
	fetch->transfer.bytes_before = fetch->result->bytes;
	/* If this session fails, the next one must not take renumbered messages for new ones. */
	if (fetch->result->total > fetch->result->fetched)
		fetch_memory_save_left(fetch, fetch->plan.count);
	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].action == PLAN_DELETE)
			fetch_deletions_add(fetch, fetch->plan.items[i].number);
	for (;;) {
		if (fetch_dialogue_run(fetch, feed_transfer, transfer_event, error) != 0)
			return -1;
		fetch->transfer.asks_alive = fetch_message_needs_proof(fetch);
		if (fetch->transfer.asks_alive)
			continue;
		if (fetch_message_confirm(fetch, error) != 0 || fetch_commit_all(fetch, error) != 0)
			return -1;
		item = fetch->transfer.has_more ? NULL : next_wanted(fetch);
		if (item == NULL)
			return 0;
		if (!has_room(fetch, item))
			break;
	}
	return error_set(error, ERROR_FULL,
	    N_("the disk is nearly full: %zu messages stay on the server until there is space"),
	    fetch->result->total - fetch->result->fetched);
}

/* --- QUIT and LOGOUT */

/* The connection ends: no other folder is fetched through it. */
static bool is_end(const struct fetch *fetch)
{
	return fetch->transfer.has_more || fetch->transfer.tries_again || fetch_folders_is_last(fetch);
}

static bool feed_goodbye(struct fetch *fetch)
{
	if (fetch_deletions_feed(fetch))
		return true;
	if (fetch->transfer.said_goodbye || !is_end(fetch))
		return false;
	fetch->transfer.said_goodbye = true;
	return fetch_dialogue_ask(fetch, ASK_GOODBYE, NULL);
}

/* POP3 carries out deletions only at QUIT (RFC 1939 section 6). */
static int goodbye_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->ask != ASK_GOODBYE)
		fetch_deletions_event(fetch, event);
	if (event->ask != ASK_GOODBYE || event->what != GOT_REPLY || fetch->is_imap)
		return 0;
	if (!event->ok && fetch->deletions.done > 0)
		return error_set(error, ERROR_TEMPORARY, N_("%s did not delete at QUIT: %.*s"),
		    remote_host(fetch->connection.remote), SLICE_PRINT(event->text));
	fetch_deletions_count(fetch);
	return 0;
}

int fetch_transfer_goodbye(struct fetch *fetch, struct error *error)
{
	bool has_deletions = fetch->deletions.count > 0;

	/* A QUIT without deletions may remain unanswered. */
	if (fetch_dialogue_run(fetch, feed_goodbye, goodbye_event, error) != 0 && has_deletions)
		return -1;
	return 0;
}
