/*
 * lanpost user: users of the office. Changes keep everything else in the files as it is, are checked
 * before they are made, and a running gateway is told.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "ui-tui/cli.h"
#include "ui-tui/client.h"
#include "ui-tui/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define TEXT_MAX (1024 * 1024)
#define RELOAD_SECONDS 30

/* --- list */

static json_t *users_json(const struct conf *conf)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->user_count; i++) {
		const struct conf_user *user = &conf->users[i];
		json_t *aliases = json_array();

		for (size_t j = 0; j < user->aliases.count; j++)
			json_array_append_new(aliases, cli_json_text(user->aliases.items[j]));
		json_array_append_new(list,
		    json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:i}", "name",
			cli_json_text(user->name), "full_name", cli_json_text(user->full_name),
			"external_alias", cli_json_text(user->external_alias), "aliases", aliases,
			"forward", cli_json_text(user->forward), "keep", user->keep, "has_password",
			user->password[0] != '\0', "file", cli_json_text(user->place.file), "line",
			user->place.line));
	}
	return list;
}

static void print_users(const struct conf *conf)
{
	struct table table = TABLE_INIT("lllll");

	table_add(&table, _("USER"));
	table_add(&table, _("FULL NAME"));
	table_add(&table, _("OUTSIDE"));
	table_add(&table, _("PASSWORD"));
	table_add(&table, _("ALIASES"));
	for (size_t i = 0; i < conf->user_count; i++) {
		const struct conf_user *user = &conf->users[i];
		struct buf aliases = BUF_INIT(65536);

		for (size_t j = 0; j < user->aliases.count; j++)
			buf_printf(&aliases, "%s%s", j > 0 ? ", " : "", user->aliases.items[j]);
		table_add(&table, user->name);
		table_add(&table, user->full_name);
		table_add(&table, user->external_alias);
		table_add(&table, user->password[0] != '\0' ? _("yes") : _("none"));
		table_add(&table, buf_text(&aliases));
		buf_clear(&aliases);
	}
	table_print(&table);
}

int cmd_user_list(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	if (cli->json)
		result = cli_print_json(users_json(conf));
	else
		print_users(conf);
	conf_free(conf);
	return result;
}

/* --- changes */

/* Refuses a text that would break the configuration. */
static int check_change(const struct cli *cli, const char *file, struct buf *text)
{
	struct conf_problems problems = {0};
	struct conf *conf = conf_load_edited(cli->config, file, buf_slice(text), &problems);
	int result = CLI_DONE;

	for (size_t i = 0; conf == NULL && result == CLI_DONE && i < problems.count; i++)
		if (!problems.items[i].is_warning)
			result = cli_fail(CLI_FAILED,
			    _("nothing was changed, for the configuration would be wrong: %s"),
			    problems.items[i].text);
	conf_free(conf);
	conf_problems_clear(&problems);
	return result;
}

/* A gateway that does not run reads the files when it starts. */
static int tell_gateway(const struct conf *conf)
{
	json_t *answer;
	int result;

	if (client_gateway_pid(conf) == 0)
		return CLI_DONE;
	result = client_call(conf, json_pack("{s:s}", "verb", "reload"), RELOAD_SECONDS, NULL, NULL,
	    &answer);
	if (result == CLI_DONE)
		json_decref(answer);
	return result;
}

static int commit(const struct cli *cli, const struct conf *conf, const char *file,
    struct buf *text)
{
	struct error error = ERROR_INIT;
	int result = check_change(cli, file, text);

	if (result != CLI_DONE)
		return result;
	if (ini_edit_write(file, text, &error) != 0)
		return cli_fail(CLI_FAILED, "%s", error.text);
	return tell_gateway(conf);
}

/* users.conf beside the configuration. New memory. */
static char *users_file(const struct cli *cli)
{
	const char *slash = strrchr(cli->config, '/');
	int folder = slash == NULL ? 0 : (int)(slash - cli->config + 1);

	return xasprintf("%.*susers.conf", folder, cli->config);
}

/* Joins the values of an option: "a, b". */
static void join_option(const struct cli *cli, const char *option, struct buf *out)
{
	struct strlist values = {NULL, 0};

	cli_options(cli, option, &values);
	for (size_t i = 0; i < values.count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", values.items[i]);
	strlist_clear(&values);
}

/* The password itself is kept for those only whose old mail programs cannot do without. */
static int set_secret(struct buf *text, const char *name, const struct secret *secret, bool weak,
    struct error *error)
{
	if (ini_edit_set(text, "user", name, "password", secret->hash, error) != 0 ||
	    ini_edit_set(text, "user", name, "scram_sha256", secret->scram, error) != 0)
		return -1;
	return weak ? ini_edit_set(text, "user", name, "clear_password", secret->clear, error) : 0;
}

static int set_all(const struct cli *cli, struct buf *text, const char *name,
    const struct secret *secret, struct error *error)
{
	static const struct {
		const char *option, *key;
	} keys[] = {
	    {"--full-name", "full_name"},
	    {"--external-alias", "external_alias"},
	    {"--alias", "aliases"},
	};

	if (set_secret(text, name, secret, false, error) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct buf value = BUF_INIT(4096);
		int result = 0;

		join_option(cli, keys[i].option, &value);
		if (value.len > 0)
			result = ini_edit_set(text, "user", name, keys[i].key, buf_text(&value), error);
		buf_clear(&value);
		if (result != 0)
			return -1;
	}
	return 0;
}

static int add_user(const struct cli *cli, const struct conf *conf, const char *name)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct error error = ERROR_INIT;
	struct secret secret = {NULL, NULL, NULL};
	char *file = users_file(cli);
	int result = CLI_FAILED;

	if (secret_ask(name, &secret, &error) != 0 || ini_edit_read(file, &text, &error) != 0 ||
	    set_all(cli, &text, name, &secret, &error) != 0)
		cli_fail(CLI_FAILED, "%s", error.text);
	else
		result = commit(cli, conf, file, &text);
	if (result == CLI_DONE)
		printf(_("user %s was added to %s\n"), name, file);
	secret_clear(&secret);
	buf_clear(&text);
	free(file);
	return result;
}

static int set_password(const struct cli *cli, const struct conf *conf, const struct conf_user *user)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct error error = ERROR_INIT;
	struct secret secret = {NULL, NULL, NULL};
	int result = CLI_FAILED;

	if (secret_ask(user->name, &secret, &error) != 0 ||
	    ini_edit_read(user->place.file, &text, &error) != 0 ||
	    set_secret(&text, user->name, &secret, user->allow_weak_auth, &error) != 0)
		cli_fail(CLI_FAILED, "%s", error.text);
	else
		result = commit(cli, conf, user->place.file, &text);
	if (result == CLI_DONE)
		printf(_("the password of user %s was changed\n"), user->name);
	secret_clear(&secret);
	buf_clear(&text);
	return result;
}

static int remove_user(const struct cli *cli, const struct conf *conf, const struct conf_user *user)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct error error = ERROR_INIT;
	int result = CLI_FAILED;

	if (ini_edit_read(user->place.file, &text, &error) != 0)
		cli_fail(CLI_FAILED, "%s", error.text);
	else if (!ini_edit_remove(&text, "user", user->name))
		cli_fail(CLI_FAILED, _("%s has changed meanwhile; try again"), user->place.file);
	else
		result = commit(cli, conf, user->place.file, &text);
	if (result == CLI_DONE)
		printf(_("user %s was removed; the mailbox stays in %s/mailboxes/%s\n"), user->name,
		    conf->gateway.spool, user->name);
	buf_clear(&text);
	return result;
}

/* The user of that name, or NULL with the nearest one told. */
static const struct conf_user *find_user(const struct conf *conf, const char *name)
{
	const struct conf_user *user = conf_find_user(conf, name);
	const char *nearest = NULL;

	if (user != NULL)
		return user;
	if (conf->user_count > 0)
		nearest = cli_nearest(name, &conf->users[0].name, conf->user_count,
		    sizeof(conf->users[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no user %s; did you mean %s?"), name, nearest);
	else
		cli_fail(CLI_FAILED, _("there is no user %s; see lanpost user list"), name);
	return NULL;
}

/* Runs a change of a user who must be there. */
static int change_user(struct cli *cli,
    int (*change)(const struct cli *cli, const struct conf *conf, const struct conf_user *user))
{
	struct conf *conf = cli_conf(cli);
	const struct conf_user *user;
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	user = find_user(conf, cli->words[0]);
	if (user != NULL)
		result = change(cli, conf, user);
	conf_free(conf);
	return result;
}

int cmd_user_passwd(struct cli *cli)
{
	return change_user(cli, set_password);
}

int cmd_user_remove(struct cli *cli)
{
	return change_user(cli, remove_user);
}

int cmd_user_add(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const char *name = cli->words[0];
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	if (strcmp(name, CONF_DAEMON) == 0)
		result = cli_fail(CLI_FAILED, _("daemon is the gateway's own and cannot be a user"));
	else if (!conf_is_mailbox_name(slice_of(name)))
		result = cli_fail(CLI_FAILED,
		    _("`%s` cannot be the name of a user: 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit"),
		    name);
	else if (conf_find_user(conf, name) != NULL)
		result = cli_fail(CLI_FAILED, _("there is a user %s already"), name);
	else
		result = add_user(cli, conf, name);
	conf_free(conf);
	return result;
}
