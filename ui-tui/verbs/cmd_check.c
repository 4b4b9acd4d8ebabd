/*
 * lanpost check: every problem of the configuration, one per line, as compilers print them.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "sorter/rule_lint.h"
#include "sorter/sorter.h"
#include "ui-tui/command/check_access.h"
#include "ui-tui/command/check_commands.h"
#include "ui-tui/command/check_relay.h"
#include "ui-tui/command/check_sign_in.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/verbs/verbs.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static void print_problem(const struct conf_problem *problem)
{
	const char *kind = problem->is_warning ? _("warning") : _("error");
	char file[4 * PATH_MAX];

	str_printable(file, sizeof(file), slice_of(problem->place.file));
	if (problem->place.line > 0)
		printf("%s:%d: %s: %s\n", file, problem->place.line, kind, PHRASE_SAID(problem->phrase));
	else
		printf("%s: %s: %s\n", file, kind, PHRASE_SAID(problem->phrase));
}

static int print_as_json(const struct conf_problems *problems)
{
	json_t *list = json_array();

	for (size_t i = 0; i < problems->count; i++) {
		const struct conf_problem *problem = &problems->items[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:i, s:s, s:o}", "file", cli_json_text(problem->place.file), "line", problem->place.line, "level",
			problem->is_warning ? "warning" : "error", "text", cli_json_text(problem->phrase)));
	}
	return cli_print_json(list);
}

static void print_bad(const char *config, size_t errors, size_t warnings)
{
	char *first = xasprintf(_n("%zu error", "%zu errors", errors), errors);
	char *second = xasprintf(_n("%zu warning", "%zu warnings", warnings), warnings);

	printf(_("%s: %s, %s; the gateway cannot start with this configuration\n"), config, first, second);
	free(first);
	free(second);
}

static void print_all(const struct cli *cli, const struct conf_problems *problems)
{
	size_t errors = problems->errors, warnings = problems->count > errors ? problems->count - errors : 0;

	for (size_t i = 0; i < problems->count; i++)
		print_problem(&problems->items[i]);
	if (errors == 0)
		printf(_n("%s: no errors, %zu warning\n", "%s: no errors, %zu warnings\n", warnings), cli->config, warnings);
	else
		print_bad(cli->config, errors, warnings);
}

int cmd_check(struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf;
	bool good;

	if (!cli_may_read(cli))
		return CLI_FAILED;
	conf = conf_load_broken(cli->config, &problems);
	sorter_check(conf, &problems);
	rule_lint(conf, &problems);
	check_access(conf, &problems);
	check_relay(conf, &problems);
	check_commands(conf, &problems);
	check_sign_in(conf, &problems);
	conf_problems_sort(&problems);
	if (cli->json)
		print_as_json(&problems);
	else
		print_all(cli, &problems);
	good = problems.errors == 0;
	conf_free(conf);
	conf_problems_clear(&problems);
	return good ? CLI_DONE : CLI_FAILED;
}
