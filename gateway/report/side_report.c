#include "gateway/report/side_report.h"

#include "base/log.h"
#include "gateway/process/child.h"
#include "gateway/report/spool_damage.h"

struct side_job {
	struct conf *conf; /* a copy in the child */
	side_report_fn fn;
	const void *context;
};

static int run(void *context, int event_fd)
{
	const struct side_job *job = context;
	const struct spool_options options = {.writer = "supervisor", .reports_damage = true, .keeps_seen = true};
	struct spool spool;
	struct error error;

	(void)event_fd;
	conf_wipe_secrets(job->conf, NULL); /* its input may be external, and it needs none of them */
	if (spool_open(&spool, job->conf, &options, &error) != 0) {
		log_warnx("event=report-failed reason=%s", LOG_ERROR(&error));
		return 1;
	}
	spool_damage_report(job->conf, &spool, "");
	job->fn(job->conf, &spool, job->context);
	spool_close(&spool, NULL);
	return 0;
}

void side_report(const struct conf *conf, side_report_fn fn, const void *context)
{
	struct side_job job = {(struct conf *)(uintptr_t)conf, fn, context};
	struct child child;
	struct error error;

	if (child_start(&child, "report", run, &job, &error) != 0)
		log_warnx("event=report-failed reason=%s", LOG_ERROR(&error));
	else
		child_gone(&child); /* reaped with the others */
}
