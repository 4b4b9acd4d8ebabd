/* One account: each connection from login to logout, and the state that is reset between two connections. */
#include "fetcher/fetch.h"

#include "base/clock.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "config/conf_folders.h"
#include "config/endpoint.h"

#include <assert.h>
#include <stdlib.h>

#define COMPRESS_MIN 2048 /* bytes of messages that are worth a round trip */

int64_t fetch_now(const struct fetch *fetch)
{
	return fetch->job->clock_is_doubtful ? 0 : clock_wall();
}

static void forget_stale(struct fetch *fetch)
{
	const char *account = fetch->job->account->name;
	int64_t now = fetch_now(fetch);
	struct map listed = MAP_INIT;
	struct slice key;
	struct error error;
	void *what;

	for (size_t i = 0; i < fetch->plan.count; i++)
		if (fetch->plan.items[i].key != NULL)
			map_put(&listed, slice_of(fetch->plan.items[i].key), (void *)1);
	for (size_t at = 0; map_next(&fetch->memory.seen, &at, &key, &what);)
		if (plan_is_stale(key, ((const struct seen *)what)->time, now) &&
		    map_get(&listed, key) == NULL &&
		    state_seen_forget(fetch->job->spool->state, fetch->mailbox, key, &error) != 0)
			log_warnx("event=uidl-not-forgotten account=%s reason=%s", LOG_CSTR(account),
			    LOG_ERROR(&error));
	map_clear(&listed);
}

/* Messages that were complete before the failure count, and are deleted next time; but not if replies are missing, which
 * might have been mixed up. */
static void save_what_came(struct fetch *fetch)
{
	struct error error;

	fetch_partial_cut(fetch);
	if (fetch_message_settle(fetch, &error) != 0)
		log_warnx("event=message-not-taken account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
	if (!fetch_connection_is_certain(fetch))
		fetch_batch_drop(fetch);
	else if (fetch_commit_all(fetch, &error) != 0)
		log_warnx("event=commit-failed account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
}

/* From its list of messages to the last deletion. */
static int fetch_folder(struct fetch *fetch, struct error *error)
{
	size_t known;

	if (fetch_folders_open(fetch, error) != 0 || fetch_listing_run(fetch, error) != 0)
		return -1;
	if (fetch->listing.is_missing)
		return fetch_transfer_goodbye(fetch, error);
	if (fetch_plan_make(fetch, error) != 0) {
		fetch_batch_drop(fetch); /* what the replies belong to may be uncertain: nothing is deleted */
		return -1;
	}
	fetch_known_save(fetch, false);
	if (!fetch->job->plans_only && fetch->result->bytes_total > fetch->result->bytes + COMPRESS_MIN && fetch_listing_compress(fetch, error) != 0) {
		fetch_batch_drop(fetch);
		return -1;
	}
	if (fetch->job->plans_only)
		return fetch_transfer_goodbye(fetch, error);
	if (fetch_transfer_run(fetch, error) != 0) {
		save_what_came(fetch);
		fetch_memory_save_left(fetch, plan_known(&fetch->plan, &fetch->memory.seen));
		return -1;
	}
	known = plan_known(&fetch->plan, &fetch->memory.seen);
	if (fetch_transfer_goodbye(fetch, error) != 0)
		return -1;
	fetch_memory_save_left(fetch, known > fetch->deletions.count ? known - fetch->deletions.count : 0);
	fetch_known_save(fetch, fetch_deletions_are_done(fetch));
	if (!fetch->transfer.has_more)
		forget_stale(fetch);
	fetch->transfer.has_more = fetch->transfer.has_more || fetch->transfer.tries_again;
	return 0;
}

int fetch_one_connection(struct fetch *fetch, struct error *error)
{
	if (fetch_connection_open(fetch, error) != 0 || fetch_folders_find(fetch, error) != 0)
		return -1;
	if (fetch->folders.count == 0)
		return fetch_transfer_goodbye(fetch, error);
	do {
		if (fetch_folder(fetch, error) != 0)
			return -1;
	} while (!fetch->transfer.has_more && fetch_folders_next(fetch));
	return 0;
}

void fetch_reset_folder(struct fetch *fetch)
{
	assert(fetch->scan.count == 0 && fetch->batch.count == 0 && !fetch->commit.is_under_way); /* their messages are items of the plan */
	fetch_message_drop(fetch);
	fetch_listing_clear(fetch);
	plan_clear(&fetch->plan);
	fetch_later_clear(fetch);
	fetch->transfer = (struct fetch_transfer){0};
	fetch_deletions_clear(fetch);
}

void fetch_hang_up(struct fetch *fetch)
{
	fetch_reset_folder(fetch);
	fetch_connection_close(fetch);
}

/* --- the whole job */

/* What a limit keeps back is listed. */
static void count_held(struct fetch *fetch)
{
	struct fetch_result *result = fetch->result;

	if (!fetch->transfer.is_late || result->total <= result->fetched)
		return;
	result->held = result->total - result->fetched;
	result->held_bytes = result->bytes_total > result->bytes ? result->bytes_total - result->bytes : 0;
}

int fetch_account(const struct fetch_job *job, struct fetch_result *result, struct error *error)
{
	const struct conf_account *account = job->account;
	int64_t seconds = account->session_timeout;
	struct fetch fetch = {
	    .job = job,
	    .result = result,
	    .is_imap = endpoint_of(account->remote.url).protocol == ENDPOINT_IMAP,
	    .server = conf_mailbox(account),
	    .folder = CONF_INBOX,
	    .begun = clock_wall(),
	    .end = seconds > 0 ? clock_now_ms() + seconds * 1000 + FETCH_FAREWELL_MS : INT64_MAX,
	};
	int code;

	*result = (struct fetch_result){.is_later = account->attachments == ATTACHMENTS_LATER};
	fetch_batch_init(&fetch);
	fetch_folders_init(&fetch);
	code = fetch_memory_load(&fetch, error);
	if (code == 0)
		code = fetch_reconnect_run(&fetch, error);
	count_held(&fetch);
	fetch_memory_save_sizes(&fetch);
	fetch_folders_leave(&fetch);
	fetch_hang_up(&fetch);
	fetch_batch_clear(&fetch.batch);
	free(fetch.scan.items);
	fetch_memory_clear(&fetch);
	fetch_folders_clear(&fetch);
	free(fetch.server);
	return code;
}
