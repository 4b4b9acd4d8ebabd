/*
 * lanpost account login, lanpost smarthost login: a sign-in at the provider, by a code that is entered on a page.
 */
#include "base/clock.h"
#include "base/i18n.h"
#include "mail/sign_in.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/widgets/qr.h"

#include <stdio.h>

/* Without it there is still the page. */
static void print_qr(const struct cli *cli, const char *page)
{
	struct buf out = BUF_INIT(1u << 20);
	struct error error;
	struct qr qr;

	if (!cli_shows_qr(cli) || qr_encode(page, &qr, &error) != 0)
		return;
	qr_write_terminal(&qr, &out);
	fputs(buf_text(&out), stdout);
	buf_clear(&out);
	qr_clear(&qr);
}

static void show_device(const struct cli *cli, const struct oauth2_device *device)
{
	printf(_("Open this page on any computer or phone:\n\n    %s\n\nand enter this code:\n\n    %s\n\n"), device->page, device->user_code);
	print_qr(cli, device->page_with_code[0] != '\0' ? device->page_with_code : device->page);
	printf(_n("Waiting for %lld minute at most.\n", "Waiting for %lld minutes at most.\n",
		   (size_t)((device->lifetime + 59) / 60)),
	    (long long)((device->lifetime + 59) / 60));
	fflush(stdout);
}

/* kind: "account" or "smarthost". */
static int sign_in(const struct cli *cli, const struct conf *conf, const char *kind, const char *name, const struct conf_remote *remote)
{
	const struct conf_way *way = conf_way_next(conf, NULL, clock_wall());
	const struct sign_in job = {.conf = conf, .remote = remote, .proxy = way != NULL ? way->proxy : conf->line.proxy};
	struct oauth2_device device;
	struct error error;

	if (remote->oauth2 == OAUTH2_NONE)
		return cli_fail(CLI_FAILED, _("[%s %s] has no oauth2: set oauth2 and oauth2_client_id, and remove its password"), kind, name);
	if (sign_in_begin(&job, &device, &error) != 0)
		return cli_fail_error(&error);
	show_device(cli, &device);
	if (sign_in_wait(&job, &device, &error) != 0)
		return cli_fail_error(&error);
	printf(_("%s is signed in; try it with: lanpost %s test %s\n"), remote->user, kind, name);
	return CLI_DONE;
}

int cmd_account_login(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_account *account = conf == NULL ? NULL : cli_find_account(conf, cli->words[0]);
	int result = account == NULL ? CLI_FAILED : sign_in(cli, conf, "account", account->name, &account->remote);

	conf_free(conf);
	return result;
}

int cmd_smarthost_login(struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	const struct conf_smarthost *smarthost = conf == NULL ? NULL : cli_find_smarthost(conf, cli->words[0]);
	int result = smarthost == NULL ? CLI_FAILED : sign_in(cli, conf, "smarthost", smarthost->name, &smarthost->remote);

	conf_free(conf);
	return result;
}
