/*
 * Carrying out the plan: messages come in a stream of commands, go to the log in batches, and are deleted there when they
 * are durable here; the deletions of the last batch go out with the farewell.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#define CAREFUL_MESSAGES 64 /* between two moments in which all is answered */

/* --- deletions */

/* "1,2,5" of the messages that were marked and not expunged yet. */
static bool feed_expunge(struct fetch *fetch)
{
	struct buf set = BUF_INIT(IMAP_SET_MAX);
	bool asked;

	if (!fetch->is_imap || fetch->expunge_next == fetch->delete_next)
		return false;
	while (fetch->expunge_next < fetch->delete_next && set.len + 12 < IMAP_SET_MAX)
		buf_printf(&set, "%s%u", set.len == 0 ? "" : ",", fetch->deletes[fetch->expunge_next++]);
	asked = fetch_ask_expunge(fetch, buf_slice(&set));
	buf_clear(&set);
	return asked;
}

static bool feed_delete(struct fetch *fetch)
{
	const struct plan_item *item;

	if (fetch->delete_next == fetch->delete_count)
		return feed_expunge(fetch);
	item = plan_find(&fetch->plan, fetch->deletes[fetch->delete_next++]);
	return fetch_ask(fetch, ASK_DELETE, item);
}

/* Without UIDPLUS only everything that is marked can be expunged: not where somebody else marked something. */
static bool may_delete(const struct fetch *fetch)
{
	if (!fetch->is_imap || fetch->can_expunge_some)
		return true;
	for (size_t i = 0; i < fetch->plan.count; i++) {
		const struct plan_item *item = &fetch->plan.items[i];

		if (item->is_flagged && item->action != PLAN_DELETE)
			return false;
	}
	return true;
}

static void deletion_event(struct fetch *fetch, const struct fetch_event *event)
{
	if (event->what != GOT_REPLY)
		return;
	/* One that is not deleted is only deleted next time: it has been seen. */
	if (!event->ok)
		log_info("event=not-deleted account=%s number=%u reply=%s",
		    LOG_CSTR(fetch->job->account->name), event->item == NULL ? 0 : event->item->number,
		    LOG_TEXT(event->text));
	else if (event->ask == ASK_DELETE)
		fetch->delete_done++;
	if (event->ask == ASK_EXPUNGE && event->ok) {
		fetch->result->deleted += fetch->delete_done;
		fetch->delete_done = 0;
	}
}

/* --- messages */

/* False if the disk has no room for it: then the transfer ends here, with nothing lost. */
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
static struct plan_item *next_wanted(struct fetch *fetch)
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

static bool is_time_up(const struct fetch *fetch)
{
	int64_t seconds = fetch->job->account->session_timeout;

	return seconds > 0 && clock_now_ms() + FETCH_FAREWELL_MS > fetch->end;
}

/* Ends the connection politely though there is more. */
static bool must_stop(struct fetch *fetch)
{
	if (fetch->commit_every > 0 && fetch->asked >= fetch->commit_every)
		fetch->has_more = true;
	else if (is_time_up(fetch))
		fetch->has_more = fetch->is_late = true;
	return fetch->has_more;
}

/* Where the session has had enough, this connection ends politely, and there is no other. */
static bool may_fetch(struct fetch *fetch, struct plan_item *item)
{
	enum fetch_leave leave = fetch_ask_leave(fetch, item);

	if (leave == FETCH_ENOUGH)
		fetch->has_more = fetch->is_late = true;
	return leave == FETCH_YES;
}

static bool feed_transfer(struct fetch *fetch)
{
	struct plan_item *item;

	if (fetch->asks_alive) {
		fetch->asks_alive = false;
		return fetch_ask(fetch, ASK_ALIVE, NULL);
	}
	if (may_delete(fetch) && feed_delete(fetch))
		return true;
	if (fetch->has_more || (item = next_wanted(fetch)) == NULL || must_stop(fetch) ||
	    (fetch->is_careful && (fetch->asked_since >= CAREFUL_MESSAGES || fetch_batch_is_full(fetch))) ||
	    !has_room(fetch, item))
		return false;
	if (!may_fetch(fetch, item))
		return false;
	fetch->asked++;
	fetch->asked_since++;
	fetch->next_item++;
	return fetch_ask(fetch, item->action == PLAN_STUB ? ASK_TOP : ASK_MESSAGE, item);
}

static int end_of_message(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->ok)
		return fetch_finish_message(fetch, error);
	fetch_drop_message(fetch);
	fetch_skip(fetch, event->item, PHRASE("%.*s", SLICE_PRINT(event->text)));
	return 0;
}

static int transfer_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->what != GOT_DATA && fetch_confirm_message(fetch, error) != 0)
		return -1;
	if (event->ask == ASK_DELETE || event->ask == ASK_EXPUNGE) {
		deletion_event(fetch, event);
		return 0;
	}
	if (event->ask == ASK_ALIVE)
		return 0;
	if (event->what == GOT_REPLY && event->ok)
		fetch_begin_message(fetch, event->item);
	else if (event->what == GOT_REPLY)
		fetch_skip(fetch, event->item, PHRASE("%.*s", SLICE_PRINT(event->text)));
	else if (event->what == GOT_DATA)
		return fetch_message_data(fetch, event->text, error);
	else if (event->what == GOT_END)
		return end_of_message(fetch, event, error);
	return 0;
}

int fetch_transfer(struct fetch *fetch, struct error *error)
{
	const struct plan_item *item;

	/* Should this session end badly, the next one must not take renumbered messages for new ones. */
	if (fetch->result->total > fetch->result->fetched)
		fetch_remember_left(fetch, fetch->plan.count);
	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].action == PLAN_DELETE)
			fetch_want_delete(fetch, fetch->plan.items[i].number);
	for (;;) {
		if (fetch_drive(fetch, feed_transfer, transfer_event, error) != 0)
			return -1;
		fetch->asks_alive = fetch_needs_proof(fetch);
		if (fetch->asks_alive)
			continue;
		if (fetch_confirm_message(fetch, error) != 0 || fetch_commit(fetch, error) != 0)
			return -1;
		item = fetch->has_more ? NULL : next_wanted(fetch);
		if (item == NULL)
			return 0;
		if (!has_room(fetch, item))
			break;
	}
	return error_set(error, ERROR_FULL,
	    N_("the disk is nearly full: %zu messages stay on the server until there is space"),
	    fetch->result->total - fetch->result->fetched);
}

/* --- the farewell */

static bool feed_goodbye(struct fetch *fetch)
{
	if (may_delete(fetch) && feed_delete(fetch))
		return true;
	return fetch->commands_sent++ == 0 && fetch_ask(fetch, ASK_GOODBYE, NULL);
}

/* POP3 carries deletions out at QUIT alone (RFC 1939 section 6). */
static int goodbye_event(struct fetch *fetch, const struct fetch_event *event, struct error *error)
{
	if (event->ask != ASK_GOODBYE)
		deletion_event(fetch, event);
	if (event->ask != ASK_GOODBYE || event->what != GOT_REPLY || fetch->is_imap)
		return 0;
	if (!event->ok && fetch->delete_done > 0)
		return error_set(error, ERROR_TEMPORARY, N_("%s did not delete at QUIT: %.*s"),
		    remote_host(fetch->remote), SLICE_PRINT(event->text));
	fetch->result->deleted += fetch->delete_done;
	fetch->delete_done = 0;
	return 0;
}

int fetch_goodbye(struct fetch *fetch, struct error *error)
{
	bool has_deletions = fetch->delete_count > 0;

	fetch->commands_sent = 0;
	/* A farewell without deletions may go unanswered. */
	if (fetch_drive(fetch, feed_goodbye, goodbye_event, error) != 0 && has_deletions)
		return -1;
	return 0;
}
