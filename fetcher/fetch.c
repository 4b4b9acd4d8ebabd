#include "fetcher/fetch.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "fetcher/fetch_priv.h"
#include "mail/login_memory.h"
#include "config/endpoint.h"
#include "spool/state/state_seen.h"

#include <stdlib.h>

#define CHUNK (64 * 1024)
#define HEADER_MAX (1u << 20)

void fetch_skip(struct fetch *fetch, const struct plan_item *item, const char *reply)
{
	struct fetch_result *result = fetch->result;

	if (item->key != NULL && strlist_has(&result->skipped_keys, item->key))
		return; /* by an earlier connection */
	result->skipped++;
	/* A mailbox of which nothing can be had must not fill the log; the report has the count. */
	if (result->skipped <= FETCH_SKIPPED_MAX)
		log_warnx("event=message-skipped account=%s number=%u uidl=%s reply=%s", LOG_CSTR(fetch->job->account->name),
		    item->number, LOG_CSTR(item->key == NULL ? "" : item->key), LOG_PHRASE(reply));
	else if (result->skipped == FETCH_SKIPPED_MAX + 1)
		log_warnx("event=message-skipped account=%s reply=\"and more, which are counted only\"",
		    LOG_CSTR(fetch->job->account->name));
	if (item->key == NULL || result->skipped_keys.count >= FETCH_SKIPPED_MAX)
		return;
	result->skipped_sizes[result->skipped_keys.count] = item->size;
	strlist_add(&result->skipped_keys, item->key);
	strlist_add(&result->skipped_texts, reply);
}

/* --- one connection */

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
	for (size_t at = 0; map_next(&fetch->seen, &at, &key, &what);)
		if (plan_is_stale(key, ((const struct seen *)what)->time, now) &&
		    map_get(&listed, key) == NULL &&
		    state_seen_forget(fetch->job->state, fetch->mailbox, key, &error) != 0)
			log_warnx("event=uidl-not-forgotten account=%s reason=%s", LOG_CSTR(account),
			    LOG_ERROR(&error));
	map_clear(&listed);
}

/* What came whole before the failure counts, and is deleted next time; but not where answers are missing that might have been
 * mixed up. */
static void save_what_came(struct fetch *fetch)
{
	struct error error;

	if (fetch_settle_message(fetch, &error) != 0)
		log_warnx("event=message-not-taken account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
	if (fetch->is_careful && fetch->window > 1)
		fetch_drop_batch(fetch);
	else if (fetch_commit(fetch, &error) != 0)
		log_warnx("event=commit-failed account=%s reason=%s",
		    LOG_CSTR(fetch->job->account->name), LOG_ERROR(&error));
}

static int connect_account(struct fetch *fetch, struct error *error)
{
	const struct fetch_job *job = fetch->job;
	enum conf_auth way = fetch->login_way;
	const struct remote_options options = {
	    .remote = &job->account->remote,
	    .known = &way,
	    .hostname = job->conf->gateway.hostname,
	    .proxy = job->conf->line.proxy,
	    .timeout = job->account->timeout,
	    .cancel = job->cancel,
	    .secrets = job->secrets,
	};

	if (remote_open(&fetch->remote, &options, error) != 0)
		return -1;
	if (way != fetch->login_way)
		login_remember(job->state, "account", job->account->name, way);
	fetch->login_way = way;
	fetch->connections++;
	return 0;
}

int fetch_one_connection(struct fetch *fetch, struct error *error)
{
	size_t known;

	if (connect_account(fetch, error) != 0)
		return -1;
	if (fetch_listing(fetch, error) != 0 || fetch_decide(fetch, error) != 0)
		return -1;
	if (fetch_transfer(fetch, error) != 0) {
		save_what_came(fetch);
		fetch_remember_left(fetch, plan_known(&fetch->plan, &fetch->seen));
		return -1;
	}
	known = plan_known(&fetch->plan, &fetch->seen);
	if (fetch_goodbye(fetch, error) != 0)
		return -1;
	fetch_remember_left(fetch, known > fetch->delete_count ? known - fetch->delete_count : 0);
	if (!fetch->has_more)
		forget_stale(fetch);
	fetch->has_more = fetch->has_more || fetch->tries_again;
	return 0;
}

void fetch_hang_up(struct fetch *fetch)
{
	fetch_drop_message(fetch);
	remote_close(fetch->remote);
	fetch->remote = NULL;
	pop3_client_clear(&fetch->pop3);
	pop3_client_init(&fetch->pop3);
	imap_client_clear(&fetch->imap);
	imap_client_init(&fetch->imap);
	plan_clear(&fetch->plan);
	fetch_came(fetch, 0, fetch->promised);
	fetch->input = SLICE_NONE;
	fetch->silent = 0;
	fetch->validity = 0;
	fetch->exists = fetch->answers = 0;
	fetch->next_question = fetch->next_item = fetch->asked = fetch->asked_since = 0;
	fetch->delete_count = fetch->delete_next = fetch->delete_done = fetch->expunge_next = 0;
	fetch->tries_troubled = fetch->has_more = fetch->is_late = false;
	fetch->line_broke = fetch->timed_out = fetch->is_garbled = fetch->can_expunge_some = false;
	fetch->is_message_broken = fetch->is_broken_off = fetch->tries_again = fetch->asks_alive = false;
}

/* --- the whole */

int fetch_account(const struct fetch_job *job, struct fetch_result *result, struct error *error)
{
	const struct conf_account *account = job->account;
	int64_t seconds = account->session_timeout;
	struct fetch fetch = {
	    .job = job,
	    .result = result,
	    .is_imap = endpoint_of(account->remote.url).protocol == ENDPOINT_IMAP,
	    .mailbox = conf_mailbox(account),
	    .begun = clock_wall(),
	    .end = seconds > 0 ? clock_now_ms() + seconds * 1000 + FETCH_FAREWELL_MS : INT64_MAX,
	    .chunk = xmalloc(CHUNK),
	    .header = BUF_INIT(HEADER_MAX),
	    .stub = BUF_INIT(HEADER_MAX),
	    .batch = intake_batch_new(job->intake),
	};
	int code;

	*result = (struct fetch_result){0};
	pop3_client_init(&fetch.pop3);
	imap_client_init(&fetch.imap);
	code = fetch_recall_seen(&fetch, error);
	if (code == 0)
		code = fetch_with_reconnects(&fetch, error);
	fetch_remember_sizes(&fetch);
	fetch_remember_tries(&fetch);
	fetch_hang_up(&fetch);
	pop3_client_clear(&fetch.pop3);
	imap_client_clear(&fetch.imap);
	map_clear(&fetch.troubles);
	map_clear(&fetch.shorts);
	state_seen_clear(&fetch.seen);
	intake_batch_free(fetch.batch);
	buf_clear(&fetch.header);
	buf_clear(&fetch.stub);
	free(fetch.batch_items);
	free(fetch.deletes);
	free(fetch.chunk);
	free(fetch.mailbox);
	return code;
}
