/*
 * lanpost account list and lanpost rule list: the configured ones.
 */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/rule_text.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

/* "ivan, olga" in a cell. */
static void add_names(struct table *table, const struct strlist *names)
{
	struct buf text = BUF_INIT(65536);

	for (size_t i = 0; i < names->count; i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "", names->items[i]);
	table_add(table, buf_text(&text));
	buf_clear(&text);
}

static json_t *json_names(const struct strlist *names)
{
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, cli_json_text(names->items[i]));
	return list;
}

static void print_accounts(const struct conf *conf)
{
	struct table table = TABLE_SPARE("lLLlL", "01020");

	table_add(&table, _("ACCOUNT"));
	table_add(&table, _("SERVER"));
	table_add(&table, _("USER"));
	table_add(&table, _("ENABLED"));
	table_add(&table, _("DELIVER TO"));
	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];

		table_add(&table, account->name);
		table_add(&table, account->remote.url);
		table_add(&table, account->remote.user);
		table_add(&table, account->enabled ? _("yes") : _("no"));
		if (account->deliver_to.count > 0)
			add_names(&table, &account->deliver_to);
		else
			table_add(&table, _("(sorted)"));
	}
	table_print(&table);
}

static json_t *accounts_json(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:I, s:I, s:o, s:i}", "name",
			cli_json_text(account->name), "url", cli_json_text(account->remote.url), "user",
			cli_json_text(account->remote.user), "enabled", account->enabled, "deliver_to",
			json_names(&account->deliver_to), "unsorted_to",
			json_names(&account->unsorted_to), "max_size", (json_int_t)account->max_size.usual,
			"every", (json_int_t)account->every, "file", cli_json_text(account->place.file),
			"line", account->place.line));
	}
	return list;
}

int cmd_account_list(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	if (cli->json)
		result = cli_print_json(accounts_json(conf));
	else
		print_accounts(conf);
	conf_free(conf);
	return result;
}

static void print_rules(const struct conf *conf)
{
	struct table table = TABLE_INIT("rLLL");
	struct buf actions = BUF_INIT(65536);

	table_add(&table, "");
	table_add(&table, _("RULE"));
	table_add(&table, _("WHEN"));
	table_add(&table, _("DOES"));
	for (size_t i = 0; i < conf->rule_count; i++) {
		table_addf(&table, "%zu", i + 1);
		table_add(&table, conf->rules[i].name);
		table_add(&table, conf->rules[i].when);
		rule_actions(&conf->rules[i], &actions);
		table_add(&table, buf_text(&actions));
		buf_clear(&actions);
	}
	table_print(&table);
}

static json_t *rules_json(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->rule_count; i++) {
		const struct conf_rule *rule = &conf->rules[i];

		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:b, s:o, s:i}",
			"name", cli_json_text(rule->name), "when", cli_json_text(rule->when), "deliver",
			json_names(&rule->deliver), "copy", json_names(&rule->copy), "forward",
			json_names(&rule->forward), "redirect", json_names(&rule->redirect), "reject_to",
			json_names(&rule->reject_to), "drop", rule->drop, "tag",
			cli_json_text(rule->tag), "subject_prefix",
			cli_json_text(rule->subject_prefix), "reply", cli_json_text(rule->reply),
			"reply_days", (json_int_t)rule->reply_days, "stop", rule->stop, "file",
			cli_json_text(rule->place.file), "line", rule->place.line));
	}
	return list;
}

int cmd_rule_list(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	if (cli->json)
		result = cli_print_json(rules_json(conf));
	else
		print_rules(conf);
	conf_free(conf);
	return result;
}
