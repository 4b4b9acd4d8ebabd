#include "gateway/report/crash_report.h"

#include "base/i18n.h"
#include "gateway/report/report.h"
#include "gateway/report/side_report.h"
#include "mail/route.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define WORK_MAX 16384

struct told {
	struct crash crash;
	bool recovered;
};

static void describe(const struct crash *crash, struct error *problem)
{
	int status = crash->status;

	if (crash->hung > 0)
		error_set(problem, ERROR_TEMPORARY, N_("the process did not answer for %d seconds and was ended; "
		    "a new one is started"), crash->hung);
	else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		error_set(problem, ERROR_TEMPORARY,
		    N_("the kernel killed the process after a forbidden system call; the process "
		       "may be compromised"));
	else if (WIFSIGNALED(status))
		error_set(problem, ERROR_TEMPORARY, N_("the process was killed by signal %d"),
		    WTERMSIG(status));
	else
		error_set(problem, ERROR_TEMPORARY, N_("the process ended with exit code %d"),
		    WEXITSTATUS(status));
}

/* The activity of its threads is listed below the problem. */
static void describe_work(const struct thread_activity *doing, struct buf *out)
{
	struct buf lines = BUF_INIT(WORK_MAX);
	size_t count = thread_activity_tell(doing, &lines);
	struct slice rest = buf_slice(&lines);

	if (count > 0)
		buf_append_text(out, _("Activity of the process:\n\n"));
	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		buf_printf(out, "    %.*s\n", SLICE_PRINT(line));
	}
	if (count > THREAD_ACTIVITY_LINES_MAX)
		buf_printf(out, _("    and %zu more\n"), count - THREAD_ACTIVITY_LINES_MAX);
	if (count > 0)
		buf_append_text(out, "\n");
	buf_clear(&lines);
}

static void tell(const struct conf *conf, struct spool *spool, const void *context)
{
	const struct reporter reporter = {conf, spool, ""};
	const struct told *told = context;
	const struct crash *crash = &told->crash;
	const char *what = strcmp(crash->process, "lan") == 0	? N_("the LAN server")
			   : strcmp(crash->process, "auth") == 0 ? N_("the process that checks passwords")
			   : strcmp(crash->process, "filter") == 0 ? N_("the process that asks the scanners")
			   : strcmp(crash->process, "watch") == 0 ? N_("the process that waits for new mail")
								 : N_("the session process");
	struct buf work = BUF_INIT(WORK_MAX);
	const char *before;
	struct error problem;
	char key[64];

	snprintf(key, sizeof(key), "process %s", crash->process);
	if (told->recovered) {
		report_recovery(&reporter, key, PHRASE_WORD(what));
		return;
	}
	describe(crash, &problem);
	before = i18n_speak(route_language(conf, CONF_POSTMASTER));
	describe_work(crash->doing, &work);
	i18n_speak(before);
	report_problem(&reporter, key, PHRASE_WORD(what), &problem, buf_slice(&work));
	buf_clear(&work);
}

void crash_report(const struct conf *conf, const struct crash *crash)
{
	side_report(conf, tell, &(struct told){.crash = *crash});
}

void crash_recovered(const struct conf *conf, const char *process)
{
	side_report(conf, tell, &(struct told){.crash = {.process = process}, .recovered = true});
}
