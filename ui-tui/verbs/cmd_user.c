/*
 * lanpost user: users of the office. Changes keep everything else in the files, are checked
 * before they are saved, and a running gateway reloads.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/value.h"
#include "message/addr.h"
#include "mail/route.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_json.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/command/password.h"
#include "ui-tui/command/table.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- list */

struct box {
	size_t messages;
	uint64_t bytes;
	bool is_known; /* false: it cannot be read, for example by another user than the gateway's */
};

static struct box measure(const struct conf *conf, const struct conf_user *user)
{
	struct error error;
	struct box box = {0, 0, false};

	box.is_known = mailbox_bytes(SPOOL_OF(conf), user->name, &box.bytes, &box.messages, &error) == 0;
	return box;
}

/* NULL if there is none yet, or if this user may not read it. */
static struct state *open_state(const struct conf *conf)
{
	struct state *state = NULL;
	struct error error;

	if (state_is_there(SPOOL_OF(conf)) && state_open(&state, SPOOL_OF(conf), NULL, &error) != 0)
		state = NULL;
	return state;
}

static json_t *login_json(struct state *state, const struct conf_user *user)
{
	struct last_login login;

	last_login_get(state, user->name, &login);
	if (login.time == 0)
		return json_null();
	return json_pack("{s:I, s:s, s:s}", "time", (json_int_t)login.time, "protocol", login.protocol, "address", login.address);
}

static json_t *user_json(const struct conf *conf, const struct conf_user *user, struct state *state)
{
	struct box box = measure(conf, user);
	json_t *aliases = json_array();

	for (size_t j = 0; j < user->aliases.count; j++)
		json_array_append_new(aliases, cli_json_text(user->aliases.items[j]));
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:I, s:o, s:o, s:o, s:i, s:o}", "name", cli_json_text(user->name), "full_name",
	    cli_json_text(user->full_name), "external_alias", cli_json_text(user->external_alias), "aliases", aliases, "forward",
	    cli_json_text(user->forward), "keep", user->keep, "has_password", user->password[0] != '\0', "expire",
	    (json_int_t)user->expire, "messages", box.is_known ? json_integer((json_int_t)box.messages) : json_null(), "bytes",
	    box.is_known ? json_integer((json_int_t)box.bytes) : json_null(), "file", cli_json_text(user->place.file), "line",
	    user->place.line, "last_login", login_json(state, user));
}

static json_t *users_json(const struct conf *conf, struct state *state)
{
	json_t *list = json_array();

	for (size_t i = 0; i < conf->user_count; i++)
		json_array_append_new(list, user_json(conf, &conf->users[i], state));
	return list;
}

static void add_heads(struct table *table)
{
	table_add(table, _("USER"));
	table_add(table, _("FULL NAME"));
	table_add(table, _("EXTERNAL"));
	table_add(table, _("PASSWORD"));
	table_add(table, _("FORWARD"));
	table_add(table, _("EXPIRE"));
	table_add(table, _("SIZE"));
	table_add(table, _("ALIASES"));
	table_add(table, _("LAST LOGIN"));
}

static void add_user_row(struct table *table, const struct conf *conf, const struct conf_user *user, struct state *state)
{
	struct buf aliases = BUF_INIT(65536), expire = BUF_INIT(32);
	struct box box = measure(conf, user);
	struct last_login login;
	char size[32], time[32];

	last_login_get(state, user->name, &login);
	for (size_t j = 0; j < user->aliases.count; j++)
		buf_printf(&aliases, "%s%s", j > 0 ? ", " : "", user->aliases.items[j]);
	if (user->expire > 0)
		value_append_amount(&expire, VALUE_DURATION, user->expire);
	table_add(table, user->name);
	table_add(table, user->full_name);
	table_add(table, user->external_alias);
	table_add(table, user->password[0] != '\0' ? _("yes") : _("none"));
	/* TRANSLATORS: of a user whose mail is forwarded to the address without a local copy */
	table_addf(table, user->forward[0] == '\0' || user->keep ? "%s" : _("%s only"), user->forward);
	table_add(table, user->expire == 0 ? "-" : buf_text(&expire));
	table_add(table, box.is_known ? i18n_size(size, sizeof(size), box.bytes) : "-");
	table_add(table, buf_text(&aliases));
	if (login.time == 0)
		table_add(table, "-");
	else
		table_addf(table, "%s %s %s", i18n_time(time, sizeof(time), login.time), login.protocol, login.address);
	buf_clear(&aliases);
	buf_clear(&expire);
}

static void print_users(const struct conf *conf, struct state *state)
{
	struct table table = TABLE_SPARE("lLLlLrrLL", "020023145");

	add_heads(&table);
	for (size_t i = 0; i < conf->user_count; i++)
		add_user_row(&table, conf, &conf->users[i], state);
	table_print(&table);
}

int cmd_user_list(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	struct state *state;
	int result = CLI_DONE;

	if (conf == NULL)
		return CLI_FAILED;
	state = open_state(conf);
	if (cli->json)
		result = cli_print_json(users_json(conf, state));
	else
		print_users(conf, state);
	state_close(state);
	conf_free(conf);
	return result;
}

/* --- changes */

static bool set_no_secret(struct config_edit *edit, const char *name)
{
	return config_edit_set(edit, "user", name, "password", "") && config_edit_unset(edit, "user", name, "scram_sha256") &&
	       config_edit_unset(edit, "user", name, "clear_password");
}

/* The password itself is stored only for users whose old mail programs need it. Returns false after a message. */
static bool set_secret(struct config_edit *edit, const char *name, bool weak)
{
	struct password secret = {NULL, NULL, NULL};
	struct error error = ERROR_INIT;
	bool done;

	if (cli_option(edit->cli, "--no-password") != NULL)
		return set_no_secret(edit, name);
	done = password_ask(name, &secret, &error) == 0;

	if (!done)
		cli_fail_error(&error);
	done = done && config_edit_set(edit, "user", name, "password", secret.hash) &&
	       config_edit_set(edit, "user", name, "scram_sha256", secret.scram) &&
	       (!weak || config_edit_set(edit, "user", name, "clear_password", secret.clear));
	password_clear(&secret);
	return done;
}

static int add_user(struct cli *cli, struct conf *conf, const char *name)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin_beside(&edit, cli, conf, CONF_FILE_USERS) && set_secret(&edit, name, false) &&
	    config_edit_set_options(&edit, "user", name))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(_("user %s was added to %s\n"), name, edit.file);
	config_edit_clear(&edit);
	return result;
}

static int set_password(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, user->place.file) &&
	    set_secret(&edit, user->name, user->allow_weak_auth))
		result = config_edit_commit(&edit);
	if (result == CLI_DONE)
		printf(cli_option(cli, "--no-password") == NULL ? _("the password of user %s was changed\n")
								  : _("the password of user %s was "
								      "removed\n"), user->name);
	config_edit_clear(&edit);
	return result;
}

/* Without a section nobody can log in as postmaster; with a section without a password everybody
 * could. */
static int close_postmaster(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, cli, conf, user->place.file))
		result = config_edit_remove(&edit, "user", user->name);
	if (result == CLI_DONE)
		printf(_("the section [user postmaster] was removed: postmaster can no longer log "
		    "in; the mailbox stays\n"));
	config_edit_clear(&edit);
	return result;
}

static bool is_of(const struct conf *conf, const struct conf_user *user, const char *sender)
{
	struct addr addr;
	const char *name;

	return addr_parse(slice_of(sender), &addr) && route_address(conf, &addr, &name) == ROUTE_MAILBOX && strcmp(name, user->name) == 0;
}

/* Reports mail of this user that was not sent yet; nothing if the queue cannot be read. */
static size_t count_waiting(const struct conf *conf, const struct conf_user *user)
{
	struct queue_items items;
	struct error error;
	size_t count = 0;

	if (queue_list(SPOOL_OF(conf), 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED | 1u << QUEUE_HOLD, &items, &error) != 0)
		return 0;
	for (size_t i = 0; i < items.count; i++) {
		struct envelope envelope;

		if (queue_read(SPOOL_OF(conf), &items.items[i], &envelope, &error) != 0)
			continue;
		count += is_of(conf, user, envelope.sender);
		envelope_clear(&envelope);
	}
	queue_items_clear(&items);
	return count;
}

static int remove_user(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	size_t waiting = count_waiting(conf, user);
	struct config_edit edit;
	int result = CLI_FAILED;

	if (strcmp(user->name, CONF_POSTMASTER) == 0)
		return cli_fail(CLI_FAILED,
		    _("postmaster is built in and cannot be removed; `lanpost user passwd "
		       "postmaster --no-password` disables its login"));
	if (config_edit_begin(&edit, cli, conf, user->place.file))
		result = config_edit_remove(&edit, "user", user->name);
	if (result == CLI_DONE)
		printf(_("user %s was removed; the mailbox stays in %s/mailboxes/%s\n"), user->name,
		    conf->gateway.spool, user->name);
	if (result == CLI_DONE && waiting > 0)
		printf(_n("%zu message of this user is in the queue; it is sent with the address of "
		    "the smarthost as the sender, or returned to postmaster. `lanpost queue delete "
		    "ID` deletes it.\n",
			   "%zu messages of this user are in the queue; they are sent with the "
			   "address of the smarthost as the sender, or returned to postmaster. "
			   "`lanpost queue delete ID` deletes them.\n", waiting), waiting);
	config_edit_clear(&edit);
	return result;
}

/* Built in, so that its section is only created with a password. */
static int set_postmaster(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	bool close = cli_option(cli, "--no-password") != NULL;

	if (user == NULL)
		return close ? cli_fail(CLI_FAILED, _("postmaster has no password and cannot log in"))
			     : add_user(cli, conf, CONF_POSTMASTER);
	return close ? close_postmaster(cli, conf, user) : set_password(cli, conf, user);
}

int cmd_user_passwd(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_user *user;
	char *name = cli->words[0];
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(name);
	user = conf_find_user(conf, name);
	if (strcmp(name, CONF_POSTMASTER) == 0)
		result = set_postmaster(cli, conf, user);
	else if ((user = cli_find_user(conf, name)) != NULL)
		result = set_password(cli, conf, user);
	conf_free(conf);
	return result;
}

int cmd_user_remove(struct cli *cli)
{
	return cli_with_user(cli, remove_user);
}

static int set_user(struct cli *cli, struct conf *conf, const struct conf_user *user)
{
	return config_edit_section(cli, conf, user->place.file, "user", user->name, NULL);
}

int cmd_user_set(struct cli *cli)
{
	return cli_with_user(cli, set_user);
}

int cmd_user_add(struct cli *cli)
{
	struct conf *conf = cli_gateway_conf(cli);
	const char *name = cli->words[0];
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	str_lower_ascii(cli->words[0]);
	if (strcmp(name, CONF_DAEMON) == 0)
		result = cli_fail(CLI_FAILED, _("daemon is reserved for the gateway and cannot be a "
		    "user"));
	else if (!conf_is_mailbox_name(slice_of(name)))
		result = cli_fail(CLI_FAILED,
		    _("`%s` is not a valid user name: use 1 to 64 characters of a-z 0-9 . _ -, "
		       "beginning with a letter or digit"),
		    name);
	else if (conf_find_user(conf, name) != NULL)
		result = cli_fail(CLI_FAILED, _("user %s already exists"), name);
	else if (strcmp(name, CONF_POSTMASTER) == 0 && cli_option(cli, "--no-password") != NULL)
		result = cli_fail(CLI_FAILED,
		    _("postmaster is built in; without a password everybody on the LAN could read "
		       "the mailbox. Omit --no-password and set one"));
	else
		result = add_user(cli, conf, name);
	conf_free(conf);
	return result;
}
