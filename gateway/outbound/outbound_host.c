/* One smarthost's share of the queue: the number of connections, the limits, and when it counts as
 * unavailable. */
#include "gateway/outbound/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/process/thread_activity.h"
#include "base/log.h"
#include "gateway/outbound/reachability.h"
#include "mail/login_memory.h"
#include "mail/smarthost_hour.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#define PER_CONNECTION 10  /* another connection costs about as many round trips as this many messages */
#define BREAKS_MAX 3 /* consecutive lost connections without a message sent */
#define STUTTER_DAYS 30

/* --- entries */

struct entry *outbound_host_take(struct host *host)
{
	struct outbound *out = host->out;
	struct entry *taken = NULL;

	if (outbound_is_over(out) || (out->job->enough != NULL && atomic_load(out->job->enough)))
		return NULL;
	pthread_mutex_lock(&out->lock);
	for (; taken == NULL && host->next < out->count && host->begun < host->allowed; host->next++) {
		struct entry *entry = &out->entries[host->next];

		if (entry->smarthost != host->settings || entry->state != ENTRY_WAITING)
			continue;
		if (out->job->may_send != NULL && !out->job->may_send(out->job->context, entry->size))
			break;
		entry->state = ENTRY_TAKEN;
		host->begun++;
		taken = entry;
	}
	pthread_mutex_unlock(&out->lock);
	return taken;
}

void outbound_host_give_back(struct host *host, struct entry *entry)
{
	size_t index = (size_t)(entry - host->out->entries);

	pthread_mutex_lock(&host->out->lock);
	assert(entry->state == ENTRY_TAKEN);
	entry->state = ENTRY_WAITING;
	host->begun--;
	if (host->out->job->not_sent != NULL)
		host->out->job->not_sent(host->out->job->context, entry->size);
	if (index < host->next)
		host->next = index;
	pthread_mutex_unlock(&host->out->lock);
}

void outbound_host_finish(struct host *host, struct entry *entry)
{
	struct outbound *out = host->out;
	const struct outbound_job *job = out->job;

	pthread_mutex_lock(&out->lock);
	assert(entry->state == ENTRY_TAKEN);
	entry->state = ENTRY_DONE;
	out->done++;
	if (job->progress != NULL)
		job->progress(job->context, out->done, out->count);
	pthread_mutex_unlock(&out->lock);
}

static size_t count_waiting(struct host *host)
{
	const struct outbound *out = host->out;
	size_t count = 0;

	pthread_mutex_lock(&host->out->lock);
	for (size_t i = 0; i < out->count; i++)
		count += out->entries[i].smarthost == host->settings && out->entries[i].state == ENTRY_WAITING;
	pthread_mutex_unlock(&host->out->lock);
	return count;
}

/* --- limits of the provider */

/* The rest of a limit (0: no limit). */
static size_t left_of(int64_t limit, uint64_t used)
{
	if (limit == 0)
		return SIZE_MAX;
	return (uint64_t)limit > used ? (size_t)((uint64_t)limit - used) : 0;
}

static void set_limit(struct host *host, const struct smarthost_hour *hour)
{
	size_t session = left_of(host->settings->max_messages_per_session, host->report->begun);
	size_t this_hour = left_of(host->settings->max_messages_per_hour, (uint64_t)hour->sent);

	host->allowed = session < this_hour ? session : this_hour;
	host->limit = (struct limit_now){.setting = session < this_hour ? "max_messages_per_session" : "max_messages_per_hour",
	    .smarthost = host->settings->name,
	    .until = session < this_hour ? 0 : hour->begun + SMARTHOST_HOUR};
}

/* What the limit has kept in the queue. */
static void note_limit(struct host *host)
{
	host->report->held = host->begun >= host->allowed ? count_waiting(host) : 0;
	host->report->limit = host->limit;
}

static void save_hour(struct host *host, struct smarthost_hour *hour)
{
	hour->sent += (int64_t)host->begun;
	if (host->settings->max_messages_per_hour > 0)
		smarthost_hour_store(host->out->job->spool->state, host->settings->name, hour);
}

/* --- connections */

static void connection_open(struct connection *connection, struct host *host)
{
	const struct outbound_job *job = host->out->job;

	*connection = (struct connection){
	    .host = host,
	    .smarthost = {.conf = job->conf, .settings = host->settings, .cancel = job->cancel, .secrets = job->secrets, .wire = job->wire},
	    .batch = intake_batch_new(job->spool->intake),
	};
}

static void connection_close(struct connection *connection)
{
	outbound_commit(connection);
	smarthost_close(&connection->smarthost);
	intake_batch_free(connection->batch);
}

static void keep_error(struct host *host, const struct error *error)
{
	pthread_mutex_lock(&host->out->lock);
	host->report->error = *error;
	pthread_mutex_unlock(&host->out->lock);
}

/* Some servers offer PIPELINING, or CHUNKING in addition, but violate it. */
static void distrust(struct host *host)
{
	pthread_mutex_lock(&host->out->lock);
	host->may_pipeline = false;
	pthread_mutex_unlock(&host->out->lock);
}

void outbound_host_set_refuses_null(struct host *host)
{
	pthread_mutex_lock(&host->out->lock);
	host->refuses_null = true;
	pthread_mutex_unlock(&host->out->lock);
}

bool outbound_host_refuses_null(struct host *host)
{
	bool refuses;

	pthread_mutex_lock(&host->out->lock);
	refuses = host->refuses_null;
	pthread_mutex_unlock(&host->out->lock);
	return refuses;
}

static void set_crowded(struct host *host)
{
	pthread_mutex_lock(&host->out->lock);
	host->is_crowded = true;
	pthread_mutex_unlock(&host->out->lock);
}

/* A smarthost that sends replies twice is recorded, so that the next session knows it. */
static char *stutter_key(const struct host *host)
{
	return xasprintf("one-by-one %s", host->settings->name);
}

static bool is_known_to_stutter(const struct host *host)
{
	char *key = stutter_key(host);
	int64_t now = clock_wall(), since;
	struct error error;
	int known = state_numbers_get(host->out->job->spool->state, key, &since, 1, &error);

	if (known < 0)
		log_warnx("event=state-unreadable key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	free(key);
	return known == 1 && since <= now && now - since < STUTTER_DAYS * 86400;
}

static void note_stutter(struct host *host)
{
	char *key = stutter_key(host);
	int64_t now = clock_wall();
	struct error error;

	pthread_mutex_lock(&host->out->lock);
	host->one_by_one = true;
	pthread_mutex_unlock(&host->out->lock);
	if (state_numbers_put(host->out->job->spool->state, key, &now, 1, &error) != 0)
		log_warnx("event=state-not-saved key=%s reason=%s", LOG_CSTR(key), LOG_ERROR(&error));
	log_warnx("event=smarthost-stutters smarthost=%s one_by_one_days=%d", LOG_CSTR(host->settings->name), STUTTER_DAYS);
	free(key);
}

/* Sends over the open connection until nothing is left (0) or it breaks (-1). */
static int run_once(struct connection *connection, struct error *error)
{
	struct host *host = connection->host;
	int result;

	connection->progressed = false;
	result = outbound_connection_run(connection, error);
	pthread_mutex_lock(&host->out->lock);
	host->progressed = host->progressed || connection->progressed;
	if (result != 0)
		host->broke = *error;
	pthread_mutex_unlock(&host->out->lock);
	return result;
}

static int establish(struct connection *connection, struct error *error)
{
	struct host *host = connection->host;
	enum conf_auth way;
	bool may_pipeline, one_by_one;

	thread_activity_step("connecting");
	pthread_mutex_lock(&host->out->lock);
	connection->smarthost.login_way = host->login_way;
	may_pipeline = host->may_pipeline;
	one_by_one = host->one_by_one;
	pthread_mutex_unlock(&host->out->lock);
	if (smarthost_connect(&connection->smarthost, may_pipeline, error) != 0)
		return -1;
	connection->smarthost.client.one_by_one = one_by_one;
	pthread_mutex_lock(&host->out->lock);
	host->answers = true;
	way = host->login_way;
	host->login_way = connection->smarthost.login_way;
	pthread_mutex_unlock(&host->out->lock);
	if (way != connection->smarthost.login_way)
		login_remember(host->out->job->spool->state, "smarthost", host->settings->name, connection->smarthost.login_way);
	return 0;
}

/* Over one connection after the other, as long as they make progress. */
static void connection_work(struct connection *connection)
{
	struct host *host = connection->host;
	struct error error = ERROR_INIT;

	thread_activity_who("smarthost %s", host->settings->name);
	for (int breaks = 0; breaks < BREAKS_MAX && !outbound_is_over(host->out);) {
		if (connection->smarthost.remote == NULL && count_waiting(host) == 0)
			return;
		if (establish(connection, &error) != 0)
			break;
		if (run_once(connection, &error) == 0)
			return;
		log_info("event=line-broken smarthost=%s reason=%s", LOG_CSTR(host->settings->name), LOG_ERROR(&error));
		if (connection->smarthost.remote != NULL && connection->smarthost.client.stutters)
			note_stutter(host);
		else if (!connection->progressed && connection->smarthost.remote != NULL &&
		    (!connection->smarthost.client.is_leaving || connection->smarthost.client.refuses_chunks))
			distrust(host);
		smarthost_hang_up(&connection->smarthost);
		if (connection->is_turned_away) {
			set_crowded(host);
			break;
		}
		breaks = connection->progressed ? 0 : breaks + 1;
	}
	keep_error(host, &error);
}

static void *connection_main(void *context)
{
	struct connection *connection = context;

	connection_work(connection);
	connection_close(connection);
	thread_activity_end();
	return NULL;
}

static size_t extra_lanes(const struct host *host, size_t waiting)
{
	size_t work = waiting < host->allowed ? waiting : host->allowed;
	size_t connections = work / PER_CONNECTION, most = (size_t)host->settings->max_connections - 1;

	return connections < most ? connections : most;
}

static void work_in_connections(struct host *host, struct connection *first)
{
	size_t count = extra_lanes(host, count_waiting(host)), started = 0;
	struct connection *connections = xcalloc(count + 1, sizeof(*connections));
	pthread_t *threads = xcalloc(count + 1, sizeof(*threads));

	for (; started < count; started++) {
		connection_open(&connections[started], host);
		if (pthread_create(&threads[started], NULL, connection_main, &connections[started]) == 0)
			continue;
		connection_close(&connections[started]);
		break; /* the others do it */
	}
	connection_work(first);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	/* Entries that were returned because the smarthost accepts fewer connections, and that the
	 * other connections did not get. */
	first->is_turned_away = false;
	if (host->is_crowded && count_waiting(host) > 0)
		connection_work(first);
	free(threads);
	free(connections);
}

/* Whether the smarthost failed: mail is left that it could have accepted, or all its mail was deferred because it
 * disconnected each time, not because of the mail. */
static bool has_failed(struct host *host)
{
	struct error *error = &host->report->error;

	if (count_waiting(host) > 0 && host->begun < host->allowed)
		return error->class != ERROR_NONE;
	*error = host->progressed ? (struct error)ERROR_INIT : host->broke;
	return error->class != ERROR_NONE;
}

bool outbound_host_flush(struct outbound *out, const struct conf_smarthost *settings)
{
	struct host host = {
	    .out = out,
	    .settings = settings,
	    .may_pipeline = true,
	    .report = &out->hosts[settings - out->job->conf->smarthosts],
	    .login_way = login_recall(out->job->spool->state, "smarthost", settings->name),
	};
	struct reachability reach = reachability_load(out->job->spool->state, settings->name);
	int64_t now = clock_wall();
	struct smarthost_hour hour = smarthost_hour_load(out->job->spool->state, settings->name, now);
	struct connection first;
	bool failed;

	host.one_by_one = is_known_to_stutter(&host);
	set_limit(&host, &hour);
	if (host.allowed == 0) {
		log_info("event=smarthost-limit smarthost=%s limit=%s", LOG_CSTR(settings->name), host.limit.setting);
		note_limit(&host);
		return true;
	}
	host.report->tried = true;
	host.report->error = (struct error)ERROR_INIT;
	connection_open(&first, &host);
	host.reach = reachability_after(reach, now, true).total;
	/* A refused login may count as an attack, so it is tried only once. */
	if (settings->remote.user[0] == '\0' || establish(&first, &host.report->error) == 0) {
		host.report->error = (struct error)ERROR_INIT;
		work_in_connections(&host, &first);
	}
	connection_close(&first);
	reach = reachability_after(reach, now, host.answers);
	reachability_store(out->job->spool->state, settings->name, &reach);
	host.report->begun += host.begun;
	save_hour(&host, &hour);
	note_limit(&host);
	failed = has_failed(&host);
	if (failed)
		outbound_fail(out, &host.report->error, host.report->error.class == ERROR_CANCELLED);
	return !failed;
}
