#include "gateway/outbound_priv.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "mail/route.h"

#include <stdlib.h>

void outbound_fail(struct outbound *out, const struct error *error, bool stop)
{
	if (!out->failed)
		out->error = *error;
	out->failed = true;
	out->stopped = out->stopped || stop;
}

void outbound_journal(struct sending *sending, const char *event, const char *place,
    const char *detail)
{
	intake_journal(sending->out->job->intake, sending->envelope.id.text,
	    sending->out->job->session, event, place, detail);
}

int outbound_commit(struct outbound *out)
{
	struct error error;

	if (intake_batch_commit(out->batch, &error) == 0)
		return 0;
	outbound_fail(out, &error, true);
	return -1;
}

static bool is_cancelled(const struct outbound *out)
{
	return out->job->cancel != NULL && atomic_load(out->job->cancel);
}

static void flush_smarthost(struct outbound *out, const struct conf_smarthost *settings)
{
	out->smarthost = (struct smarthost){
	    .conf = out->job->conf,
	    .settings = settings,
	    .cancel = out->job->cancel,
	    .may_pipeline = true,
	};
	for (size_t i = 0; i < out->count && !out->stopped && !is_cancelled(out); i++) {
		if (out->entries[i].smarthost != settings)
			continue;
		if (outbound_send(out, &out->entries[i]) != 0)
			break;
		out->done++;
		if (out->job->progress != NULL)
			out->job->progress(out->job->context, out->done, out->count);
	}
	outbound_commit(out);
	smarthost_close(&out->smarthost);
}

/* --- what is due */

static const struct conf_smarthost *find_smarthost(const struct conf *conf, const char *sender)
{
	struct addr addr, outside;
	char text[ADDR_TEXT_MAX];

	if (sender[0] == '\0' || !addr_parse(slice_of(sender), &addr) ||
	    !route_outside_sender(conf, &addr, &outside))
		return conf_smarthost_for(conf, slice_of(sender));
	return conf_smarthost_for(conf, slice_of(addr_text(text, sizeof(text), &outside)));
}

/* Also what was put off to a time that only a clock which went wrong can have meant. */
static bool is_due(const struct envelope *envelope)
{
	int64_t now = clock_wall();

	return envelope->next_attempt <= now || envelope->last_attempt > now;
}

static void add_entry(struct outbound *out, const struct queue_item *item)
{
	struct envelope envelope;
	struct error error;

	if (queue_read(out->job->conf->gateway.spool, item, &envelope, &error) != 0) {
		log_warnx("event=queue-entry-unreadable id=%s reason=%s", item->id.text,
		    LOG_CSTR(error.text));
		return;
	}
	if (out->job->all || item->state == QUEUE_ACTIVE || is_due(&envelope)) {
		ARRAY_GROW(out->entries, out->count);
		out->entries[out->count++] = (struct entry){
		    .item = *item,
		    .smarthost = find_smarthost(out->job->conf, envelope.sender),
		};
	}
	envelope_clear(&envelope);
}

static int gather(struct outbound *out, struct error *error)
{
	struct queue_items items = {0};

	if (queue_list(out->job->conf->gateway.spool, 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED, &items, error) != 0)
		return -1;
	for (size_t i = 0; i < items.count; i++)
		add_entry(out, &items.items[i]);
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
	    _("%zu messages wait, and no [smarthost] is configured for their senders"), count);
	outbound_fail(out, &error, false);
}

static bool has_work(const struct outbound *out, const struct conf_smarthost *settings)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->entries[i].smarthost == settings)
			return true;
	return false;
}

int outbound_flush(const struct outbound_job *job, struct outbound_result *result,
    struct error *error)
{
	struct outbound out = {.job = job, .result = result};

	*result = (struct outbound_result){0};
	if (gather(&out, error) != 0)
		return -1;
	out.batch = intake_batch_new(job->intake);
	for (size_t i = 0; i < job->conf->smarthost_count; i++)
		if (has_work(&out, &job->conf->smarthosts[i]) && !out.stopped)
			flush_smarthost(&out, &job->conf->smarthosts[i]);
	complain_of_homeless(&out);
	intake_batch_free(out.batch);
	free(out.entries);
	if (is_cancelled(&out) && !out.failed)
		error_set(&out.error, ERROR_CANCELLED, _("sending was stopped")), out.failed = true;
	if (out.failed)
		*error = out.error;
	return out.failed ? -1 : 0;
}
