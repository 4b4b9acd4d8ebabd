/* lanpost account test, lanpost smarthost test. */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/verbs/verbs.h"

static json_t *new_report(const char *name, const struct conf_remote *remote)
{
	return json_pack("{s:s, s:s, s:[]}", "name", name, "url", remote->url, "steps");
}

static int print_report(json_t *report, int result)
{
	json_object_set_new(report, "ok", json_boolean(result == CLI_DONE));
	cli_print_json(report);
	return result;
}

int cmd_account_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_account *account;
	json_t *report = NULL;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	account = conf_find_account(conf, cli->words[0]);
	if (account != NULL && cli->json)
		report = new_report(account->name, &account->remote);
	result = account == NULL ? cli_no_account(conf, cli->words[0]) : remote_test_account(conf, account, report);
	if (report != NULL)
		print_report(report, result);
	conf_free(conf);
	return result;
}

int cmd_smarthost_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_smarthost *smarthost;
	json_t *report = NULL;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	smarthost = conf_find_smarthost(conf, cli->words[0]);
	if (smarthost != NULL && cli->json)
		report = new_report(smarthost->name, &smarthost->remote);
	result = smarthost == NULL ? cli_no_smarthost(conf, cli->words[0]) : remote_test_smarthost(conf, smarthost, report);
	if (report != NULL)
		print_report(report, result);
	conf_free(conf);
	return result;
}
