/*
 * lanpost account import: the accounts of fetchmail, mpop or getmail.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/command/input_file.h"
#include "ui-tui/import/import.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES (1u << 20)
#define SHOWN_MAX 600

/* An account with this server and login, whatever its name. */
static bool is_known(const struct conf *conf, const struct import_account *account)
{
	char *url = import_url(account);
	bool found = false;

	for (size_t i = 0; i < conf->account_count && !found; i++)
		found = strcmp(conf->accounts[i].remote.url, url) == 0 && strcmp(conf->accounts[i].remote.user, account->user) == 0;
	free(url);
	return found;
}

/* Another account, here or in the file, may have the name. */
static char *free_name(const struct conf *conf, const struct import *import, const struct import_account *account)
{
	char *name = xstrdup(account->name);

	for (int i = 2; conf_find_account(conf, name) != NULL || import_has_other(import, account, name); i++) {
		free(name);
		name = xasprintf("%s-%d", account->name, i);
	}
	return name;
}

static bool set(struct config_edit *edit, const char *name, const char *key, const char *value)
{
	return value[0] == '\0' || config_edit_set(edit, "account", name, key, value);
}

static bool add(struct config_edit *edit, const struct import_account *account, const char *name)
{
	const struct conf *conf = edit->conf;
	bool is_local = account->local[0] != '\0' && conf_find_user(conf, account->local) != NULL;
	char *url = import_url(account);
	bool done = set(edit, name, "url", url) && set(edit, name, "user", account->user) && set(edit, name, "password", account->password) &&
		    set(edit, name, "password_command", account->password_command) &&
		    set(edit, name, "tls", account->tls == IMPORT_TLS_OPPORTUNISTIC ? "opportunistic" : account->tls == IMPORT_TLS_NONE ? "none" : "") &&
		    set(edit, name, "keep_on_server", account->keep) && set(edit, name, "envelope_header", account->envelope_header) &&
		    set(edit, name, "envelope_prefix", account->envelope_prefix) && set(edit, name, "deliver_to", is_local ? account->local : "") &&
		    set(edit, name, "enabled", account->is_disabled ? "no" : "");

	free(url);
	return done;
}

/* One line per account: what it becomes, and what the admin has to do for it. */
static void print_account(const struct conf *conf, const struct import_account *account, const char *name)
{
	char *url = import_url(account), shown[SHOWN_MAX], login[SHOWN_MAX];

	printf(_("account %s: %s, login %s\n"), name, str_printable(shown, sizeof(shown), slice_of(url)),
	    str_printable(login, sizeof(login), slice_of(account->user[0] != '\0' ? account->user : "-")));
	if (account->local[0] != '\0' && conf_find_user(conf, account->local) == NULL)
		printf(_("  There is no user %s here, so its mail is sorted by rules and addresses. To change that: lanpost user add %s, "
		    "lanpost account set %s --deliver-to %s\n"), account->local, account->local, name, account->local);
	if (account->password[0] == '\0' && account->password_command[0] == '\0')
		printf(_("  It has no password: lanpost account passwd %s\n"), name);
	if (account->password_command[0] != '\0')
		printf(_("  Its password comes from this command of the file, which the gateway will run: %s\n"),
		    str_printable(shown, sizeof(shown), slice_of(account->password_command)));
	if (account->tls == IMPORT_TLS_OPPORTUNISTIC)
		printf(_("  The connection need not be encrypted, as before. Better, if the server can: lanpost account set %s --tls required\n"), name);
	if (account->keep[0] != '\0' && strcmp(account->keep, "no") != 0)
		printf(_("  Mail stays on the server, as before: what is there now is fetched once more.\n"));
	free(url);
}

static void print_ignored(const struct import *import)
{
	for (size_t i = 0; i < import->ignored.count; i++)
		printf(_("not taken over, line %s\n"), import->ignored.items[i]);
}

static int import_accounts(struct cli *cli, struct conf *conf, const struct import *import)
{
	bool is_dry = cli_option(cli, "--dry-run") != NULL;
	struct config_edit edit;
	size_t added = 0;
	int result = CLI_DONE;
	bool done = config_edit_begin_beside(&edit, cli, conf, CONF_FILE_ACCOUNTS);

	for (size_t i = 0; done && i < import->count; i++) {
		const struct import_account *account = &import->accounts[i];
		char *name = free_name(conf, import, account);

		if (is_known(conf, account)) {
			printf(_("account %s is already there\n"), account->name);
		} else {
			print_account(conf, account, name);
			done = add(&edit, account, name);
			added++;
		}
		free(name);
	}
	if (!done)
		result = CLI_FAILED;
	else if (!is_dry && added > 0)
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		print_ignored(import);
	if (result == CLI_DONE && is_dry)
		printf(_("Nothing was changed. Without --dry-run, accounts added to %s: %zu\n"), edit.file, added);
	else if (result == CLI_DONE)
		printf(_("Accounts added to %s: %zu. Stop the other program before the next session, so that only one of them fetches.\n"),
		    edit.file, added);
	config_edit_clear(&edit);
	return result;
}

int cmd_account_import(struct cli *cli)
{
	struct buf text = BUF_SECRET(FILE_MAX_BYTES);
	struct error error = ERROR_INIT;
	struct import import = {0};
	struct conf *conf = cli_gateway_conf(cli);
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	if (input_file_read(cli->words[0], &text, &error) != 0)
		result = cli_fail_error(&error);
	else if (import_read(buf_slice(&text), &import, &error) != 0)
		result = cli_fail(CLI_FAILED, "%s: %s", cli->words[0], ERROR_SAID(&error));
	else
		result = import_accounts(cli, conf, &import);
	import_clear(&import);
	buf_clear(&text);
	conf_free(conf);
	return result;
}
