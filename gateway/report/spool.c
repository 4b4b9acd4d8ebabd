#include "gateway/report/spool.h"

#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/damage.h"
#include "gateway/report/report.h"

static void tell_of_damage(const struct spool *spool, const struct conf *conf)
{
	struct error problem;

	error_set(&problem, ERROR_IO, N_("state.db was damaged; it was renamed and a new one was created"));
	report_problem(conf, spool->intake, spool->state, "", "state.db",
	    PHRASE(N_("the record of fetched messages")), &problem, SLICE_NONE);
}

int spool_open_state(struct spool *spool, const struct conf *conf, struct error *error)
{
	*spool = (struct spool){0};
	return state_open(&spool->state, conf->gateway.spool, &spool->was_damaged, error);
}

int spool_open_mail(struct spool *spool, const struct conf *conf, const char *writer,
    void (*delivered)(void *context, const struct place *place), void *context, struct error *error)
{
	const struct intake_options options = {
	    .spool = conf->gateway.spool,
	    .hostname = conf->gateway.hostname,
	    .writer = writer,
	    .delivered = delivered,
	    .context = context,
	    .state = spool->state,
	};

	if (intake_open(&spool->intake, &options, NULL, error) != 0) {
		state_close(spool->state);
		*spool = (struct spool){0};
		return -1;
	}
	if (spool->was_damaged)
		tell_of_damage(spool, conf);
	damage_report(conf, spool->intake, spool->state, "");
	return 0;
}

int spool_open(struct spool *spool, const struct conf *conf, const char *writer,
    void (*delivered)(void *context, const struct place *place), void *context,
    struct error *error)
{
	if (spool_open_state(spool, conf, error) != 0)
		return -1;
	spool->keeps_seen = true;
	return spool_open_mail(spool, conf, writer, delivered, context, error);
}

void spool_close(struct spool *spool)
{
	struct error error;

	if (intake_close(spool->intake, &error) != 0)
		log_warnx("event=close-failed reason=%s (mail stays in the log)",
		    LOG_ERROR(&error));
	if (spool->keeps_seen && state_copy_seen(spool->state, &error) != 0)
		log_warnx("event=seen-not-copied reason=%s", LOG_ERROR(&error));
	state_close(spool->state);
}
