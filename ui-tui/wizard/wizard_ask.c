/* The questions of `lanpost setup`. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "base/file/path.h"
#include "config/endpoint.h"
#include "ui-tui/command/prompt.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/wizard/first_start.h"
#include "ui-tui/wizard/provider.h"
#include "ui-tui/wizard/wizard.h"
#include "upstream/provider_hint.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --- 1. the office */

static enum prompt_answer ask_domain(struct wizard *wizard)
{
	printf(_("\n1. The office\n"));
	if (wizard->domain[0] == '\0')
		wizard_set(&wizard->domain, "office.lan");
	return prompt_step(_("Domain of the mail inside the office"), &wizard->domain, wizard_check_domain, NULL);
}

static enum prompt_answer ask_spool(struct wizard *wizard)
{
	if (wizard->spool[0] == '\0')
		wizard_set(&wizard->spool, "/var/lib/lanpost");
	return prompt_step(_("Folder for the mail"), &wizard->spool, wizard_check_spool, NULL);
}

/* --- 2. the users */

/* A password in the file is kept if none is typed. */
static enum prompt_answer ask_password(struct wizard *wizard, struct wizard_user *user)
{
	struct password secret = {NULL, NULL, NULL};

	if ((user->is_in_file || user->secret.hash != NULL) && !prompt_confirm(_("  Set a new "
	    "password?"), false))
		return PROMPT_ANSWERED;
	while (password_ask(user->name, &secret, &wizard->error) != 0) {
		if (isatty(STDIN_FILENO) != 1 || wizard->error.class == ERROR_CANCELLED)
			return PROMPT_END;
		prompt_say(ERROR_SAID(&wizard->error));
		wizard->error = (struct error)ERROR_INIT;
	}
	password_clear(&user->secret);
	user->secret = secret;
	return PROMPT_ANSWERED;
}

/* Two people cannot have the same external address. */
static bool is_taken(const struct wizard *wizard, const struct wizard_user *user)
{
	for (size_t i = 0; i < wizard->user_count && user->outside[0] != '\0'; i++)
		if (&wizard->users[i] != user && strcasecmp(wizard->users[i].outside, user->outside) == 0) {
			printf(_("  %s already has that address.\n"), wizard->users[i].name);
			return true;
		}
	return false;
}

static enum prompt_answer ask_about(struct wizard *wizard, struct wizard_user *user)
{
	enum prompt_answer answer = prompt_step(_("  Full name"), &user->full_name, NULL, NULL);

	if (answer != PROMPT_ANSWERED)
		return answer;
	answer = ask_password(wizard, user);
	while (answer == PROMPT_ANSWERED) {
		answer = prompt_step(_("  External mail address (empty: none)"), &user->outside, wizard_check_address, wizard);
		if (answer == PROMPT_BACK)
			return ask_about(wizard, user);
		if (answer == PROMPT_ANSWERED && !is_taken(wizard, user))
			break;
	}
	return answer;
}

static void show_users(const struct wizard *wizard)
{
	if (wizard->user_count == 0)
		return;
	printf(_("  So far:"));
	for (size_t i = 0; i < wizard->user_count; i++)
		printf(" %s", wizard->users[i].name);
	puts("");
}

/* Cancels a user that was just begun. */
static void drop_last(struct wizard *wizard)
{
	struct wizard_user *user = &wizard->users[wizard->user_count - 1];

	if (user->is_in_file || user->secret.hash != NULL)
		return;
	free(user->name);
	free(user->full_name);
	free(user->outside);
	wizard->user_count--;
}

static enum prompt_answer ask_user(struct wizard *wizard, const char *name)
{
	struct wizard_user *user = wizard_find_user(wizard, name);
	enum prompt_answer answer;

	if (user != NULL)
		printf(_("  User %s already exists; these are the previous answers.\n"), name);
	else
		user = wizard_add_user(wizard, name);
	answer = ask_about(wizard, user);
	if (answer != PROMPT_ANSWERED)
		drop_last(wizard);
	return answer;
}

static enum prompt_answer ask_users(struct wizard *wizard)
{
	printf(_("\n"
	    "2. Users, starting with you: the first one gets postmaster's mail\n"));
	for (;;) {
		char *name = xstrdup("");
		enum prompt_answer answer;

		show_users(wizard);
		answer = prompt_step(
		    wizard->user_count == 0 ? _("Name") : _("Another name (empty: no more)"), &name, wizard_check_user, NULL);
		str_lower_ascii(name);
		if (answer == PROMPT_ANSWERED && name[0] != '\0' && ask_user(wizard, name) == PROMPT_END)
			answer = PROMPT_END;
		if (answer != PROMPT_ANSWERED || (name[0] == '\0' && wizard->user_count > 0)) {
			free(name);
			return answer;
		}
		free(name);
	}
}

/* --- 3. the external mailbox */

static enum prompt_answer ask_mailbox(struct wizard *wizard)
{
	char *before = xstrdup(wizard->address);
	enum prompt_answer answer;
	const struct provider *provider;

	printf(_("\n"
	    "3. The external mailbox\n"));
	answer = prompt_step(_("Its mail address (empty: later)"), &wizard->address, wizard_check_address, wizard);
	provider = provider_of(slice_of(wizard->address));
	if (answer == PROMPT_ANSWERED && provider != NULL && provider_hint_oauth2(provider->fetch) == NULL)
		prompt_say(PHRASE_SAID(
		    PHRASE(N_("This is %s. It may require a separate password for mail programs; "
		        "see the settings of the mailbox."), provider->name)));
	/* Settings of another address are not valid for this one. */
	if (answer == PROMPT_ANSWERED && strcmp(before, wizard->address) != 0) {
		char *fetch = provider != NULL ? xstrdup(provider->fetch) : provider_guess(slice_of(wizard->address), "pop3s://pop", 995);
		char *send = provider != NULL ? xstrdup(provider->send) : provider_guess(slice_of(wizard->address), "smtps://smtp", 465);

		wizard_set(&wizard->fetch, fetch == NULL ? "" : fetch);
		wizard_set(&wizard->send, send == NULL ? "" : send);
		wizard_set(&wizard->login, wizard->address);
		wizard->has_password_in_file = wizard->has_token_command = false;
		free(fetch);
		free(send);
	}
	free(before);
	return answer;
}

static bool has_mailbox(const struct wizard *wizard)
{
	return wizard->address[0] != '\0';
}

static enum prompt_answer ask_fetch(struct wizard *wizard)
{
	return prompt_step(_("  Server from which mail is fetched"), &wizard->fetch, wizard_check_fetch, NULL);
}

/* Whether to ask for the encryption: it is neither in the URL nor known for the provider. */
static bool begins_in_clear(const struct wizard *wizard, const char *url)
{
	struct endpoint server = endpoint_of(url);

	return has_mailbox(wizard) && provider_of(slice_of(wizard->address)) == NULL && server.protocol != ENDPOINT_OTHER && !server.tls;
}

static bool has_open_fetch(const struct wizard *wizard)
{
	return begins_in_clear(wizard, wizard->fetch);
}

static bool has_open_send(const struct wizard *wizard)
{
	return begins_in_clear(wizard, wizard->send);
}

static enum prompt_answer ask_tls(char **tls)
{
	if ((*tls)[0] == '\0')
		wizard_set(tls, "required");
	return prompt_step(_("  Encryption by STARTTLS: required, opportunistic or none"), tls, wizard_check_tls, NULL);
}

static enum prompt_answer ask_fetch_tls(struct wizard *wizard)
{
	return ask_tls(&wizard->fetch_tls);
}

static enum prompt_answer ask_send(struct wizard *wizard)
{
	return prompt_step(_("  Server through which mail is sent (empty: none)"), &wizard->send, wizard_check_send, NULL);
}

static enum prompt_answer ask_send_tls(struct wizard *wizard)
{
	return ask_tls(&wizard->send_tls);
}

static enum prompt_answer ask_login(struct wizard *wizard)
{
	return prompt_step(_("  Login name"), &wizard->login, NULL, NULL);
}

/* Tests the connection to the provider before anything is written. Returns false if it fails and the admin wants
 * to change the answers. */
static bool try_provider(struct wizard *wizard)
{
	struct conf_problems problems = {0};
	struct conf *conf = wizard_try(wizard, &problems);
	const struct conf_account *account = conf == NULL ? NULL : conf_find_account(conf, WIZARD_ACCOUNT);
	const struct conf_smarthost *smarthost = conf == NULL ? NULL : conf_find_smarthost(conf, WIZARD_SMARTHOST);
	bool works = account != NULL && remote_test_account(conf, account, NULL) == CLI_DONE;

	/* A failure for one login would only repeat for the other. */
	if (works && smarthost != NULL)
		works = remote_test_smarthost(conf, smarthost, NULL) == CLI_DONE;

	conf_free(conf);
	conf_problems_clear(&problems);
	return works || !prompt_confirm(_("  Change the settings of this mailbox?"), true);
}

static bool has_sign_in(const struct wizard *wizard)
{
	return wizard_login_verb(wizard) != NULL;
}

/* Whether one of the servers takes a password. */
static bool has_password(const struct wizard *wizard)
{
	return has_mailbox(wizard) && (wizard_oauth2(wizard, wizard->fetch) == NULL || (wizard->send[0] != '\0' && wizard_oauth2(wizard, wizard->send) == NULL));
}

static enum prompt_answer ask_client_id(struct wizard *wizard)
{
	prompt_say(_("This provider does not accept passwords: after this setup, the user signs in there once, with a code. For that, an application must be "
		     "registered at the provider; docs/accounts.md says how (Sign-in with OAuth 2.0)."));
	return prompt_step(_("  Application (client ID)"), &wizard->client_id, wizard_check_client_id, NULL);
}

static enum prompt_answer ask_provider_password(struct wizard *wizard)
{
	char *password = NULL;

	if (!wizard->has_password_in_file || prompt_confirm(_("  Set a new password?"), false)) {
		while (password_ask_plain(wizard->login, &password, &wizard->error) != 0) {
			if (isatty(STDIN_FILENO) != 1 || wizard->error.class == ERROR_CANCELLED)
				return PROMPT_END;
			prompt_say(ERROR_SAID(&wizard->error));
			wizard->error = (struct error)ERROR_INIT;
		}
		conf_secret_free(wizard->password);
		wizard->password = password;
	}
	return has_sign_in(wizard) || try_provider(wizard) ? PROMPT_ANSWERED : PROMPT_BACK;
}

/* --- 4. the LAN */

static const struct {
	int port, otherwise;
} ports[WIZARD_PORTS] = {{25, 2525}, {587, 2587}, {465, 2465}, {110, 2110}, {995, 2995}, {143, 2143}, {993, 2993}};

/* Another free one, near the usual one. */
static int choose_port(int port, int otherwise)
{
	if (first_start_port_is_free(port))
		return port;
	while (otherwise < 65000 && !first_start_port_is_free(otherwise))
		otherwise++;
	printf(geteuid() == 0 ? _("  Port %d is used by another program; lanpost will use %d.\n")
			      : _("  Port %d is in use, or requires root; lanpost will use %d.\n"),
	    port, otherwise);
	return otherwise;
}

static enum prompt_answer ask_networks(struct wizard *wizard)
{
	struct buf networks = BUF_INIT(4096);

	printf(_("\n4. The LAN\n"));
	for (size_t i = 0; i < WIZARD_PORTS; i++) {
		char text[16];

		snprintf(text, sizeof(text), "%d", choose_port(ports[i].port, ports[i].otherwise));
		if (wizard->ports[i][0] == '\0')
			wizard_set(&wizard->ports[i], text);
	}
	first_start_networks(&networks);
	if (wizard->networks[0] == '\0')
		wizard_set(&wizard->networks, buf_text(&networks));
	buf_clear(&networks);
	return prompt_step(_("Who may connect"), &wizard->networks, wizard_check_networks, NULL);
}

/* --- all of them */

/* Returns true if there is no error that the files did not have before. */
static bool is_acceptable(struct wizard *wizard)
{
	struct conf_problems problems = {0};
	struct conf *conf = wizard_try(wizard, &problems);
	bool is_better = problems.errors > 0 && problems.errors < wizard_errors_now(wizard);
	size_t errors = problems.errors;

	for (size_t i = 0; i < problems.count; i++) {
		if (!problems.items[i].is_warning)
			prompt_say(PHRASE_SAID(PHRASE("%s:%d: %s", path_name(problems.items[i].place.file),
			    problems.items[i].place.line, problems.items[i].phrase)));
	}
	conf_problems_clear(&problems);
	if (conf == NULL)
		return false;
	conf_free(conf);
	return errors == 0 || (is_better && prompt_confirm(_("There are still errors, but fewer "
	    "than before. Write the files anyway?"), true));
}

static void show_summary(const struct wizard *wizard)
{
	printf(_("\nSummary\n"));
	printf(_("  Domain:   %s\n"), wizard->domain);
	printf(_("  Mail in:  %s\n"), wizard->spool);
	for (size_t i = 0; i < wizard->user_count; i++) {
		const struct wizard_user *user = &wizard->users[i];

		printf(i == 0 ? _("  User:     %s (gets postmaster's mail)") : _("  User:     %s"), user->name);
		printf("%s%s%s%s\n", user->full_name[0] != '\0' ? ", " : "", user->full_name, user->outside[0] != '\0' ? ", " : "",
		    user->outside);
	}
	if (has_mailbox(wizard)) {
		printf(_("  Fetch:    %s as %s\n"), wizard->fetch, wizard->login);
		printf(_("  Send:     %s\n"), wizard->send[0] != '\0' ? wizard->send : _("not yet"));
	}
	printf(_("  Connect:  %s\n"), wizard->networks);
}

static enum prompt_answer ask_to_write(struct wizard *wizard)
{
	char *answer = NULL;
	enum prompt_answer result;

	show_summary(wizard);
	if (!is_acceptable(wizard))
		return wizard->error.class != ERROR_NONE || isatty(STDIN_FILENO) != 1 ? PROMPT_END : PROMPT_BACK;
	answer = xstrdup("");
	result = prompt_step(_("Enter: write the files   <: back"), &answer, NULL, NULL);
	free(answer);
	return result;
}

static const struct {
	enum prompt_answer (*ask)(struct wizard *wizard);
	bool (*is_wanted)(const struct wizard *wizard); /* NULL: always */
} steps[] = {
    {ask_domain, NULL},
    {ask_spool, NULL},
    {ask_users, NULL},
    {ask_mailbox, NULL},
    {ask_fetch, has_mailbox},
    {ask_fetch_tls, has_open_fetch},
    {ask_send, has_mailbox},
    {ask_send_tls, has_open_send},
    {ask_login, has_mailbox},
    {ask_client_id, has_sign_in},
    {ask_provider_password, has_password},
    {ask_networks, NULL},
    {ask_to_write, NULL},
};

static bool is_wanted(const struct wizard *wizard, size_t step)
{
	return steps[step].is_wanted == NULL || steps[step].is_wanted(wizard);
}

bool wizard_ask(struct wizard *wizard)
{
	size_t step = 0;

	while (step < ARRAY_LEN(steps)) {
		enum prompt_answer answer = is_wanted(wizard, step) ? steps[step].ask(wizard) : PROMPT_ANSWERED;

		if (answer == PROMPT_END)
			return false;
		if (answer == PROMPT_ANSWERED) {
			step++;
			continue;
		}
		do
			step -= step > 0;
		while (step > 0 && !is_wanted(wizard, step));
	}
	return true;
}
