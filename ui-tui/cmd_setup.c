/*
 * lanpost setup: from nothing to a gateway that works, by questions whose answers are mostly known.
 */
#include "base/alloc.h"
#include "base/fsx.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "config/value.h"
#include "ui-tui/account_test.h"
#include "ui-tui/cli.h"
#include "ui-tui/demo.h"
#include "ui-tui/first_start.h"
#include "ui-tui/provider.h"
#include "ui-tui/question.h"
#include "ui-tui/secret.h"
#include "ui-tui/start.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES 3
enum file { MAIN, USERS, ACCOUNTS };

struct wizard {
	struct cli *cli;
	struct buf text[FILES];
	char *user; /* the first one */
	char *networks;
	bool has_account;
	struct error error; /* of a change that cannot be made */
};

/* --- pieces */

static char *path_of(const struct wizard *wizard, enum file file)
{
	static const char *const names[] = {[USERS] = "users.conf", [ACCOUNTS] = "accounts.conf"};
	const char *config = wizard->cli->config, *slash = strrchr(config, '/');

	if (file == MAIN)
		return xstrdup(config);
	return xasprintf("%.*s%s", slash == NULL ? 0 : (int)(slash - config + 1), config, names[file]);
}

static bool set(struct wizard *wizard, enum file file, const char *kind, const char *name, const char *key, const char *value)
{
	return ini_edit_set(&wizard->text[file], kind, name, key, value, &wizard->error) == 0;
}

/* Asks and sets; false at the end of the input. */
static bool ask_and_set(struct wizard *wizard, const char *kind, const char *key, const char *text, const char *otherwise,
    const char *(*check)(const char *))
{
	char *answer = question_ask(text, otherwise, check);
	bool done = answer != NULL && set(wizard, MAIN, kind, "", key, answer);

	free(answer);
	return done;
}

static const char *check_domain(const char *answer)
{
	return value_is_host(slice_of(answer)) ? NULL : _("This is no domain name, such as office.lan.");
}

static const char *check_path(const char *answer)
{
	return answer[0] == '/' ? NULL : _("This is no folder that begins with /.");
}

static const char *check_user(const char *answer)
{
	if (answer[0] == '\0' || conf_is_mailbox_name(slice_of(answer)))
		return NULL;
	return _("A name has small letters a-z, digits and . _ - only.");
}

static const char *check_address(const char *answer)
{
	if (answer[0] == '\0' || value_is_address(slice_of(answer)))
		return NULL;
	return _("This is no mail address, such as ivan@example.ru.");
}

static const char *check_fetch(const char *answer)
{
	struct slice url = slice_of(answer);

	if (slice_begins_nocase(url, "pop3://") || slice_begins_nocase(url, "pop3s://") || slice_begins_nocase(url, "imap://") ||
	    slice_begins_nocase(url, "imaps://"))
		return NULL;
	return _("This does not begin with pop3s://, pop3://, imaps:// or imap://.");
}

static const char *check_send(const char *answer)
{
	struct slice url = slice_of(answer);

	if (answer[0] == '\0' || slice_begins_nocase(url, "smtp://") || slice_begins_nocase(url, "smtps://"))
		return NULL;
	return _("This does not begin with smtps:// or smtp://.");
}

/* --- the office */

static bool ask_office(struct wizard *wizard)
{
	printf(_("\n1. The office\n"));
	return ask_and_set(wizard, "gateway", "local_domain", _("Domain of the mail inside the office"), "office.lan", check_domain) &&
	       set(wizard, MAIN, "gateway", "", "language", strcmp(i18n_locale_language(), "ru") == 0 ? "ru" : "en") &&
	       ask_and_set(wizard, "gateway", "spool", _("Folder for the mail"), "/var/lib/lanpost", check_path);
}

/* --- users */

static bool set_password(struct wizard *wizard, const char *name)
{
	struct secret secret = {NULL, NULL, NULL};
	bool done = false;

	while (secret_ask(name, &secret, &wizard->error) != 0) {
		printf("  %s\n", ERROR_SAID(&wizard->error));
		if (isatty(STDIN_FILENO) != 1 || wizard->error.class == ERROR_CANCELLED)
			return false;
	}
	done = set(wizard, USERS, "user", name, "password", secret.hash) &&
	       set(wizard, USERS, "user", name, "scram_sha256", secret.scram);
	secret_clear(&secret);
	return done;
}

static bool add_user(struct wizard *wizard, const char *name)
{
	char *full = question_ask(_("  Full name"), "", NULL), *outside = NULL;
	bool done = full != NULL && set_password(wizard, name);

	if (done)
		outside = question_ask(_("  Mail address outside (empty: none)"), "", check_address);
	done = done && outside != NULL;
	if (done && full[0] != '\0')
		done = set(wizard, USERS, "user", name, "full_name", full);
	if (done && outside[0] != '\0')
		done = set(wizard, USERS, "user", name, "external_alias", outside);
	if (done && wizard->user == NULL)
		wizard->user = xstrdup(name);
	free(full);
	free(outside);
	return done;
}

static bool ask_users(struct wizard *wizard)
{
	printf(_("\n2. The users, and the first of them yourself: postmaster's mail comes to that one\n"));
	for (;;) {
		char *name = question_ask(wizard->user == NULL ? _("Name") : _("Another name (empty: no more)"), "", check_user);
		bool done = name != NULL, last = done && name[0] == '\0' && wizard->user != NULL;

		if (done && name[0] != '\0')
			done = add_user(wizard, name);
		free(name);
		if (last)
			return set(wizard, MAIN, "gateway", "", "postmaster", wizard->user);
		if (!done)
			return false;
	}
}

/* --- the world outside */

static bool add_account(struct wizard *wizard, const char *login, const char *url, const char *send, const char *password)
{
	bool done = set(wizard, ACCOUNTS, "account", "office", "url", url) &&
		    set(wizard, ACCOUNTS, "account", "office", "user", login) &&
		    set(wizard, ACCOUNTS, "account", "office", "password", password) &&
		    set(wizard, ACCOUNTS, "account", "office", "unsorted_to", wizard->user);

	wizard->has_account = done;
	if (!done || send[0] == '\0')
		return done;
	return set(wizard, ACCOUNTS, "smarthost", "default", "url", send) &&
	       set(wizard, ACCOUNTS, "smarthost", "default", "user", login) &&
	       set(wizard, ACCOUNTS, "smarthost", "default", "password", password);
}

/* Until there is one, where somebody can be asked again. */
static bool ask_password(struct wizard *wizard, const char *login, char **password)
{
	while (secret_ask_plain(login, password, &wizard->error) != 0) {
		printf("  %s\n", ERROR_SAID(&wizard->error));
		if (isatty(STDIN_FILENO) != 1 || wizard->error.class == ERROR_CANCELLED)
			return false;
	}
	return true;
}

static bool ask_provider(struct wizard *wizard, const char *address)
{
	const struct provider *provider = provider_of(slice_of(address));
	char *guess = provider == NULL ? provider_guess(slice_of(address)) : NULL, *url, *send = NULL;
	char *login = NULL, *password = NULL;
	bool done;

	if (provider != NULL)
		printf(_("  This is %s. It may want a password made for mail programs, see its settings.\n"), provider->name);
	url = question_ask(_("  Server from which mail is fetched"), provider != NULL ? provider->fetch : guess != NULL ? guess : "",
	    check_fetch);
	if (url != NULL)
		send = question_ask(_("  Server through which mail is sent (empty: none)"), provider != NULL ? provider->send : "", check_send);
	if (send != NULL)
		login = question_ask(_("  Name to log in with"), address, NULL);
	done = login != NULL && ask_password(wizard, login, &password) &&
	       add_account(wizard, login, url, send, password);
	if (password != NULL)
		conf_secret_free(password);
	free(guess);
	free(url);
	free(send);
	free(login);
	return done;
}

static bool ask_outside(struct wizard *wizard)
{
	char *address;
	bool done;

	printf(_("\n3. The mailbox outside\n"));
	address = question_ask(_("Its mail address (empty: later)"), "", check_address);
	done = address != NULL && (address[0] == '\0' || ask_provider(wizard, address));
	free(address);
	return done;
}

/* --- the LAN */

static const struct {
	const char *key;
	int port, otherwise;
} ports[] = {
    {"smtp_port", 25, 2525},
    {"submission_port", 587, 2587},
    {"smtps_port", 465, 2465},
    {"pop3_port", 110, 2110},
    {"pop3s_port", 995, 2995},
};

/* Another that is free, near the usual one. */
static int choose_port(int port, int otherwise)
{
	if (first_start_port_is_free(port))
		return port;
	while (otherwise < 65000 && !first_start_port_is_free(otherwise))
		otherwise++;
	printf(_("  Port %d is taken, or not allowed to you: %d is used instead.\n"), port, otherwise);
	return otherwise;
}

static bool ask_lan(struct wizard *wizard)
{
	struct buf networks = BUF_INIT(4096);
	char *answer;
	bool done = true;

	printf(_("\n4. The LAN\n"));
	for (size_t i = 0; i < ARRAY_LEN(ports) && done; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", choose_port(ports[i].port, ports[i].otherwise));
		done = set(wizard, MAIN, "lan", "", ports[i].key, text);
	}
	first_start_networks(&networks);
	answer = done ? question_ask(_("Who may connect"), buf_text(&networks), NULL) : NULL;
	done = answer != NULL && set(wizard, MAIN, "lan", "", "allow", answer);
	wizard->networks = answer;
	buf_clear(&networks);
	return done;
}

/* --- what becomes of it */

static bool write_files(struct wizard *wizard)
{
	for (int i = FILES - 1; i >= 0; i--) {
		char *path = path_of(wizard, (enum file)i), *folder = xstrndup(path, strrchr(path, '/') == NULL ? 0 : (size_t)(strrchr(path, '/') - path));
		bool done = folder[0] == '\0' || fsx_make_dirs(folder, &wizard->error) == 0;

		if (done && wizard->text[i].len > 0)
			done = ini_edit_write(path, &wizard->text[i], wizard->cli->config, &wizard->error) == 0;
		if (done && wizard->text[i].len > 0)
			printf(_("written: %s\n"), path);
		free(folder);
		free(path);
		if (!done)
			return false;
	}
	return true;
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
		printf(_("A test letter went round: it lies in the mailbox of %s.\n"), user);
	else
		printf(_("The test letter did not go round: %s\n"), ERROR_SAID(&error));
	free(address);
	return done;
}

static bool try_it(struct wizard *wizard)
{
	struct conf *conf = cli_conf(wizard->cli);
	const struct conf_account *account = conf == NULL ? NULL : conf_find_account(conf, "office");
	bool done;

	if (conf == NULL)
		return false;
	done = send_letter(conf, wizard->user);
	if (account != NULL) {
		printf(_("\nThe way to the mailbox outside:\n"));
		done = account_test(conf, account, NULL) == CLI_DONE && done;
	}
	printf(_("\nMail programs need: server %s, SMTP %lld or %lld (TLS), POP3 %lld or %lld (TLS), their name and password;\n"
		 "`lanpost client-setup %s` tells it for each program. Let them through a firewall, such as:\n"),
	    conf->gateway.hostname, (long long)conf->lan.submission_port, (long long)conf->lan.smtps_port, (long long)conf->lan.pop3_port,
	    (long long)conf->lan.pop3s_port, wizard->user);
	printf("    nft add rule inet filter input tcp dport { %lld, %lld, %lld, %lld, %lld } accept\n", (long long)conf->lan.smtp_port,
	    (long long)conf->lan.submission_port, (long long)conf->lan.smtps_port, (long long)conf->lan.pop3_port,
	    (long long)conf->lan.pop3s_port);
	puts(_("`lanpost` without a word opens the screens; `lanpost session` fetches and sends now."));
	conf_free(conf);
	return done;
}

static bool finish(struct wizard *wizard)
{
	puts("");
	if (!write_files(wizard)) {
		cli_fail(CLI_FAILED, "%s", ERROR_SAID(&wizard->error));
		return false;
	}
	if (!question_confirm(_("Start the gateway now?"), true))
		return true;
	return start_gateway(wizard->cli) == CLI_DONE && try_it(wizard);
}

static int run(struct wizard *wizard)
{
	puts(_("A first configuration, in four steps. Enter takes what stands in brackets; Ctrl-C leaves all as it is."));
	if (ask_office(wizard) && ask_users(wizard) && ask_outside(wizard) && ask_lan(wizard))
		return finish(wizard) ? CLI_DONE : CLI_FAILED;
	return cli_fail(CLI_FAILED, "%s", wizard->error.phrase[0] != '\0' ? ERROR_SAID(&wizard->error) : _("stopped; nothing was written"));
}

bool setup_is_needed(const struct cli *cli)
{
	struct conf_problems problems = {0};
	bool is_there = access(cli->config, F_OK) == 0;
	struct conf *conf = is_there ? conf_load_broken(cli->config, &problems) : NULL;
	bool needed = !is_there || (conf != NULL && conf->user_count + conf->account_count + conf->smarthost_count == 0);

	conf_free(conf);
	conf_problems_clear(&problems);
	return needed;
}

/* What a package has put there, comments and all, stays. */
static bool read_files(struct wizard *wizard)
{
	for (int i = 0; i < FILES; i++) {
		char *path = path_of(wizard, (enum file)i);
		bool done = ini_edit_read(path, &wizard->text[i], &wizard->error) == 0;

		free(path);
		if (!done)
			return false;
	}
	return true;
}

int cmd_setup(struct cli *cli)
{
	struct wizard wizard = {.cli = cli, .error = ERROR_INIT};
	int result;

	if (!setup_is_needed(cli))
		return cli_fail(CLI_FAILED, _("%s has users or accounts already; `lanpost` without a word changes them"), cli->config);
	for (int i = 0; i < FILES; i++)
		buf_init(&wizard.text[i], 1u << 20);
	result = read_files(&wizard) ? run(&wizard) : cli_fail(CLI_FAILED, "%s", ERROR_SAID(&wizard.error));
	for (int i = 0; i < FILES; i++)
		buf_clear(&wizard.text[i]);
	free(wizard.user);
	free(wizard.networks);
	return result;
}
