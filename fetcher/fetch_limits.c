/*
 * Limits by the received bytes, not by the sizes that a server announces (docs/tolerated.md).
 *
 * A message that grows beyond max_size, or without end, is aborted. The received part becomes a stub, and a mark stores
 * the minimum size, so that no session fetches it again automatically; if it is requested by its stub, it is fetched
 * without max_size. For the session's byte limit: a message within its announced size is always completed, since it was
 * requested with that size; a larger one that exceeds the limit is aborted, and fetched next time with its real size. If
 * it is then the first of its session, it is fetched in any case, or it would never be. Lists of messages, which nobody announces, end at the limit,
 * too; but what is known may be listed in any case, or an account that keeps much mail on the server would never be fetched.
 *
 * Only closing the connection stops a message in progress, so the other messages use the next connection. If it is not
 * certain yet which message it is (fetch->connection.is_careful), nothing is recorded: the next connection requests
 * messages one by one.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"

#include <stdlib.h>

#define SLACK(size) ((size) / 8 + (16u << 10)) /* tolerance for sizes that count a line end as one byte, and similar */
#define LISTING_FREE (64u << 10) /* bytes of a list that come in any case, */
#define LISTING_LINE 128 /* and for each message that is known */
#define BEGINNING (16u << 10) /* of an aborted message: enough for its stub */

/* --- the session's bytes */

void fetch_limits_came(struct fetch *fetch, struct remote_bytes bytes, uint64_t promised)
{
	const struct fetch_job *job = fetch->job;

	fetch->connection.promised -= promised;
	if (job->came != NULL)
		job->came(job->context, bytes, promised);
}

const char *fetch_limits_ended_by(const struct fetch *fetch)
{
	const struct fetch_job *job = fetch->job;

	return job->ended_by == NULL ? NULL : job->ended_by(job->context);
}

int fetch_limits_list(struct fetch *fetch, size_t came, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	struct fetch_connection *connection = &fetch->connection;
	const char *limit;
	bool alone;

	connection->listed += came;
	if (job->used_up == NULL || connection->listed <= LISTING_FREE + LISTING_LINE * (uint64_t)fetch->memory.seen.count)
		return 0;
	limit = job->used_up(job->context, &alone);
	if (limit == NULL)
		return 0;
	fetch_result_is_late(fetch, limit, NULL);
	if (alone)
		return error_set(error, ERROR_TEMPORARY, N_("%s: its list of messages alone exceeds %s, so nothing can be fetched there"),
		    remote_host(connection->remote), limit);
	fetch_result_unlisted(fetch, limit);
	return error_set(error, ERROR_CANCELLED, N_("%s: cancelled (%s is reached)"), remote_host(connection->remote), limit);
}

bool fetch_limits_would_come(const struct fetch *fetch, const struct plan_item *item)
{
	const struct fetch_job *job = fetch->job;
	bool ignored;

	return job->may_fetch == NULL || job->may_fetch(job->context, plan_cost(item), false, &ignored) == FETCH_YES;
}

static enum fetch_leave ask(struct fetch *fetch, uint64_t size, bool can_wait, bool *is_first)
{
	const struct fetch_job *job = fetch->job;
	enum fetch_leave leave = job->may_fetch == NULL ? FETCH_YES : job->may_fetch(job->context, size, can_wait, is_first);

	if (leave == FETCH_YES)
		fetch->connection.promised += size;
	return leave;
}

enum fetch_leave fetch_limits_ask(struct fetch *fetch, struct plan_item *item)
{
	enum fetch_leave leave = ask(fetch, plan_cost(item), fetch_dialogue_under_way(fetch) > 0, &item->is_first);

	if (leave == FETCH_YES)
		item->promised = plan_cost(item);
	return leave;
}

/* Releases the reserved bytes of this message; at its end all that are left. */
static void settle(struct fetch *fetch, uint64_t bytes)
{
	struct plan_item *item = fetch->message.item;
	uint64_t promised = bytes < item->promised ? bytes : item->promised;

	item->promised -= promised;
	fetch_limits_came(fetch, (struct remote_bytes){0, 0}, promised);
}

void fetch_limits_settle(struct fetch *fetch)
{
	settle(fetch, UINT64_MAX);
}

/* Whether the limit allows the bytes of a message beyond its reservation. */
static bool has_room_for_more(struct fetch *fetch, uint64_t to_come)
{
	struct plan_item *item = fetch->message.item;
	uint64_t more = to_come > item->promised ? to_come - item->promised : 0;
	bool ignored;

	if (ask(fetch, more, true, &ignored) != FETCH_YES)
		return false;
	item->promised += more;
	return true;
}

/* --- aborting */

static void note_size(struct fetch *fetch, struct plan_item *item, uint64_t size)
{
	item->at_least = size;
	fetch_memory_add_mark(fetch, plan_large_mark(item->key),
	    &(struct seen){.time = clock_wall(), .listed = item->size, .body = size & INT64_MAX});
}

static void broken_off(struct fetch *fetch, uint64_t size)
{
	const struct plan_item *item = fetch->message.item;

	fetch->connection.end = FETCH_BROKEN_OFF;
	fetch_partial_discard(fetch);
	log_info("event=message-broken-off account=%s number=%u uidl=%s listed=%llu came=%llu size=%llu",
	    LOG_CSTR(fetch->job->account->name), item->number, LOG_CSTR(item->key == NULL ? "" : item->key),
	    (unsigned long long)item->size, (unsigned long long)fetch->message.body.size, (unsigned long long)size);
}

/* The received beginning becomes the stub, as with TOP. */
static int become_stub(struct fetch *fetch, struct error *error)
{
	struct slice came;

	if (body_view(&fetch->message.body, &came, error) != 0)
		return -1;
	buf_reset(&fetch->message.stub);
	buf_append(&fetch->message.stub, came.ptr, came.len < fetch->message.stub.limit ? came.len : fetch->message.stub.limit);
	body_clear(&fetch->message.body, false);
	fetch->message.item->action = PLAN_STUB;
	fetch->message.is_held = true;
	return 0;
}

/* Without a key only this session knows it; a requested message already has its stub. */
static int too_large(struct fetch *fetch, uint64_t size, struct error *error)
{
	struct plan_item *item = fetch->message.item;
	bool is_certain_now = fetch_connection_is_certain(fetch);

	broken_off(fetch, size);
	if (is_certain_now && (item->key == NULL || plan_is_wanted(item, &fetch->memory.seen)))
		fetch_tries_add(fetch, item, true);
	if (is_certain_now && item->key != NULL)
		note_size(fetch, item, size);
	if (!is_certain_now || item->key == NULL || plan_has_stub(item, &fetch->memory.seen))
		fetch_message_drop(fetch);
	else if (become_stub(fetch, error) != 0)
		return -1;
	return error_set(error, ERROR_TEMPORARY, N_("%s sent a message that is larger than "
	    "announced and than allowed"),
	    remote_host(fetch->connection.remote));
}

/* The session ends here, as with any message that exceeds the limit. */
static int no_room(struct fetch *fetch, uint64_t size, struct error *error)
{
	const char *limit;
	bool ignored;

	broken_off(fetch, size);
	if (fetch_connection_is_certain(fetch) && fetch->message.item->key != NULL)
		note_size(fetch, fetch->message.item, size);
	else if (!fetch_connection_is_certain(fetch))
		fetch_memory_save_one_by_one(fetch); /* else every session would do the same */
	fetch_message_drop(fetch);
	ask(fetch, INT64_MAX, false, &ignored);
	fetch_result_is_late(fetch, fetch_limits_ended_by(fetch), NULL);
	limit = fetch_limits_ended_by(fetch);
	if (limit == NULL) /* the session was stopped meanwhile */
		return error_set(error, ERROR_CANCELLED, N_("cancelled"));
	return error_set(error, ERROR_CANCELLED, N_("%s: cancelled (a message is larger than the server announced, and exceeds %s)"),
	    remote_host(fetch->connection.remote), limit);
}

/* --- during the transfer */

static uint64_t limit_of(const struct fetch *fetch, const struct plan_item *item)
{
	uint64_t max_size = (uint64_t)fetch->plan.max_size, end = PLAN_ENDLESS(item->size);

	if (item->rule != NULL && item->rule->fetch)
		return end;
	return max_size == 0 || plan_is_wanted(item, &fetch->memory.seen) || max_size + SLACK(max_size) > end ? end : max_size + SLACK(max_size);
}

/* The announced bytes that were not received yet (IMAP). */
static uint64_t to_come(const struct fetch *fetch)
{
	return fetch->is_imap ? fetch->connection.imap.literal_left : 0;
}

static int check_stub(struct fetch *fetch, struct error *error)
{
	if (fetch->message.stub.len < fetch->message.stub.limit)
		return 0;
	broken_off(fetch, fetch->message.stub.len);
	if (fetch->message.item->is_later) {
		fetch_later_refused(fetch, fetch->message.item);
		fetch_message_drop(fetch);
	}
	fetch->message.is_held = fetch->message.item != NULL; /* only its beginning is needed */
	return error_set(error, ERROR_TEMPORARY, N_("%s sent a whole message instead of its beginning"),
	    remote_host(fetch->connection.remote));
}

int fetch_limits_check(struct fetch *fetch, uint64_t arrived, struct error *error)
{
	const struct plan_item *item = fetch->message.item;
	uint64_t size = fetch->message.body.size + to_come(fetch);

	settle(fetch, arrived);
	if (item->action == PLAN_STUB)
		return check_stub(fetch, error);
	if (size <= item->at_least || (fetch->message.body.size < BEGINNING && to_come(fetch) > 0))
		return 0;
	if (size > limit_of(fetch, item))
		return too_large(fetch, size, error);
	if (size > item->at_least + SLACK(item->at_least) && !(item->is_first && item->at_least > item->size) &&
	    !has_room_for_more(fetch, to_come(fetch)))
		return no_room(fetch, size, error);
	return 0;
}
