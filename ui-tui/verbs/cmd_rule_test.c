/*
 * lanpost rule test: recent mail that the present rules, or rules in another file, would deliver
 * differently. Delivers nothing.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "config/conf_file.h"
#include "config/value.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/input_file.h"
#include "ui-tui/command/replay.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define SINCE_DEFAULT "7d"
#define SINCE_MAX (90LL * 86400) /* the journal keeps no older events */

static json_t *json_names(const struct strlist *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, cli_json_text(names->items[i]));
	return list;
}

static json_t *difference_json(const struct replay_difference *item)
{
	return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o}", "id", item->id, "time",
	    (json_int_t)item->time, "from", cli_json_text(item->from), "subject",
	    cli_json_text(item->subject), "was", json_names(&item->was), "would",
	    json_names(&item->would), "reason", cli_json_text(item->reason));
}

static int print_json(const struct replay *replay)
{
	json_t *list = json_array();

	for (size_t i = 0; i < replay->count; i++)
		json_array_append_new(list, difference_json(&replay->items[i]));
	return cli_print_json(json_pack("{s:I, s:I, s:o}", "looked_at",
	    (json_int_t)replay->looked_at, "gone", (json_int_t)replay->gone, "differences", list));
}

static void print_names(const char *label, const struct strlist *names)
{
	printf("  %s ", label);
	for (size_t i = 0; i < names->count; i++)
		printf("%s%s", i > 0 ? ", " : "", names->items[i]);
	printf("%s\n", names->count == 0 ? _("nobody") : "");
}

static int print_text(const struct replay *replay)
{
	char time[32], reason[1024];

	for (size_t i = 0; i < replay->count; i++) {
		const struct replay_difference *item = &replay->items[i];

		printf("%s  %s  %s\n", i18n_time(time, sizeof(time), item->time), item->from,
		    item->subject);
		print_names(_("delivered to:"), &item->was);
		print_names(_("would be delivered to:"), &item->would);
		printf("  %s %s\n", _("reason:"),
		    str_printable(reason, sizeof(reason), slice_of(PHRASE_SAID(item->reason))));
	}
	printf(_("%zu of %zu messages would be delivered differently; %zu more are no longer in a mailbox\n"),
	    replay->count, replay->looked_at, replay->gone);
	return CLI_DONE;
}

/* The configuration with another file instead of rules.conf; NULL with the first error reported. */
static struct conf *conf_with_rules(const struct cli *cli, const char *file)
{
	char *place = conf_file_path(cli->config, CONF_FILE_RULES);
	struct conf_problems problems = {0};
	struct buf text = BUF_INIT(1u << 20);
	struct error error = ERROR_INIT;
	struct conf *conf = NULL;

	if (input_file_read(file, &text, &error) != 0) {
		cli_fail_error(&error);
	} else {
		conf = conf_load_edited(cli->config, place, buf_slice(&text), &problems);
		for (size_t i = 0; conf == NULL && i < problems.count; i++)
			if (!problems.items[i].is_warning) {
				cli_fail(CLI_FAILED, "%s:%d: %s",
				    strcmp(problems.items[i].place.file, place) == 0
				        ? file
				        : problems.items[i].place.file,
				    problems.items[i].place.line, PHRASE_SAID(problems.items[i].phrase));
				break;
			}
	}
	conf_problems_clear(&problems);
	buf_clear(&text);
	free(place);
	return conf;
}

static int with_conf(const struct cli *cli, const struct conf *conf, int64_t seconds)
{
	const char *rule = cli->count > 0 ? cli->words[0] : NULL;
	struct error error = ERROR_INIT;
	struct state *state = NULL;
	struct replay replay;
	int result;

	for (size_t i = 0; rule != NULL && i <= conf->rule_count; i++) {
		if (i == conf->rule_count)
			return cli_fail(
			    CLI_FAILED, _("there is no rule %s; see lanpost rule list"), rule);
		if (strcmp(conf->rules[i].name, rule) == 0)
			break;
	}
	if (state_open(&state, SPOOL_OF(conf), NULL, &error) != 0)
		return cli_fail_error(&error);
	result = replay_run(conf, state, clock_wall() - seconds, rule, &replay, &error);
	state_close(state);
	if (result != 0)
		return cli_fail_error(&error);
	result = cli->json ? print_json(&replay) : print_text(&replay);
	replay_clear(&replay);
	return result;
}

int cmd_rule_test(struct cli *cli)
{
	const char *since = cli_option(cli, "--since"), *file = cli_option(cli, "--rules");
	const struct value_limits limits = {.min = 1, .max = SINCE_MAX};
	struct error error = ERROR_INIT;
	struct conf *conf;
	int64_t seconds;
	int result;

	if ((cli->count == 0) == (cli_option(cli, "--all") == NULL))
		return cli_fail(CLI_USAGE, _("specify a rule, or --all"));
	if (value_parse(VALUE_DURATION, slice_of(since == NULL ? SINCE_DEFAULT : since), &limits,
	        &seconds, &error) != 0)
		return cli_fail(CLI_USAGE, "--since: %s", ERROR_SAID(&error));
	if (cli->count > 0)
		str_lower_ascii(cli->words[0]);
	conf = file == NULL ? cli_conf(cli) : conf_with_rules(cli, file);
	if (conf == NULL)
		return CLI_FAILED;
	result = with_conf(cli, conf, seconds);
	conf_free(conf);
	return result;
}
