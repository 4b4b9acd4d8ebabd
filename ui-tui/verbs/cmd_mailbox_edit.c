/*
 * lanpost mailbox add, set and remove: the mailboxes that several users share.
 */
#include "base/i18n.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>

static int add_mailbox(struct cli *cli, struct conf *conf, const char *name)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin_beside(&edit, cli, conf, CONF_FILE_USERS) && config_edit_set_options(&edit, "mailbox", name))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("mailbox %s was added to %s; its members see it in IMAP as Shared/%s\n"), name, edit.file, name);
	config_edit_clear(&edit);
	return result;
}

int cmd_mailbox_add(struct cli *cli)
{
	const char *name = cli->words[0];
	struct conf *conf;
	int result;

	if (cli_option(cli, "members") == NULL)
		return cli_fail(CLI_USAGE, _("a shared mailbox needs --members, such as --members ivan,maria:read"));
	conf = cli_gateway_conf(cli);
	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	if (!conf_is_mailbox_name(slice_of(name)))
		result = cli_fail(CLI_FAILED,
		    _("`%s` is not a valid name of a mailbox: use 1 to 64 characters of a-z 0-9 . _ -, beginning with a letter or digit"), name);
	else if (conf_has_mailbox(conf, name))
		result = cli_fail(CLI_FAILED, _("mailbox %s already exists"), name);
	else
		result = add_mailbox(cli, conf, name);
	conf_free(conf);
	return result;
}

static int no_mailbox(const struct conf *conf, const char *name)
{
	const char *nearest = conf->shared_count == 0
				  ? NULL
				  : cli_nearest(name, &conf->shareds[0].name, conf->shared_count, sizeof(conf->shareds[0]));

	if (conf_has_mailbox(conf, name))
		return cli_fail(CLI_FAILED, _("mailbox %s belongs to a user; see lanpost user --help"), name);
	if (nearest != NULL)
		return cli_fail(CLI_FAILED, _("there is no shared mailbox %s; did you mean %s?"), name, nearest);
	return cli_fail(CLI_FAILED, _("there is no shared mailbox %s; `lanpost mailbox add` adds one"), name);
}

/* Runs a change of the shared mailbox that is the verb's first word. */
static int with_shared(struct cli *cli, int (*change)(struct cli *cli, struct conf *conf, const struct conf_shared *shared))
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_shared *shared;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	shared = conf_find_shared(conf, cli->words[0]);
	result = shared == NULL ? no_mailbox(conf, cli->words[0]) : change(cli, conf, shared);
	conf_free(conf);
	return result;
}

static int set_shared(struct cli *cli, struct conf *conf, const struct conf_shared *shared)
{
	return config_edit_section(cli, conf, shared->place.file, "mailbox", shared->name, NULL);
}

int cmd_mailbox_set(struct cli *cli)
{
	return with_shared(cli, set_shared);
}

static int remove_shared(struct cli *cli, struct conf *conf, const struct conf_shared *shared)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, shared->place.file))
		result = config_edit_remove(&edit, "mailbox", shared->name);
	if (result == CLI_DONE)
		printf(_("mailbox %s is no longer shared; its messages stay in %s/mailboxes/%s\n"), shared->name, conf->gateway.spool,
		    shared->name);
	config_edit_clear(&edit);
	return result;
}

int cmd_mailbox_remove(struct cli *cli)
{
	return with_shared(cli, remove_shared);
}
