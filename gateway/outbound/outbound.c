#include "gateway/outbound/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/route.h"

#include <errno.h>
#include <stdlib.h>

void outbound_fail(struct outbound *out, const struct error *error, bool stop)
{
	pthread_mutex_lock(&out->lock);
	if (!out->failed)
		out->error = *error;
	out->failed = true;
	out->stopped = out->stopped || stop;
	pthread_mutex_unlock(&out->lock);
}

bool outbound_is_over(struct outbound *out)
{
	bool over;

	pthread_mutex_lock(&out->lock);
	over = out->stopped;
	pthread_mutex_unlock(&out->lock);
	return over || (out->job->cancel != NULL && atomic_load(out->job->cancel));
}

void outbound_journal(const struct sending *sending, enum event event, const char *place,
    const char *detail)
{
	intake_journal(sending->out->job->spool->intake, sending->envelope.id.text,
	    sending->out->job->session, event, place, detail);
}

int outbound_commit(struct connection *connection)
{
	struct error error;
	int result = intake_batch_commit(connection->batch, &error);

	while (connection->claim_count > 0)
		outbound_give_up_claim(&connection->claims[--connection->claim_count]);
	if (result == 0)
		return 0;
	outbound_fail(connection->host->out, &error, true);
	return -1;
}

void outbound_keep_claim(struct connection *connection, struct sending *sending)
{
	if (connection->claim_count == CLAIMS_MAX && outbound_commit(connection) != 0)
		return;
	connection->claims[connection->claim_count++] = sending->claim;
	sending->claim = 0;
}

void outbound_count(struct outbound *out, size_t sent, size_t refused, size_t deferred)
{
	pthread_mutex_lock(&out->lock);
	out->result->sent += sent;
	out->result->refused += refused;
	out->result->deferred += deferred;
	pthread_mutex_unlock(&out->lock);
}

void outbound_count_bytes(struct outbound *out, const struct envelope *envelope, uint64_t bytes)
{
	pthread_mutex_lock(&out->lock);
	byte_shares_add(&out->result->shares, slice_of(envelope->submitter), bytes, 1);
	pthread_mutex_unlock(&out->lock);
}

/* --- due entries */

/* Sent or removed by another process meanwhile, or damaged and set aside (reported to postmaster). Else it stays, and the
 * session reports it. */
void outbound_unread(struct outbound *out, const struct queue_item *item, const struct error *error)
{
	log_warnx("event=queue-entry-unreadable id=%s reason=%s", item->id.text, LOG_ERROR(error));
	if (error->saved_errno != ENOENT && error->class != ERROR_PERMANENT)
		outbound_fail(out, error, false);
}

/* Also entries that were deferred to a time that only a wrong clock can explain. */
static bool is_due(const struct envelope *envelope)
{
	int64_t now = clock_wall();

	return envelope->next_attempt <= now || envelope->last_attempt > now;
}

/* Urgent mail first, then by the priority of the user who sends it. */
static int rank_of(const struct conf *conf, const struct envelope *envelope)
{
	const struct conf_user *user = envelope->submitter[0] == '\0' ? NULL : conf_find_user(conf, envelope->submitter);

	if (envelope->is_urgent)
		return PRIORITY_HIGH + 1;
	return user == NULL ? PRIORITY_NORMAL : (int)user->priority;
}

/* The oldest first among equals: queue_list() has them so, and ids grow. */
static int by_rank(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;

	return a->rank != b->rank ? b->rank - a->rank : strcmp(a->item.id.text, b->item.id.text);
}

static void add_entry(struct outbound *out, const struct queue_item *item)
{
	struct envelope envelope;
	struct error error;

	if (intake_is_unsettled(out->job->spool->intake, &item->id)) {
		out->unsettled++;
		return;
	}
	if (queue_read(out->job->spool, item, &envelope, &error) != 0) {
		outbound_unread(out, item, &error);
		return;
	}
	if (out->job->all || item->state == QUEUE_ACTIVE || is_due(&envelope)) {
		const struct conf_smarthost *home = route_smarthost(out->job->conf, envelope.sender);

		ARRAY_GROW(out->entries, out->count);
		out->entries[out->count++] = (struct entry){.item = *item, .home = home, .smarthost = home, .size = envelope.size,
		    .rank = rank_of(out->job->conf, &envelope)};
	}
	envelope_clear(&envelope);
}

static int gather(struct outbound *out, struct error *error)
{
	struct queue_items items = {0};

	if (queue_list(out->job->spool, 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED, &items, error) != 0)
		return -1;
	for (size_t i = 0; i < items.count; i++)
		add_entry(out, &items.items[i]);
	if (out->count > 0)
		qsort(out->entries, out->count, sizeof(*out->entries), by_rank);
	queue_items_clear(&items);
	return 0;
}

static void complain_of_homeless(struct outbound *out)
{
	struct error error;
	size_t count = 0;

	for (size_t i = 0; i < out->count; i++)
		count += out->entries[i].smarthost == NULL;
	if (count == 0)
		return;
	error_set(&error, ERROR_CONFIG,
	    N_("%zu messages are queued, but no [smarthost] is configured for their senders"), count);
	outbound_fail(out, &error, false);
}

static void complain_of_unsettled(struct outbound *out)
{
	struct error error;

	if (out->unsettled == 0)
		return;
	error_set(&error, ERROR_IO,
	    N_("%zu finished messages could not be removed from the queue; they are not sent again "
	       "(see the log)"),
	    out->unsettled);
	outbound_fail(out, &error, false);
}

/* --- keys for signing */

/* Unsigned mail is better than none; postmaster gets a report as for a failed session. */
static void open_keys(struct outbound *out)
{
	const struct outbound_keys *keys = out->job->keys;
	const struct conf *conf = out->job->conf;
	struct error error;

	out->signers = xcalloc(conf->dkim_count + 1, sizeof(*out->signers));
	for (size_t i = 0; i < conf->dkim_count && out->count > 0 && keys != NULL; i++)
		if (keys->open(keys->context, &conf->dkims[i], &out->signers[i], &error) != 0) {
			out->signers[i] = (struct dkim_signer){.sign = NULL};
			outbound_fail(out, &error, false);
		}
}

static void close_keys(struct outbound *out)
{
	for (size_t i = 0; i < out->job->conf->dkim_count; i++)
		if (out->signers[i].sign != NULL)
			out->job->keys->close(&out->signers[i]);
	free(out->signers);
}

/* --- all smarthosts, one thread each */

struct host_thread {
	struct outbound *out;
	const struct conf_smarthost *settings;
	pthread_t thread;
	bool started, works;
};

static bool has_work(const struct outbound *out, const struct conf_smarthost *settings)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->entries[i].smarthost == settings && out->entries[i].state == ENTRY_WAITING)
			return true;
	return false;
}

static void *host_main(void *context)
{
	struct host_thread *work = context;

	work->works = outbound_host_flush(work->out, work->settings);
	return NULL;
}

/* Smarthosts with work that are not known to be unavailable, in parallel. */
static void flush_hosts(struct outbound *out, bool *is_down)
{
	const struct conf *conf = out->job->conf;
	struct host_thread *threads = xcalloc(conf->smarthost_count + 1, sizeof(*threads));

	for (size_t i = 0; i < conf->smarthost_count; i++) {
		struct host_thread *work = &threads[i];

		work->out = out;
		work->settings = &conf->smarthosts[i];
		if (is_down[i] || !has_work(out, work->settings))
			continue;
		work->started = pthread_create(&work->thread, NULL, host_main, work) == 0;
		is_down[i] = !work->started;
	}
	for (size_t i = 0; i < conf->smarthost_count; i++) {
		if (!threads[i].started)
			continue;
		pthread_join(threads[i].thread, NULL);
		is_down[i] = !threads[i].works;
	}
	free(threads);
}

static const struct conf_smarthost *choose_fallback(const struct conf *conf,
    const struct conf_smarthost *smarthost, const bool *is_down)
{
	for (size_t i = 0; i < smarthost->fallback.count; i++)
		for (size_t j = 0; j < conf->smarthost_count; j++)
			if (!is_down[j] && strcmp(conf->smarthosts[j].name, smarthost->fallback.items[i]) == 0)
				return &conf->smarthosts[j];
	return NULL;
}

/* Sends the mail of an unavailable smarthost through its fallback. Returns the number of
 * messages. */
static size_t redirect(struct outbound *out, const bool *is_down)
{
	const struct conf *conf = out->job->conf;
	size_t count = 0;

	for (size_t i = 0; i < out->count; i++) {
		struct entry *entry = &out->entries[i];
		const struct conf_smarthost *other;

		if (entry->state != ENTRY_WAITING || entry->smarthost == NULL ||
		    !is_down[entry->smarthost - conf->smarthosts])
			continue;
		other = choose_fallback(conf, entry->home, is_down);
		if (other == NULL)
			continue;
		log_info("event=fallback id=%s from=%s to=%s", entry->item.id.text, LOG_CSTR(entry->smarthost->name),
		    LOG_CSTR(other->name));
		entry->smarthost = other;
		entry->breaks = 0;
		count++;
	}
	return count;
}

static void flush_all(struct outbound *out)
{
	bool *is_down = xcalloc(out->job->conf->smarthost_count + 1, sizeof(*is_down));

	do {
		flush_hosts(out, is_down);
	} while (!outbound_is_over(out) && redirect(out, is_down) > 0);
	free(is_down);
}

int outbound_plan(const struct outbound_job *job, struct outbound_plan *plan, struct error *error)
{
	struct outbound out = {.job = job};

	*plan = (struct outbound_plan){0};
	if (gather(&out, error) != 0)
		return -1;
	for (size_t i = 0; i < out.count; i++) {
		bool is_sent = plan->held == 0 && (job->may_send == NULL || job->may_send(job->context, out.entries[i].size));

		*(is_sent ? &plan->count : &plan->held) += 1;
		*(is_sent ? &plan->bytes : &plan->held_bytes) += out.entries[i].size;
	}
	free(out.entries);
	return 0;
}

int outbound_flush(const struct outbound_job *job, struct outbound_host *hosts, struct outbound_result *result,
    struct error *error)
{
	struct outbound out = {
	    .job = job, .hosts = hosts, .result = result, .lock = PTHREAD_MUTEX_INITIALIZER};

	*result = (struct outbound_result){0};
	if (gather(&out, error) != 0)
		return -1;
	open_keys(&out);
	flush_all(&out);
	close_keys(&out);
	complain_of_homeless(&out);
	complain_of_unsettled(&out);
	free(out.entries);
	if (outbound_is_over(&out) && !out.failed)
		error_set(&out.error, ERROR_CANCELLED, N_("sending was cancelled")), out.failed = true;
	pthread_mutex_destroy(&out.lock);
	if (out.failed)
		*error = out.error;
	return out.failed ? -1 : 0;
}
