/*
 * lanpost session, lanpost queue flush and lanpost mailbox fetch: the gateway does the work, this shows its progress.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/control_client.h"
#include "ui-tui/command/progress.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>

#define CANCEL_SECONDS 60

static unsigned long long number_of(const json_t *object, const char *name)
{
	return (unsigned long long)json_integer_value(json_object_get(object, name));
}

static void print_planned_accounts(const json_t *plan)
{
	const json_t *one;
	char size[32];
	size_t i;

	json_array_foreach(json_object_get(plan, "accounts"), i, one) {
		printf(_("Account %s: %llu messages to fetch (%s)\n"), json_string_value(json_object_get(one, "name")), number_of(one, "messages"),
		    i18n_size(size, sizeof(size), number_of(one, "bytes")));
		if (number_of(one, "headers") > 0)
			printf(_("    headers read first: %llu (%s)\n"), number_of(one, "headers"), i18n_size(size, sizeof(size), number_of(one, "header_bytes")));
		if (number_of(one, "deletes") > 0)
			printf(_("    to be deleted on the server by rules: %llu\n"), number_of(one, "deletes"));
	}
}

/* What stays on the servers, and problems. */
static void print_left(const json_t *answer)
{
	const json_t *account, *one;
	char size[32];
	size_t i, j;

	json_array_foreach(json_object_get(answer, "accounts"), i, account) {
		const char *name = json_string_value(json_object_get(account, "name")), *error = json_string_value(json_object_get(account, "error"));

		json_array_foreach(json_object_get(account, "waiting"), j, one)
			printf(_("Left on the server of account %s: %s: %s\n"), name, i18n_size(size, sizeof(size), number_of(one, "size")),
			    PHRASE_SAID(json_string_value(json_object_get(one, "why"))));
		if (error != NULL)
			printf(_("Account %s failed: %s\n"), name, PHRASE_SAID(error));
	}
}

static void print_plan(const json_t *answer, const json_t *plan)
{
	const json_t *seconds = json_object_get(plan, "seconds"), *price = json_object_get(plan, "price");
	char size[32];

	print_planned_accounts(plan);
	printf(_("To send: %llu messages (%s)\n"), number_of(plan, "send_messages"), i18n_size(size, sizeof(size), number_of(plan, "send_bytes")));
	if (json_is_string(json_object_get(answer, "send_note")))
		puts(PHRASE_SAID(json_string_value(json_object_get(answer, "send_note"))));
	print_left(answer);
	if (json_is_string(json_object_get(answer, "note")))
		puts(PHRASE_SAID(json_string_value(json_object_get(answer, "note"))));
	if (json_is_integer(seconds))
		printf(_("At the usual rate of the line: %lld seconds\n"), (long long)json_integer_value(seconds));
	if (json_is_real(price))
		printf(_("Price: %.2f\n"), json_real_value(price));
}

int cmd_session_run(const struct cli *cli, const struct conf *conf, json_t *request)
{
	struct progress progress;
	json_t *answer;
	int result;

	progress_init(&progress);
	result = control_client_call(conf, request, 0, cli->json ? NULL : progress_event, &progress, &answer);
	if (result == CLI_DONE) {
		bool failed = json_is_true(json_object_get(answer, "failed"));

		const json_t *plan = json_object_get(answer, "plan");

		if (plan != NULL && !cli->json)
			print_plan(answer, plan);
		else if (plan != NULL)
			cli_print_json(json_incref((json_t *)(uintptr_t)plan));
		else if (json_object_get(answer, "failed") == NULL) /* not waited for */
			puts(_("session started"));
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

static bool are_known(const struct conf *conf, const struct strlist *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (cli_find_account(conf, names->items[i]) == NULL)
			return false;
	return true;
}

static int run_session(struct cli *cli, const struct conf *conf, const struct strlist *accounts)
{
	json_t *names = json_array();

	for (size_t i = 0; i < accounts->count; i++)
		json_array_append_new(names, json_string(accounts->items[i]));
	return cmd_session_run(cli, conf,
	    json_pack("{s:s, s:o, s:b, s:b, s:b, s:b}", "verb", "session", "accounts", names, "fetch",
		cli_option(cli, "--send-only") == NULL, "send",
		cli_option(cli, "--fetch-only") == NULL, "plan", cli_option(cli, "--plan") != NULL, "wait",
		cli_option(cli, "--no-wait") == NULL));
}

static int cancel_session(const struct conf *conf)
{
	json_t *answer;
	int result = control_client_call(conf, json_pack("{s:s}", "verb", "cancel"), CANCEL_SECONDS, NULL, NULL, &answer);

	if (result == CLI_DONE) {
		puts(_("the session is being cancelled"));
		json_decref(answer);
	}
	return result;
}

static int start_session(struct cli *cli, const struct conf *conf)
{
	struct strlist accounts = {NULL, 0};
	int result;

	cli_options(cli, "--account", &accounts);
	result = are_known(conf, &accounts) ? run_session(cli, conf, &accounts) : CLI_FAILED;
	strlist_clear(&accounts);
	return result;
}

/* Options for a new session are not valid for the running one. */
static const char *what_excludes(const struct cli *cli, const char *option)
{
	static const char *const others[] = {"--account", "--fetch-only", "--send-only", "--no-wait", "--plan", "--watch", "--cancel"};

	if (cli_option(cli, option) == NULL)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(others[i], option) != 0 && cli_option(cli, others[i]) != NULL)
			return others[i];
	return NULL;
}

static int check_options(const struct cli *cli)
{
	static const char *const alone[] = {"--watch", "--cancel"};

	if (cli_option(cli, "--send-only") != NULL && cli_option(cli, "--fetch-only") != NULL)
		return cli_fail(CLI_USAGE, _("--fetch-only and --send-only cannot be used together"));
	if (cli_option(cli, "--plan") != NULL && cli_option(cli, "--no-wait") != NULL)
		return cli_fail(CLI_USAGE, _("%s and %s cannot be used together"), "--plan", "--no-wait");
	for (size_t i = 0; i < ARRAY_LEN(alone); i++) {
		const char *other = what_excludes(cli, alone[i]);

		if (other != NULL)
			return cli_fail(CLI_USAGE, _("%s and %s cannot be used together"), alone[i], other);
	}
	return CLI_DONE;
}

int cmd_session(struct cli *cli)
{
	struct conf *conf;
	int result = check_options(cli);

	if (result != CLI_DONE)
		return result;
	conf = cli_control_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	if (cli_option(cli, "--cancel") != NULL)
		result = cancel_session(conf);
	else if (cli_option(cli, "--watch") != NULL)
		result = cmd_session_run(cli, conf, json_pack("{s:s, s:b}", "verb", "watch", "one", 1));
	else
		result = start_session(cli, conf);
	conf_free(conf);
	return result;
}

int cmd_queue_flush(struct cli *cli)
{
	struct conf *conf = cli_control_conf(cli);
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	result = cmd_session_run(cli, conf, json_pack("{s:s}", "verb", "flush"));
	conf_free(conf);
	return result;
}
