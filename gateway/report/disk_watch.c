#include "gateway/report/disk_watch.h"

#include "base/file/fsx.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/report/report.h"
#include "gateway/report/side_report.h"
#include "spool/reserve.h"

#include <stdlib.h>

#define DISK_LOW (8u << 20) /* postmaster gets a report when only this much is free */
#define LOOK_MS 10000
#define TELL_MS 300000 /* repeated while it stays low: the first report itself may have found no room */

static bool is_low(const struct conf *conf)
{
	return !reserve_has_room(SPOOL_OF(conf), DISK_LOW) || reserve_has_few_files(SPOOL_OF(conf));
}

static void describe(const struct conf *conf, struct error *problem)
{
	const char *folder = conf->gateway.spool;
	uint64_t all;

	if (reserve_has_few_files(SPOOL_OF(conf)))
		error_set(problem, ERROR_TEMPORARY,
		    N_("only %llu more files can be created in %s (df -i); soon the gateway cannot accept mail"),
		    (unsigned long long)fsx_free_files(folder, &all), folder);
	else
		error_set(problem, ERROR_TEMPORARY, N_("only %s are free in %s; soon the gateway cannot accept mail"),
		    PHRASE_SIZE(fsx_free_bytes(folder)), folder);
}

/* Refused mail because the disk failed: reported by the next session, because a log that cannot be written cannot accept
 * a report. */
static void report_failure(const struct conf *conf, struct spool *spool, const char *session)
{
	const struct reporter reporter = {conf, spool, session};
	struct error problem, error;
	char *why = NULL;

	if (state_trouble_get(spool->state, &why, &error) != 0)
		return;
	if (why == NULL) {
		report_recovery(&reporter, "log", PHRASE(N_("accepting mail")));
	} else {
		error_set(&problem, ERROR_IO, N_("the disk failed, and mail was temporarily refused: %s"), why);
		report_problem(&reporter, "log", PHRASE(N_("accepting mail")), &problem, SLICE_NONE);
		if (state_trouble_put(spool->state, NULL, &error) != 0)
			log_warnx("event=trouble-not-cleared reason=%s", LOG_ERROR(&error));
	}
	free(why);
}

void disk_watch_report(const struct conf *conf, struct spool *spool, const char *session)
{
	const struct reporter reporter = {conf, spool, session};
	struct error problem;

	report_failure(conf, spool, session);

	if (!is_low(conf)) {
		report_recovery(&reporter, "disk", PHRASE(N_("the disk")));
		return;
	}
	describe(conf, &problem);
	report_problem(&reporter, "disk", PHRASE(N_("the disk")), &problem, SLICE_NONE);
}

static void report_aside(const struct conf *conf, struct spool *spool, const void *context)
{
	(void)context;
	disk_watch_report(conf, spool, "");
}

void disk_watch_look(struct disk_watch *watch, const struct conf *conf, int64_t now)
{
	bool was_low = watch->is_low;

	if (now < watch->look_at)
		return;
	watch->look_at = now + LOOK_MS;
	watch->is_low = is_low(conf);
	if (watch->is_low == was_low && (!was_low || now < watch->tell_at))
		return;
	watch->tell_at = now + TELL_MS;
	side_report(conf, report_aside, NULL);
}
