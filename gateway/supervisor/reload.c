#include "gateway/supervisor/reload.h"

#include "base/i18n.h"
#include "base/log.h"
#include "sorter/sorter.h"

#include <stddef.h>

/* Logs all problems; the first error goes into *error. */
static void tell(const struct conf_problems *problems, struct error *error)
{
	bool first = true;

	for (size_t i = 0; i < problems->count; i++) {
		const struct conf_problem *problem = &problems->items[i];
		const char *file = problem->place.file == NULL ? "" : problem->place.file;

		log_warnx("event=configuration level=%s place=\"%s:%d\" problem=%s",
		    problem->is_warning ? "warning" : "error", file, problem->place.line,
		    LOG_PHRASE(problem->phrase));
		if (!problem->is_warning && first) {
			conf_problem_error(problem, error);
			first = false;
		}
	}
}

struct conf *reload_read(const char *path, const struct conf *old, struct error *error)
{
	struct conf_problems problems = {0};
	struct conf *conf = conf_load(path, &problems);

	if (conf != NULL)
		sorter_check(conf, &problems);
	if (conf != NULL && old != NULL && strcmp(conf->gateway.spool, old->gateway.spool) != 0)
		conf_problem_add(&problems, (struct conf_place){path, 0}, false,
		    N_("the spool cannot change while the gateway runs: stop it first"));
	tell(&problems, error);
	if (conf != NULL && problems.errors > 0) {
		conf_free(conf);
		conf = NULL;
	}
	conf_problems_clear(&problems);
	return conf;
}
