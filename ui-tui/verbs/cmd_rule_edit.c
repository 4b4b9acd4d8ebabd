/*
 * lanpost rule add, set, move and remove. The order of the rules is that of the files, so a rule is moved by moving its
 * section, with its comments, within its file.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "sorter/rule_lint.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/command/prompt.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct conf_rule *find_rule(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->rule_count; i++)
		if (strcmp(conf->rules[i].name, name) == 0)
			return &conf->rules[i];
	return NULL;
}

/* The rule of that name, or NULL with the nearest one reported. */
static const struct conf_rule *need_rule(const struct conf *conf, const char *name)
{
	const struct conf_rule *rule = find_rule(conf, name);
	const char *nearest = NULL;

	if (rule != NULL)
		return rule;
	if (conf->rule_count > 0)
		nearest = cli_nearest(name, &conf->rules[0].name, conf->rule_count, sizeof(conf->rules[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no rule %s; did you mean %s?"), name, nearest);
	else
		cli_fail(CLI_FAILED, _("there is no rule %s; see lanpost rule list"), name);
	return NULL;
}

/* The rule that --before or --after names, NULL if neither was given or with *wrong set after a message. */
static const struct conf_rule *neighbour(const struct cli *cli, const struct conf *conf, bool *behind,
    bool *wrong)
{
	const char *before = cli_option(cli, "--before"), *after = cli_option(cli, "--after");
	const struct conf_rule *rule = NULL;
	char *name;

	*behind = after != NULL;
	if (before == NULL && after == NULL)
		return NULL;
	name = xstrdup(after != NULL ? after : before);
	str_lower_ascii(name);
	rule = need_rule(conf, name);
	*wrong = rule == NULL;
	free(name);
	return rule;
}

/* The rule at the position for another one, by number as in `rule list`. */
static const struct conf_rule *at_position(const struct conf *conf, const struct conf_rule *rule,
    const char *text, bool *behind)
{
	uint64_t position;

	if (!slice_number(slice_of(text), 1, conf->rule_count, &position)) {
		cli_fail(CLI_FAILED, _("`%s` is not a position: use 1 to %zu"), text, conf->rule_count);
		return NULL;
	}
	*behind = &conf->rules[position - 1] > rule;
	return &conf->rules[position - 1];
}

/* Both are in the file of the edit. */
static int move(struct config_edit *edit, const char *name, const struct conf_rule *other, bool behind)
{
	if (strcmp(edit->file, other->place.file) != 0)
		return cli_fail(CLI_FAILED, _("rule %s is in another file, %s: move it there by hand"),
		    other->name, other->place.file);
	if (!ini_edit_move(&edit->text, "rule", name, other->name, behind))
		return cli_fail(CLI_FAILED, _("%s was changed in the meantime; try again"), edit->file);
	return CLI_DONE;
}

/* The final check of an added or changed rule. */
static int approve(struct config_edit *edit, const struct conf *after)
{
	const struct conf_rule *rule = find_rule(after, edit->name);

	if (rule == NULL)
		return CLI_DONE;
	if (conf_rule_does_nothing(rule))
		return cli_fail(CLI_FAILED, _("rule %s would do nothing; add an action such as "
		    "--deliver ivan"), rule->name);
	if (rule_drops_all(after, rule) && cli_option(edit->cli, "--yes") == NULL && isatty(STDIN_FILENO) == 1 &&
	    isatty(STDOUT_FILENO) == 1 && !prompt_confirm(_("This rule permanently discards all "
	        "mail that reaches it. Add it?"), false))
		return cli_fail(CLI_FAILED, "%s", _("nothing was changed"));
	return CLI_DONE;
}

static int add_rule(struct cli *cli, struct conf *conf, const char *name)
{
	bool behind, wrong = false;
	const struct conf_rule *other = neighbour(cli, conf, &behind, &wrong);
	bool begun;
	struct config_edit edit;
	int result = CLI_FAILED;

	if (wrong)
		return CLI_FAILED;
	if (find_rule(conf, name) != NULL)
		return cli_fail(CLI_FAILED, _("rule %s already exists"), name);
	begun = other == NULL ? config_edit_begin_beside(&edit, cli, conf, CONF_FILE_RULES)
			      : config_edit_begin(&edit, cli, conf, other->place.file);
	edit.approve = approve;
	edit.name = name;
	if (begun && config_edit_set_options(&edit, "rule", name) &&
	    (other == NULL || move(&edit, name, other, behind) == CLI_DONE))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("rule %s was added to %s\n"), name, edit.file);
	config_edit_clear(&edit);
	return result;
}

static int move_rule(struct cli *cli, struct conf *conf, const struct conf_rule *rule)
{
	bool behind, wrong = false;
	const struct conf_rule *other = neighbour(cli, conf, &behind, &wrong);
	struct config_edit edit;
	int result = CLI_FAILED;

	if (other == NULL && !wrong)
		other = at_position(conf, rule, cli->words[1], &behind);
	if (other == NULL)
		return CLI_FAILED;
	if (other == rule)
		return CLI_DONE;
	if (config_edit_begin(&edit, cli, conf, rule->place.file) && move(&edit, rule->name, other, behind) == CLI_DONE)
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(behind ? _("rule %s now comes after rule %s\n") : _("rule %s now comes "
		    "before rule %s\n"),
		    rule->name, other->name);
	config_edit_clear(&edit);
	return result;
}

static int set_rule(struct cli *cli, struct conf *conf, const struct conf_rule *rule)
{
	return config_edit_section(cli, conf, rule->place.file, "rule", rule->name, approve);
}

static int remove_rule(struct cli *cli, struct conf *conf, const struct conf_rule *rule)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, rule->place.file))
		result = config_edit_remove(&edit, "rule", rule->name);
	if (result == CLI_DONE)
		printf(_("rule %s was removed\n"), rule->name);
	config_edit_clear(&edit);
	return result;
}

/* Runs a change of a rule that must exist. */
static int change_rule(struct cli *cli,
    int (*change)(struct cli *cli, struct conf *conf, const struct conf_rule *rule))
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_rule *rule;
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	rule = need_rule(conf, cli->words[0]);
	if (rule != NULL)
		result = change(cli, conf, rule);
	conf_free(conf);
	return result;
}

static bool has_two_places(const struct cli *cli)
{
	return (cli->count > 1) + (cli_option(cli, "--before") != NULL) + (cli_option(cli, "--after") != NULL) > 1;
}

int cmd_rule_add(struct cli *cli)
{
	struct conf *conf;
	int result;

	if (cli_option(cli, "when") == NULL)
		return cli_fail(CLI_USAGE, _("a rule needs --when (example: --when 'subject "
		    "contains \"invoice\"')"));
	if (has_two_places(cli))
		return cli_fail(CLI_USAGE, _("--before and --after cannot be used together"));
	conf = cli_gateway_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	result = add_rule(cli, conf, cli->words[0]);
	conf_free(conf);
	return result;
}

int cmd_rule_move(struct cli *cli)
{
	if (has_two_places(cli) ||
	    (cli->count == 1 && cli_option(cli, "--before") == NULL && cli_option(cli, "--after") == NULL))
		return cli_fail(CLI_USAGE, _("specify the new place: a position, --before RULE or "
		    "--after RULE"));
	return change_rule(cli, move_rule);
}

int cmd_rule_set(struct cli *cli)
{
	return change_rule(cli, set_rule);
}

int cmd_rule_remove(struct cli *cli)
{
	return change_rule(cli, remove_rule);
}
