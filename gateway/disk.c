#include "gateway/disk.h"

#include "base/fsx.h"
#include "base/i18n.h"
#include "gateway/report.h"
#include "gateway/side_report.h"
#include "mail/reserve.h"

#define DISK_LOW (8u << 20) /* postmaster is told when there is room for so much more only */
#define LOOK_MS 10000
#define TELL_MS 300000 /* while it stays low: the first report may have found no room itself */

static bool is_low(const struct conf *conf)
{
	return !reserve_has_room(conf->gateway.spool, DISK_LOW);
}

void disk_report(const struct conf *conf, struct spool *spool, const char *session)
{
	struct error problem;
	char size[32];

	if (!is_low(conf)) {
		report_recovery(conf, spool->intake, spool->state, session, "disk", _("the disk"));
		return;
	}
	error_set(&problem, ERROR_TEMPORARY, _("only %s are free in %s; soon no mail can be accepted"),
	    i18n_size(size, sizeof(size), fsx_free_bytes(conf->gateway.spool)), conf->gateway.spool);
	report_problem(conf, spool->intake, spool->state, session, "disk", _("the disk"), &problem, SLICE_NONE);
}

static void report_aside(const struct conf *conf, struct spool *spool, const void *context)
{
	(void)context;
	disk_report(conf, spool, "");
}

void disk_look(struct disk_watch *watch, const struct conf *conf, int64_t now)
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
