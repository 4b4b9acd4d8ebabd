/*
 * Deletions on the server: of messages that are durable here, and of messages whose time on the server is over. They are
 * requested between messages; IMAP marks first and then expunges, POP3 deletes at QUIT.
 */
#include "base/alloc.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

void fetch_deletions_add(struct fetch *fetch, uint32_t number)
{
	ARRAY_GROW(fetch->deletions.numbers, fetch->deletions.count);
	fetch->deletions.numbers[fetch->deletions.count++] = number;
}

void fetch_deletions_clear(struct fetch *fetch)
{
	free(fetch->deletions.numbers);
	fetch->deletions = (struct fetch_deletions){0};
}

void fetch_deletions_count(struct fetch *fetch)
{
	fetch->result->deleted += fetch->deletions.done;
	fetch->deletions.done = 0;
}

/* "1,2,5": the messages that were marked and not expunged yet. */
static bool feed_expunge(struct fetch *fetch)
{
	struct buf set = BUF_INIT(IMAP_SET_MAX);
	bool asked;

	if (!fetch->is_imap || fetch->deletions.next_expunged == fetch->deletions.next)
		return false;
	while (fetch->deletions.next_expunged < fetch->deletions.next && set.len + 12 < IMAP_SET_MAX)
		buf_printf(&set, "%s%u", set.len == 0 ? "" : ",", fetch->deletions.numbers[fetch->deletions.next_expunged++]);
	asked = fetch_dialogue_ask_expunge(fetch, buf_slice(&set));
	buf_clear(&set);
	return asked;
}

/* Without UIDPLUS, EXPUNGE removes all marked messages: not used if another client has marked some. */
static bool may_delete(const struct fetch *fetch)
{
	if (!fetch->is_imap || fetch->connection.can_expunge_some)
		return true;
	for (size_t i = 0; i < fetch->plan.count; i++) {
		const struct plan_item *item = &fetch->plan.items[i];

		if (item->is_flagged && item->action != PLAN_DELETE)
			return false;
	}
	return true;
}

bool fetch_deletions_feed(struct fetch *fetch)
{
	const struct plan_item *item;

	if (!may_delete(fetch))
		return false;
	if (fetch->deletions.next == fetch->deletions.count)
		return feed_expunge(fetch);
	item = plan_find(&fetch->plan, fetch->deletions.numbers[fetch->deletions.next++]);
	return fetch_dialogue_ask(fetch, ASK_DELETE, item);
}

bool fetch_deletions_are_done(const struct fetch *fetch)
{
	return !fetch->deletions.is_refused && fetch->deletions.next_expunged == fetch->deletions.count;
}

void fetch_deletions_event(struct fetch *fetch, const struct fetch_event *event)
{
	if (event->what != GOT_REPLY)
		return;
	fetch->deletions.is_refused = fetch->deletions.is_refused || !event->ok;
	/* A message that is not deleted now is deleted next time: it is known. */
	if (!event->ok)
		log_info("event=not-deleted account=%s number=%u reply=%s",
		    LOG_CSTR(fetch->job->account->name), event->item == NULL ? 0 : event->item->number,
		    LOG_TEXT(event->text));
	else if (event->ask == ASK_DELETE)
		fetch->deletions.done++;
	if (event->ask == ASK_EXPUNGE && event->ok)
		fetch_deletions_count(fetch);
}
