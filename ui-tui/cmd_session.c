/*
 * lanpost session and lanpost queue flush: the gateway works, this shows how it goes.
 */
#include "base/i18n.h"
#include "ui-tui/cli.h"
#include "ui-tui/client.h"
#include "ui-tui/progress.h"

#include <stdio.h>

/* Runs the request (taken over) to its end. Returns the exit code. */
static int run_and_show(struct cli *cli, const struct conf *conf, json_t *request)
{
	struct progress progress;
	json_t *answer;
	int result;

	progress_init(&progress);
	result = client_call(conf, request, 0, cli->json ? NULL : progress_event, &progress, &answer);
	if (result == CLI_DONE) {
		bool failed = json_is_true(json_object_get(answer, "failed"));

		if (json_object_get(answer, "failed") == NULL) /* not waited for */
			puts(_("the session is on its way"));
		else if (!cli->json)
			progress_summary(&progress, answer);
		else if (json_object_del(answer, "ok") == 0)
			cli_print_json(json_incref(answer));
		result = failed ? CLI_FAILED : CLI_DONE;
		json_decref(answer);
	}
	progress_clear(&progress);
	return result;
}

static const char *unknown_account(const struct conf *conf, const struct strlist *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (conf_find_account(conf, names->items[i]) == NULL)
			return names->items[i];
	return NULL;
}

static int run_session(struct cli *cli, const struct conf *conf, const struct strlist *accounts)
{
	json_t *names = json_array();

	for (size_t i = 0; i < accounts->count; i++)
		json_array_append_new(names, json_string(accounts->items[i]));
	return run_and_show(cli, conf,
	    json_pack("{s:s, s:o, s:b, s:b, s:b}", "verb", "session", "accounts", names, "fetch",
		cli_option(cli, "--send-only") == NULL, "send",
		cli_option(cli, "--fetch-only") == NULL, "wait",
		cli_option(cli, "--no-wait") == NULL));
}

int cmd_session(struct cli *cli)
{
	struct strlist accounts = {NULL, 0};
	struct conf *conf;
	const char *unknown;
	int result = CLI_FAILED;

	if (cli_option(cli, "--send-only") != NULL && cli_option(cli, "--fetch-only") != NULL)
		return cli_fail(CLI_USAGE, _("--fetch-only and --send-only exclude each other"));
	conf = cli_gateway_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	cli_options(cli, "--account", &accounts);
	for (size_t i = 0; i < accounts.count; i++)
		str_lower_ascii(accounts.items[i]);
	unknown = unknown_account(conf, &accounts);
	if (unknown != NULL)
		result = cli_no_account(conf, unknown);
	else
		result = run_session(cli, conf, &accounts);
	strlist_clear(&accounts);
	conf_free(conf);
	return result;
}

int cmd_queue_flush(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = run_and_show(cli, conf, json_pack("{s:s}", "verb", "flush"));
	conf_free(conf);
	return result;
}
