/* lanpost account test, lanpost smarthost test. */
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/verbs/verbs.h"

static json_t *new_report(const struct cli *cli, const char *name, const struct conf_remote *remote)
{
	return cli->json ? json_pack("{s:s, s:s, s:[]}", "name", name, "url", remote->url, "steps") : NULL;
}

/* Takes ownership of both; report may be NULL. */
static int finish(struct conf *conf, json_t *report, int result)
{
	if (report != NULL) {
		json_object_set_new(report, "ok", json_boolean(result == CLI_DONE));
		cli_print_json(report);
	}
	conf_free(conf);
	return result;
}

int cmd_account_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_account *account = conf == NULL ? NULL : cli_find_account(conf, cli->words[0]);
	json_t *report = account == NULL ? NULL : new_report(cli, account->name, &account->remote);

	return finish(conf, report, account == NULL ? CLI_FAILED : remote_test_account(conf, account, report));
}

int cmd_smarthost_test(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_smarthost *smarthost = conf == NULL ? NULL : cli_find_smarthost(conf, cli->words[0]);
	json_t *report = smarthost == NULL ? NULL : new_report(cli, smarthost->name, &smarthost->remote);

	return finish(conf, report, smarthost == NULL ? CLI_FAILED : remote_test_smarthost(conf, smarthost, report));
}
