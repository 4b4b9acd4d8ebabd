/*
 * lanpost account add and remove.
 */
#include "base/i18n.h"
#include "ui-tui/cli.h"
#include "ui-tui/edit.h"
#include "ui-tui/secret.h"

#include <stdio.h>

/* Asked for only if no command prints it. Returns false after a message. */
static bool set_password(struct edit *edit, const char *name)
{
	struct error error = ERROR_INIT;
	char *password = NULL;
	bool done;

	if (cli_option(edit->cli, "password_command") != NULL ||
	    cli_option(edit->cli, "oauth2_token_command") != NULL)
		return true;
	if (secret_ask_plain(name, &password, &error) != 0) {
		cli_fail(CLI_FAILED, "%s", error.text);
		return false;
	}
	done = password[0] == '\0' || edit_set(edit, "account", name, "password", password);
	conf_secret_free(password);
	return done;
}

static int add_account(struct cli *cli, struct conf *conf, const char *name)
{
	struct edit edit;
	int result = CLI_FAILED;

	if (conf_find_account(conf, name) != NULL)
		return cli_fail(CLI_FAILED, _("there is an account %s already"), name);
	if (edit_begin_beside(&edit, cli, conf, "accounts.conf") &&
	    edit_set_options(&edit, "account", name) && set_password(&edit, name))
		result = edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("account %s was added to %s\n"), name, edit.file);
	edit_clear(&edit);
	return result;
}

int cmd_account_add(struct cli *cli)
{
	struct conf *conf;
	int result;

	if (cli_option(cli, "url") == NULL)
		return cli_fail(CLI_USAGE, _("an account needs --url, such as --url pop3s://pop.example.ru"));
	if (cli_option(cli, "user") == NULL)
		return cli_fail(CLI_USAGE, _("an account needs --user, the name to log in with"));
	conf = cli_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	result = add_account(cli, conf, cli->words[0]);
	conf_free(conf);
	return result;
}

static int remove_account(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	struct edit edit;
	int result = CLI_FAILED;

	if (edit_begin(&edit, cli, conf, account->place.file))
		result = edit_remove(&edit, "account", account->name);
	if (result == CLI_DONE)
		printf(_("account %s was removed\n"), account->name);
	edit_clear(&edit);
	return result;
}

int cmd_account_remove(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_account *account;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	account = conf_find_account(conf, cli->words[0]);
	result = account == NULL ? cli_no_account(conf, cli->words[0]) : remove_account(cli, conf, account);
	conf_free(conf);
	return result;
}
