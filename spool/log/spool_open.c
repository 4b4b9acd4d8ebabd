/* Opening and closing all of a spool: its state, then its log. */
#include "spool/spool.h"

#include "base/alloc.h"
#include "base/log.h"
#include "config/conf.h"
#include "spool/mailbox/folder_priv.h"
#include "spool/storage/intake.h"

#include <stdlib.h>

struct spool spool_at(char *folder)
{
	return (struct spool){.folder = folder};
}

static void close_state(struct spool *spool)
{
	state_close(spool->state);
	free(spool->folder);
	*spool = (struct spool){0};
}

int spool_open_state(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error)
{
	*spool = spool_at(xstrdup(conf->gateway.spool));
	spool->keeps_seen = options->keeps_seen;
	if (state_open(&spool->state, spool, options->reports_damage ? &spool->was_damaged : NULL, error) == 0)
		return 0;
	close_state(spool);
	return -1;
}

int spool_open_intake(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error)
{
	const struct intake_options intake = {
	    .spool = spool,
	    .hostname = conf->gateway.hostname,
	    .writer = options->writer,
	    .delivered = options->delivered,
	    .context = options->context,
	    .state = spool->state,
	};

	if (intake_open(&spool->intake, &intake, NULL, error) == 0)
		return 0;
	close_state(spool);
	return -1;
}

int spool_open(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error)
{
	if (spool_open_state(spool, conf, options, error) != 0)
		return -1;
	return spool_open_intake(spool, conf, options, error);
}

int spool_close(struct spool *spool, struct error *error)
{
	struct error ignored, *problem = error == NULL ? &ignored : error;
	int result = intake_close(spool->intake, problem);

	folder_forget(spool);

	if (result != 0 && error == NULL)
		log_warnx("event=close-failed reason=%s (mail stays in the log)", LOG_ERROR(problem));
	if (spool->keeps_seen && state_copy_seen(spool->state, &ignored) != 0)
		log_warnx("event=seen-not-copied reason=%s", LOG_ERROR(&ignored));
	close_state(spool);
	return result;
}
