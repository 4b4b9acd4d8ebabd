/*
 * lanpost setup: sets up a working gateway interactively, from nothing or from an incomplete configuration, with
 * defaults for most answers.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/prompt.h"
#include "ui-tui/demo/demo.h"
#include "ui-tui/wizard/first_start.h"
#include "ui-tui/wizard/start.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/wizard/wizard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Whether the files can be written or created: checks the file itself, else the nearest existing folder above
 * it. */
static bool may_write(const char *config)
{
	char *path = xstrdup(config), *slash;
	bool may = access(path, R_OK | W_OK) == 0;

	while (!may && errno == ENOENT && (slash = strrchr(path, '/')) != NULL) {
		*slash = '\0';
		may = access(path[0] == '\0' ? "/" : path, W_OK | X_OK) == 0;
	}
	may = may || (errno == ENOENT && access(".", W_OK | X_OK) == 0); /* a name without a folder */
	free(path);
	return may;
}

static bool send_letter(const struct conf *conf, const char *user)
{
	char *address = xasprintf("%s@%s", user, conf->gateway.local_domain);
	const struct demo_outgoing letter = {
	    .port = (uint16_t)conf->lan.smtp_port,
	    .sender = address,
	    .recipient = address,
	    .subject = _("The mail gateway works"),
	    .text = _("This letter went through SMTP into your mailbox. Welcome!\n"),
	};
	size_t before = demo_count(conf, user);
	struct error error;
	bool done = demo_send(&letter, &error) == 0 && demo_await(conf, user, before + 1, &error) == 0;

	if (done)
		printf(_("A test letter was delivered to the mailbox of %s.\n"), user);
	else
		printf(_("The test letter was not delivered: %s\n"), ERROR_SAID(&error));
	free(address);
	return done;
}

static void show_client_settings(const struct conf *conf, const char *user)
{
	const struct conf_lan *lan = &conf->lan;
	struct buf server = BUF_INIT(256);

	first_start_address(&server);
	printf(_("\nSettings of the mail programs:\n"));
	printf(_("  server            %s\n"), server.len > 0 ? buf_text(&server) : conf->gateway.hostname);
	if (lan->imaps_port != 0 || lan->imap_port != 0)
		printf(_("  incoming, IMAP    port %lld (SSL/TLS) or %lld (STARTTLS)\n"), (long long)lan->imaps_port, (long long)lan->imap_port);
	printf(_("  incoming, POP3    port %lld (SSL/TLS) or %lld (STARTTLS)\n"), (long long)lan->pop3s_port, (long long)lan->pop3_port);
	printf(_("  outgoing, SMTP    port %lld (SSL/TLS) or %lld (STARTTLS)\n"), (long long)lan->smtps_port,
	    (long long)lan->submission_port);
	printf(_("`lanpost client-setup %s` prints them for each program.\n"), user);
	printf(_("If this computer has a firewall, open the ports, for example with\n"));
	printf("  nft add rule inet filter input tcp dport \\\n    { %lld, %lld, %lld, %lld, %lld, %lld, %lld } accept\n", (long long)lan->smtp_port,
	    (long long)lan->submission_port, (long long)lan->smtps_port, (long long)lan->pop3_port, (long long)lan->pop3s_port,
	    (long long)lan->imap_port, (long long)lan->imaps_port);
	puts(_("Run `lanpost` to open the screens, `lanpost session` to fetch and send now."));
	buf_clear(&server);
}

static bool try_it(struct wizard *wizard)
{
	struct conf *conf = cli_conf(wizard->cli);
	bool done = conf != NULL && send_letter(conf, wizard->users[0].name);

	if (conf != NULL)
		show_client_settings(conf, wizard->users[0].name);
	conf_free(conf);
	return done;
}

static bool start(struct wizard *wizard)
{
	if (!prompt_confirm(_("Start the gateway now?"), true))
		return true;
	if (start_gateway(wizard->cli) != CLI_DONE)
		return false;
	if (start_is_service(wizard->cli) && prompt_confirm(_("Start it whenever this computer starts?"), true))
		start_at_boot();
	return try_it(wizard);
}

static int run(struct wizard *wizard)
{
	puts(_("Set up a mail gateway in four steps.\n"
	    "Enter: accept the default in brackets   <: back   -: leave empty\n"
	    "Nothing is written before the end; Ctrl-C quits without changes."));
	if (!wizard_ask(wizard))
		return cli_fail(CLI_FAILED, "%s",
		    wizard->error.class != ERROR_NONE ? ERROR_SAID(&wizard->error) : _("cancelled; "
		        "nothing was written"));
	puts("");
	if (wizard_write(wizard) != 0)
		return cli_fail_error(&wizard->error);
	if (wizard_login_verb(wizard) != NULL)
		printf(_("Before the first session, sign in at the provider: %s\n"), wizard_login_verb(wizard));
	return start(wizard) ? CLI_DONE : CLI_FAILED;
}

int cmd_setup(struct cli *cli)
{
	struct wizard wizard;
	int result;

	if (!may_write(cli->config))
		return cli_fail(CLI_FAILED, _("cannot write %s: permission denied. Run it as root: sudo lanpost setup"), cli->config);
	result = wizard_open(&wizard, cli) == 0 ? run(&wizard) : cli_fail_error(&wizard.error);
	wizard_clear(&wizard);
	return result;
}
