/*
 * lanpost account add, set, enable, disable, passwd and remove.
 */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/command/password.h"
#include "ui-tui/verbs/verbs.h"
#include "upstream/provider_hint.h"

#include <stdio.h>
#include <string.h>

static bool has_sign_in(const struct cli *cli)
{
	const char *oauth2 = cli_option(cli, "oauth2");

	return oauth2 != NULL && strcmp(oauth2, "none") != 0;
}

/* Asks for the password only if no command prints it. Returns false after a message. */
static bool set_password(struct config_edit *edit, const char *name)
{
	struct error error = ERROR_INIT;
	char *password = NULL;
	bool done;

	if (cli_option(edit->cli, "password_command") != NULL || has_sign_in(edit->cli) ||
	    cli_option(edit->cli, "oauth2_token_command") != NULL || cli_option(edit->cli, "--no-password") != NULL)
		return true;
	if (password_ask_plain(name, &password, &error) != 0) {
		cli_fail_error(&error);
		return false;
	}
	done = config_edit_set(edit, "account", name, "password", password);
	conf_secret_free(password);
	return done;
}

static int add_account(struct cli *cli, struct conf *conf, const char *name)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (conf_find_account(conf, name) != NULL)
		return cli_fail(CLI_FAILED, _("account %s already exists"), name);
	if (config_edit_begin_beside(&edit, cli, conf, CONF_FILE_ACCOUNTS) &&
	    config_edit_set_options(&edit, "account", name) && set_password(&edit, name))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("account %s was added to %s\n"), name, edit.file);
	if (result == CLI_DONE && has_sign_in(cli))
		printf(_("Before the first session, sign in at the provider: lanpost account login %s\n"), name);
	else if (result == CLI_DONE && provider_hint_oauth2(cli_option(cli, "url")) != NULL && cli_option(cli, "oauth2_token_command") == NULL)
		cli_warn("%s", provider_hint(cli_option(cli, "url"), ""));
	config_edit_clear(&edit);
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
	conf = cli_gateway_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	result = add_account(cli, conf, cli->words[0]);
	conf_free(conf);
	return result;
}

static int remove_account(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, account->place.file))
		result = config_edit_remove(&edit, "account", account->name);
	if (result == CLI_DONE)
		printf(_("account %s was removed\n"), account->name);
	config_edit_clear(&edit);
	return result;
}

static int set_account(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	return config_edit_section(cli, conf, account->place.file, "account", account->name, NULL);
}

static int switch_account(struct cli *cli, struct conf *conf, const struct conf_account *account, const char *enabled)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, account->place.file) && config_edit_set(&edit, "account", account->name, "enabled", enabled))
		result = config_edit_commit(&edit);
	config_edit_clear(&edit);
	return result;
}

static int enable_account(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	int result = switch_account(cli, conf, account, "yes");

	if (result == CLI_DONE)
		printf(_("account %s was enabled\n"), account->name);
	return result;
}

static int disable_account(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	int result = switch_account(cli, conf, account, "no");

	if (result == CLI_DONE)
		printf(_("account %s was disabled; its mail is not fetched until it is enabled "
		    "again\n"), account->name);
	return result;
}

static int new_password(struct cli *cli, struct conf *conf, const struct conf_account *account)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, account->place.file) && set_password(&edit, account->name))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("the password of account %s was changed\n"), account->name);
	config_edit_clear(&edit);
	return result;
}

/* Runs a change of the account that is the verb's first word. */
static int with_account(struct cli *cli,
    int (*change)(struct cli *cli, struct conf *conf, const struct conf_account *account))
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_account *account = conf == NULL ? NULL : cli_find_account(conf, cli->words[0]);
	int result = account == NULL ? CLI_FAILED : change(cli, conf, account);

	conf_free(conf);
	return result;
}

int cmd_account_set(struct cli *cli)
{
	return with_account(cli, set_account);
}

int cmd_account_enable(struct cli *cli)
{
	return with_account(cli, enable_account);
}

int cmd_account_disable(struct cli *cli)
{
	return with_account(cli, disable_account);
}

int cmd_account_passwd(struct cli *cli)
{
	return with_account(cli, new_password);
}

int cmd_account_remove(struct cli *cli)
{
	return with_account(cli, remove_account);
}
