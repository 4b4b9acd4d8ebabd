#include "gateway/crash_report.h"

#include "base/i18n.h"
#include "base/log.h"
#include "gateway/child.h"
#include "gateway/report.h"

#include <stdio.h>
#include <sys/wait.h>

struct crash_job {
	const struct conf *conf;
	const char *process;
	int status;
	bool recovered;
};

static void describe(int status, struct error *problem)
{
	if (WIFSIGNALED(status))
		error_set(problem, ERROR_TEMPORARY, _("the process was ended by signal %d"),
		    WTERMSIG(status));
	else
		error_set(problem, ERROR_TEMPORARY, _("the process ended with exit code %d"),
		    WEXITSTATUS(status));
}

static int tell(void *context, int event_fd)
{
	const struct crash_job *job = context;
	struct intake_options options = {
	    .spool = job->conf->gateway.spool,
	    .hostname = job->conf->gateway.hostname,
	    .writer = "supervisor",
	};
	const char *what = strcmp(job->process, "lan") == 0 ? _("the LAN server") : _("the session process");
	struct intake *intake = NULL;
	struct error error, problem;
	char key[64];

	(void)event_fd;
	snprintf(key, sizeof(key), "process %s", job->process);
	if (state_open(&options.state, options.spool, NULL, &error) != 0 ||
	    intake_open(&intake, &options, NULL, &error) != 0) {
		log_warnx("event=report-failed reason=%s", LOG_CSTR(error.text));
		return 1;
	}
	describe(job->status, &problem);
	if (job->recovered)
		report_recovery(job->conf, intake, options.state, "", key, what);
	else
		report_problem(job->conf, intake, options.state, "", key, what, &problem);
	if (intake_close(intake, &error) != 0)
		log_warnx("event=close-failed reason=%s", LOG_CSTR(error.text));
	state_close(options.state);
	return 0;
}

static void start(struct crash_job *job)
{
	struct child child;
	struct error error;

	if (child_start(&child, "report", tell, job, &error) != 0)
		log_warnx("event=report-failed reason=%s", LOG_CSTR(error.text));
	else
		child_gone(&child); /* reaped with the others */
}

void crash_report(const struct conf *conf, const char *process, int status)
{
	start(&(struct crash_job){.conf = conf, .process = process, .status = status});
}

void crash_recovered(const struct conf *conf, const char *process)
{
	start(&(struct crash_job){.conf = conf, .process = process, .recovered = true});
}
