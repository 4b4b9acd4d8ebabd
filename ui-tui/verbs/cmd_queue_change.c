/*
 * lanpost queue hold, release, retry and delete: changes of the queue, also while a session sends from it.
 */
#include "base/alloc.h"
#include "base/file/fsx.h"
#include "base/i18n.h"
#include "mail/bounce.h"
#include "spool/maintenance/damage.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/verbs/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define IN(state) (1u << (state))

struct change {
	unsigned from; /* states from which the change is possible */
	enum queue_state to;
	enum event event; /* in the journal */
	const char *done, *refused; /* N_(), with the id */
};

static const struct change hold = {IN(QUEUE_ACTIVE) | IN(QUEUE_DEFERRED), QUEUE_HOLD, EVENT_HELD,
    N_("message %s is on hold now\n"), N_("message %s is already on hold, or damaged")};
static const struct change release = {IN(QUEUE_HOLD), QUEUE_ACTIVE, EVENT_RELEASED,
    N_("message %s is sent in the next session\n"), N_("message %s is not on hold")};
static const struct change retry = {IN(QUEUE_DEFERRED) | IN(QUEUE_ACTIVE), QUEUE_ACTIVE, EVENT_RETRIED,
    N_("message %s is sent in the next session\n"),
    N_("message %s is on hold or damaged: see lanpost queue list")};

struct job {
	const struct change *change; /* NULL: delete */
	const struct conf *conf;
	bool tell; /* the sender */
	struct spool spool;
};

static int not_there(const char *text)
{
	return cli_fail(CLI_FAILED, _("there is no message %s in the queue; see lanpost queue list"), text);
}

static int shift(struct job *job, const struct msgid *id)
{
	const struct change *change = job->change;
	struct error error = ERROR_INIT;
	char time[32];
	int64_t next = 0;
	int moved = queue_shift(&job->spool, id, change->from, change->to, &next, &error);

	if (moved < 0)
		return cli_fail_error(&error);
	if (moved == 0)
		return cli_fail(CLI_FAILED, _(change->refused), id->text);
	intake_journal(job->spool.intake, id->text, "", change->event, "", "lanpost queue");
	if (change->to == QUEUE_ACTIVE && next != 0)
		printf(_("message %s is retried at %s, as before\n"), id->text, i18n_time(time, sizeof(time), next));
	else
		printf(_(change->done), id->text);
	return CLI_DONE;
}

/* The bounce for the waiting recipients; none if the sender is not a local user. */
static int make_bounce(struct job *job, const struct queue_item *item, struct envelope *envelope,
    struct bounces *bounces, struct error *error)
{
	const struct place **places = xcalloc(envelope->place_count + 1, sizeof(*places));
	struct slice message = SLICE_NONE;
	size_t count = 0;
	int result;

	for (size_t i = 0; i < envelope->place_count; i++) {
		if (envelope->places[i].kind != PLACE_QUEUE || envelope->places[i].status != PLACE_PENDING)
			continue;
		envelope_set(&envelope->places[i].reply, slice_of(PHRASE(N_("the administrator "
		    "deleted the message from the queue"))));
		places[count++] = &envelope->places[i];
	}
	result = queue_message(&job->spool, item, &message, error);
	if (result == 0) {
		const struct bounce_about about = {&job->spool, BOUNCE_FAILED, envelope, places, count, message, ""};

		result = bounce_make_all(job->conf, &about, bounces, error);
		fsx_unmap(message);
	}
	free(places);
	return result;
}

static int accept_facts(struct job *job, const struct queue_item *item, struct envelope *envelope,
    const struct fact *facts, size_t count, struct error *error)
{
	struct intake *intake = job->spool.intake;
	struct bounces bounces = {.count = 0};

	if (!job->tell || count == 0)
		return count == 0 ? 0 : intake_accept(job->spool.intake, NULL, NULL, facts, count, error);
	if (make_bounce(job, item, envelope, &bounces, error) != 0)
		return -1;
	return bounce_accept_all(intake, &bounces, facts, count, error);
}

/* Waiting recipients are settled in the log first, so that no recovery brings the entry back; without any, the
 * entry is simply removed. */
static int settle_all(struct job *job, const struct queue_item *item, struct error *error)
{
	struct envelope envelope;
	struct fact *facts;
	size_t count = 0;
	int result;

	if (item->state == QUEUE_CORRUPT || queue_read(&job->spool, item, &envelope, error) != 0)
		return 0;
	facts = xcalloc(envelope.place_count + 1, sizeof(*facts));
	for (size_t i = 0; i < envelope.place_count; i++)
		if (envelope.places[i].kind == PLACE_QUEUE && envelope.places[i].status == PLACE_PENDING)
			facts[count++] = (struct fact){.kind = FACT_FAILED,
			    .id = item->id.text,
			    .name = envelope.places[i].name,
			    .text = "deleted by the administrator"};
	result = accept_facts(job, item, &envelope, facts, count, error);
	free(facts);
	envelope_clear(&envelope);
	return result;
}

static int delete_claimed(struct job *job, const struct msgid *id)
{
	struct queue_item item = {.id = *id};
	struct error error = ERROR_INIT;
	int there;

	there = queue_find(&job->spool, id, &item.state, &error);
	if (there == 0)
		return not_there(id->text);
	if (there > 0 && settle_all(job, &item, &error) == 0)
		while ((there = queue_find(&job->spool, id, &item.state, &error)) > 0 && queue_remove(&job->spool, &item, &error) == 0)
			;
	if (there != 0)
		return cli_fail_error(&error);
	damage_forget(job->spool.state, &job->spool);
	intake_journal(job->spool.intake, id->text, "", EVENT_DELETED, "", "lanpost queue delete");
	printf(_("message %s was deleted\n"), id->text);
	return CLI_DONE;
}

/* Not while a session sends it: what it has sent is not deleted. Nobody sends one whose message is missing. */
static int delete(struct job *job, const struct queue_item *item)
{
	struct error error = ERROR_INIT;
	int claim = queue_claim(&job->spool, item, true, &error), result;

	if (claim < 0 && error.saved_errno != ENOENT)
		return cli_fail_error(&error);
	result = delete_claimed(job, &item->id);
	if (claim >= 0)
		close(claim);
	return result;
}

static bool find(const struct spool *spool, const char *text, struct queue_item *item)
{
	struct error error;

	*item = (struct queue_item){.id = {""}};
	if (!msgid_is(slice_of(text)))
		return false;
	memcpy(item->id.text, text, MSGID_LEN);
	return queue_find(spool, &item->id, &item->state, &error) > 0;
}

static int change_one(struct job *job, const char *text)
{
	struct queue_item item;

	if (!find(&job->spool, text, &item))
		return not_there(text);
	return job->change == NULL ? delete(job, &item) : shift(job, &item.id);
}

static int run(struct cli *cli, const struct change *change)
{
	struct conf *conf = cli_gateway_conf(cli);
	struct error error = ERROR_INIT;
	struct job job = {.change = change};
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	job.conf = conf;
	job.tell = cli_option(cli, "--tell") != NULL;
	if (spool_open(&job.spool, conf, &(struct spool_options){.writer = "admin"}, &error) != 0) {
		conf_free(conf);
		return cli_fail_error(&error);
	}
	for (int i = 0; i < cli->count; i++)
		if (change_one(&job, cli->words[i]) != CLI_DONE)
			result = CLI_FAILED;
	if (spool_close(&job.spool, &error) != 0)
		result = cli_fail_error(&error);
	conf_free(conf);
	return result;
}

/* A missing message is reported later; a damaged message has no time. */
static int confirm_deletion(const struct cli *cli, const struct spool *spool)
{
	size_t count = 0;
	int64_t newest = 0;
	char *question, time[32];
	int result;

	for (int i = 0; i < cli->count; i++) {
		struct queue_item item;
		struct envelope envelope;
		struct error error;

		if (!find(spool, cli->words[i], &item))
			continue;
		count++;
		if (item.state == QUEUE_CORRUPT || queue_read(spool, &item, &envelope, &error) != 0)
			continue;
		newest = envelope.time > newest ? envelope.time : newest;
		envelope_clear(&envelope);
	}
	if (count == 0)
		return CLI_DONE;
	question = xasprintf(_n("Permanently delete %zu message from the queue (the newest is of %s)?",
				 "Permanently delete %zu messages from the queue (the newest is of "
				 "%s)?", count),
	    count, newest == 0 ? "-" : i18n_time(time, sizeof(time), newest));
	result = cli_confirm_removal(cli, question);
	free(question);
	return result;
}

int cmd_queue_hold(struct cli *cli)
{
	return run(cli, &hold);
}

int cmd_queue_release(struct cli *cli)
{
	return run(cli, &release);
}

int cmd_queue_retry(struct cli *cli)
{
	return run(cli, &retry);
}

int cmd_queue_delete(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = confirm_deletion(cli, SPOOL_OF(conf));
	conf_free(conf);
	return result == CLI_DONE ? run(cli, NULL) : result;
}
