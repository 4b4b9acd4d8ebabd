#include "gateway/crash_report.h"

#include "base/i18n.h"
#include "base/log.h"
#include "gateway/child.h"
#include "gateway/report.h"
#include "gateway/spool.h"

#include <stdio.h>
#include <sys/wait.h>

#define WORK_MAX 16384

struct crash_job {
	const struct conf *conf;
	const char *process;
	int status;
	const struct doing *doing;
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

/* What it was at goes below the problem. */
static void describe_work(const struct doing *doing, struct buf *out)
{
	struct buf lines = BUF_INIT(WORK_MAX);
	size_t count = doing_tell(doing, &lines);
	struct slice rest = buf_slice(&lines);

	if (count > 0)
		buf_append_text(out, _("What it was doing:\n\n"));
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		buf_printf(out, "    %.*s\n", SLICE_PRINT(line));
	}
	if (count > DOING_LINES_MAX)
		buf_printf(out, _("    and %zu more\n"), count - DOING_LINES_MAX);
	if (count > 0)
		buf_append_text(out, "\n");
	buf_clear(&lines);
}

static int tell(void *context, int event_fd)
{
	const struct crash_job *job = context;
	const char *what = strcmp(job->process, "lan") == 0 ? _("the LAN server") : _("the session process");
	struct spool spool;
	struct error error, problem;
	struct buf work = BUF_INIT(WORK_MAX);
	char key[64];

	(void)event_fd;
	snprintf(key, sizeof(key), "process %s", job->process);
	if (spool_open(&spool, job->conf, "supervisor", NULL, NULL, &error) != 0) {
		log_warnx("event=report-failed reason=%s", LOG_CSTR(error.text));
		return 1;
	}
	describe(job->status, &problem);
	describe_work(job->doing, &work);
	if (job->recovered)
		report_recovery(job->conf, spool.intake, spool.state, "", key, what);
	else
		report_problem(job->conf, spool.intake, spool.state, "", key, what, &problem,
		    buf_slice(&work));
	buf_clear(&work);
	spool_close(&spool);
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

void crash_report(const struct conf *conf, const char *process, int status, const struct doing *doing)
{
	start(&(struct crash_job){.conf = conf, .process = process, .status = status, .doing = doing});
}

void crash_recovered(const struct conf *conf, const char *process)
{
	start(&(struct crash_job){.conf = conf, .process = process, .recovered = true});
}
