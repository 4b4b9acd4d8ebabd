#include "gateway/report/scanner_report.h"

#include "base/i18n.h"
#include "gateway/report/report.h"
#include "gateway/report/side_report.h"

#include <stdio.h>

struct told {
	const char *scanner, *error;
};

static void tell(const struct conf *conf, struct spool *spool, const void *context)
{
	const struct reporter reporter = {conf, spool, ""};
	const struct told *told = context;
	struct error problem;
	char key[128];

	snprintf(key, sizeof(key), "scanner %s", told->scanner);
	if (told->error == NULL) {
		report_recovery(&reporter, key, PHRASE(N_("scanner %s"), told->scanner));
		return;
	}
	error_set(&problem, ERROR_TEMPORARY, "%s", told->error);
	report_problem(&reporter, key, PHRASE(N_("scanner %s"), told->scanner), &problem, SLICE_NONE);
}

void scanner_report(const struct conf *conf, const char *scanner, const char *error)
{
	side_report(conf, tell, &(struct told){scanner, error});
}
