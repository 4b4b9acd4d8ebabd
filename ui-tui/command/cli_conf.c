#include "ui-tui/command/cli_conf.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/net/ctl_wire.h"
#include "base/process/service_user.h"
#include "config/conf_file.h"
#include "spool/layout_priv.h"
#include "spool/mailbox_name.h"
#include "spool/storage/storage.h"
#include "ui-tui/command/rights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct conf_problem *first_error(const struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!problems->items[i].is_warning)
			return &problems->items[i];
	return NULL;
}

bool cli_may_read(const struct cli *cli)
{
	bool may = true;

	for (enum conf_file i = CONF_FILE_MAIN; may && i < CONF_FILES; i++) {
		char *file = conf_file_path(cli->config, i);
		struct error error;

		may = access(file, R_OK) == 0 || errno == ENOENT || errno == ENOTDIR;
		if (!may && !rights_missing(file, R_OK)) {
			error_errno(&error, N_("cannot read %s"), file);
			cli_fail_error(&error);
		}
		free(file);
	}
	return may;
}

/* The following code works in the spool, with the rights of its owner, and sees all mail that was acknowledged before. Returns
 * conf, or NULL with the reason reported. */
static struct conf *act_as_owner(struct conf *conf)
{
	struct error error = ERROR_INIT;

	if (conf == NULL)
		return NULL;
	if (service_user_act_for(conf->gateway.spool, &error) == 0) {
		intake_await_others(SPOOL_OF(conf));
		return conf;
	}
	cli_fail_error(&error);
	conf_free(conf);
	return NULL;
}

struct conf *cli_conf(const struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf;
	const struct conf_problem *first;
	struct error error = ERROR_INIT;

	if (!cli_may_read(cli))
		return NULL;
	if (access(cli->config, F_OK) != 0) {
		cli_fail(CLI_FAILED, _("there is no configuration %s: create one with `lanpost "
		    "setup`, or use another with -c FILE"), cli->config);
		return NULL;
	}
	conf = conf_load(cli->config, &problems);
	first = first_error(&problems);
	if (first != NULL)
		conf_problem_error(first, &error);
	if (conf == NULL && first != NULL && problems.errors == 1)
		cli_fail_error(&error);
	else if (conf == NULL && first != NULL)
		cli_fail(CLI_FAILED, _("%s (and %zu more: lanpost check)"), ERROR_SAID(&error), problems.errors - 1);
	conf_problems_clear(&problems);
	return act_as_owner(conf);
}

struct conf *cli_gateway_conf(const struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf;

	if (access(cli->config, F_OK) != 0)
		return cli_conf(cli);
	if (!cli_may_read(cli))
		return NULL;
	conf = conf_load_broken(cli->config, &problems);
	conf_problems_clear(&problems);
	return act_as_owner(conf);
}

/* The spool of the service is known without its configuration; for any other -c is needed. */
struct conf *cli_control_conf(const struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf;
	bool reaches;
	char *path;

	if (cli_option(cli, "-c") != NULL || access(cli->config, R_OK) == 0 || errno != EACCES)
		return cli_gateway_conf(cli);
	conf = conf_load_broken(cli->config, &problems); /* a missing key means the default */
	conf_problems_clear(&problems);
	path = xasprintf("%s/" CTL_SOCKET_NAME, conf->gateway.spool);
	reaches = access(path, W_OK) == 0;
	free(path);
	if (reaches)
		return conf;
	conf_free(conf);
	return cli_gateway_conf(cli);
}

int cli_with_state(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const struct spool *spool))
{
	struct conf *conf = cli_gateway_conf(cli);
	struct error error = ERROR_INIT;
	struct spool spool;
	char *path;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	spool = spool_at(conf->gateway.spool);
	path = layout_state(&spool);
	if (rights_missing(path, R_OK | W_OK))
		result = CLI_FAILED;
	else if (state_open(&spool.state, &spool, NULL, &error) != 0)
		result = cli_fail_error(&error);
	else
		result = work(cli, conf, &spool);
	state_close(spool.state);
	conf_free(conf);
	free(path);
	return result;
}

const struct conf_user *cli_find_user(const struct conf *conf, char *name)
{
	const struct conf_user *user;
	const char *nearest = NULL;

	str_lower_ascii(name);
	user = conf_find_user(conf, name);
	if (user != NULL)
		return user;
	if (strcmp(name, CONF_POSTMASTER) == 0) {
		cli_fail(CLI_FAILED, _("postmaster is built in and has no section yet; `lanpost "
		    "user passwd postmaster` creates one"));
		return NULL;
	}
	if (conf->user_count > 0)
		nearest = cli_nearest(name, &conf->users[0].name, conf->user_count,
		    sizeof(conf->users[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no user %s; did you mean %s?"), name, nearest);
	else
		cli_fail(CLI_FAILED, _("there is no user %s; see lanpost user list"), name);
	return NULL;
}

int cli_with_user(struct cli *cli, int (*work)(struct cli *cli, struct conf *conf, const struct conf_user *user))
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_user *user;
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	user = cli_find_user(conf, cli->words[0]);
	if (user != NULL)
		result = work(cli, conf, user);
	conf_free(conf);
	return result;
}

/* The mailbox of a removed user stays, and can be shown. A folder must exist. */
static bool mailbox_is_known(const struct conf *conf, const char *name)
{
	char *path;
	bool known = conf_has_mailbox(conf, name);

	if (known || !mailbox_name_is_valid(slice_of(name)))
		return known;
	path = layout_mailbox(SPOOL_OF(conf), name, "");
	known = access(path, F_OK) == 0;
	free(path);
	return known;
}

/* "Ivan/Sent": in folders, case matters. */
static void lower_user(char *name)
{
	char *slash = strchr(name, '/');

	if (slash != NULL)
		*slash = '\0';
	str_lower_ascii(name);
	if (slash != NULL)
		*slash = '/';
}

int cli_with_mailbox(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const char *mailbox))
{
	struct conf *conf = cli_conf(cli);
	const char *mailbox = cli->words[0];
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	lower_user(cli->words[0]);
	if (!mailbox_is_known(conf, mailbox))
		result = cli_fail(CLI_FAILED, _("there is no mailbox %s; see lanpost mailbox list"), mailbox);
	else
		result = work(cli, conf, mailbox);
	conf_free(conf);
	return result;
}

const struct conf_account *cli_find_account(const struct conf *conf, char *name)
{
	const struct conf_account *account;
	const char *nearest = NULL;

	str_lower_ascii(name);
	account = conf_find_account(conf, name);
	if (account == NULL && conf->account_count > 0)
		nearest = cli_nearest(name, &conf->accounts[0].name, conf->account_count, sizeof(conf->accounts[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no account %s; did you mean %s?"), name, nearest);
	else if (account == NULL)
		cli_fail(CLI_FAILED, _("there is no account %s; see lanpost account list"), name);
	return account;
}

const struct conf_smarthost *cli_find_smarthost(const struct conf *conf, char *name)
{
	const struct conf_smarthost *smarthost;
	const char *nearest = NULL;

	str_lower_ascii(name);
	smarthost = conf_find_smarthost(conf, name);
	if (smarthost == NULL && conf->smarthost_count > 0)
		nearest = cli_nearest(name, &conf->smarthosts[0].name, conf->smarthost_count, sizeof(conf->smarthosts[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no smarthost %s; did you mean %s?"), name, nearest);
	else if (smarthost == NULL)
		cli_fail(CLI_FAILED, _("there is no smarthost %s; add a section [smarthost %s]"), name, name);
	return smarthost;
}

const char *cli_nearest(const char *name, const void *names, size_t count, size_t stride)
{
	const char **list = xcalloc(count + 1, sizeof(*list));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		memcpy(&list[i], (const char *)names + i * stride, sizeof(*list));
	nearest = str_nearest(name, list);
	free(list);
	return nearest;
}
