/* Checks of external servers: how accounts and smarthosts log in and encrypt, and what belongs to one of them. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/check/conf_check_priv.h"
#include "config/conf_folders.h"
#include "config/endpoint.h"

static bool wants_token(const struct conf_remote *remote)
{
	return remote->auth == AUTH_XOAUTH2 || remote->auth == AUTH_OAUTHBEARER;
}

/* No token over a line that others can read; a provider on this computer is for tests. */
static bool is_token_url(const char *url)
{
	struct endpoint server = endpoint_of(url);

	return server.host.len > 0 && (strncmp(url, "https://", 8) == 0 || (strncmp(url, "http://", 7) == 0 && endpoint_is_local(&server)));
}

static void check_sign_in(const struct check *check, const char *kind, const char *name, const struct conf_remote *remote,
    struct conf_place place)
{
	char *const *const urls[] = {&remote->oauth2_device_url, &remote->oauth2_token_url};

	if (remote->oauth2 == OAUTH2_NONE)
		return;
	if (remote->oauth2 == OAUTH2_OWN && (remote->oauth2_device_url[0] == '\0' || remote->oauth2_token_url[0] == '\0'))
		ERROR_AT(check, &remote->oauth2, place, N_("[%s %s] has oauth2 = own and needs oauth2_device_url and oauth2_token_url"), kind, name);
	if (remote->oauth2_client_id[0] == '\0')
		ERROR_AT(check, &remote->oauth2, place, N_("[%s %s] has oauth2 but no oauth2_client_id"), kind, name);
	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		if ((*urls[i])[0] != '\0' && !is_token_url(*urls[i]))
			ERROR_AT(check, urls[i], place, N_("%s is not a URL with https"), *urls[i]);
	if (remote->oauth2_client_secret[0] != '\0' && remote->oauth2_client_secret_command[0] != '\0')
		ERROR_AT(check, &remote->oauth2_client_secret_command, place,
		    N_("[%s %s] has both oauth2_client_secret and oauth2_client_secret_command; remove one"), kind, name);
	if (remote->oauth2 == OAUTH2_GOOGLE && remote->oauth2_scope[0] == '\0')
		WARN_AT(check, &remote->oauth2, place,
		    N_("[%s %s] has oauth2 = google, but Google grants no access to mail to sign-ins by code: use an app password, or oauth2_token_command"), kind, name);
}

static void check_token(const struct check *check, const char *kind, const char *name,
    const struct conf_remote *remote, struct conf_place place)
{
	char *const *given = &remote->oauth2_token_command;
	bool has_command = (*given)[0] != '\0', has_token = conf_remote_has_token(remote);
	const char *key = has_command ? "oauth2_token_command" : "oauth2";
	const void *field = has_command ? (const void *)given : &remote->oauth2;

	if (has_token && (remote->password[0] != '\0' || remote->password_command[0] != '\0'))
		ERROR_AT(check, field, place, N_("[%s %s] has both a password and %s; remove one"), kind, name, key);
	if (has_command && remote->oauth2 != OAUTH2_NONE)
		ERROR_AT(check, field, place, N_("[%s %s] has both oauth2 and oauth2_token_command; remove one"), kind, name);
	if (has_token && remote->user[0] == '\0')
		ERROR_AT(check, field, place, N_("[%s %s] has %s but no user"), kind, name, key);
	if (wants_token(remote) && !has_token)
		ERROR_AT(check, &remote->auth, place, N_("[%s %s] logs in with a token and needs oauth2 or oauth2_token_command"), kind, name);
	check_sign_in(check, kind, name, remote, place);
}

/* Methods that only one protocol has. */
static void check_auth(const struct check *check, const char *kind, const char *name, const struct conf_remote *remote,
    struct conf_place place)
{
	enum endpoint_protocol protocol = endpoint_of(remote->url).protocol;
	bool is_pop3 = protocol == ENDPOINT_POP3, is_imap = protocol == ENDPOINT_IMAP;

	if (remote->url[0] == '\0')
		return;
	if ((remote->auth == AUTH_USER || remote->auth == AUTH_APOP) && !is_pop3)
		ERROR_AT(check, &remote->auth, place, N_("[%s %s] sets a login method that only "
		    "POP3 has; set auth = %s"), kind, name,
		    is_imap && remote->auth == AUTH_USER ? "login-command" : "auto");
	if (remote->auth == AUTH_LOGIN_COMMAND && !is_imap)
		ERROR_AT(check, &remote->auth, place, N_("[%s %s] sets a login method that only "
		    "IMAP has; set auth = %s"), kind, name,
		    is_pop3 ? "user" : "login");
}

static void check_remote(const struct check *check, const char *kind, const char *name,
    const struct conf_remote *remote, struct conf_place place)
{
	if (remote->url[0] == '\0' && !conf_was_faulty(check->source, &remote->url))
		ERROR_AT(check, &remote->url, place, N_("[%s %s] needs a url"), kind, name);
	if (remote->password[0] != '\0' && remote->password_command[0] != '\0')
		ERROR_AT(check, &remote->password_command, place, N_("[%s %s] has both password and password_command; remove one"), kind, name);
	if (remote->user[0] == '\0' && (remote->password[0] != '\0' || remote->password_command[0] != '\0'))
		ERROR_AT(check, &remote->password, place, N_("[%s %s] has a password but no user"), kind, name);
	check_token(check, kind, name, remote, place);
	check_auth(check, kind, name, remote, place);
	conf_check_readable(check, "ca_file", &remote->ca_file, place);
}

/* The password would be sent in the clear, or would not although the file says so. */
static void check_clear_text(const struct check *check, const char *kind, const char *name,
    const struct conf_remote *remote, struct conf_place place)
{
	struct endpoint server = endpoint_of(remote->url);

	if (remote->tls == TLS_NONE && server.tls)
		WARN_AT(check, &remote->tls, place, N_("[%s %s] has tls = none, but its url always uses encryption"), kind, name);
	else if (remote->tls == TLS_NONE && conf_remote_names_its_server(remote))
		WARN_AT(check, &remote->tls, place,
		    N_("[%s %s] has tls = none, but ca_file and pin_sha256 require encryption; set "
		       "tls = required"), kind, name);
	else if (remote->tls != TLS_REQUIRED && remote->user[0] != '\0' && !server.tls &&
		 !conf_remote_names_its_server(remote) && !endpoint_is_local(&server))
		WARN_AT(check, &remote->tls, place,
		    remote->tls == TLS_NONE
			? N_("[%s %s] logs in without encryption: the password can be read on the "
			    "network; set tls = required")
			: N_("[%s %s] logs in without encryption if the server does not offer it; "
			    "set tls = required"), kind, name);
}

static void check_fallback(const struct check *check, const struct conf_smarthost *smarthost)
{
	for (size_t i = 0; i < smarthost->fallback.count; i++)
		if (conf_find_smarthost(check->conf, smarthost->fallback.items[i]) == NULL)
			ERROR_AT(check, &smarthost->fallback, smarthost->place, N_("fallback: there is no [smarthost %s]"), smarthost->fallback.items[i]);
}

void conf_check_smarthosts(const struct check *check)
{
	const struct conf *conf = check->conf;
	const struct conf_smarthost *general = NULL;

	for (size_t i = 0; i < conf->smarthost_count; i++) {
		const struct conf_smarthost *smarthost = &conf->smarthosts[i];

		check_remote(check, "smarthost", smarthost->name, &smarthost->remote, smarthost->place);
		check_clear_text(check, "smarthost", smarthost->name, &smarthost->remote,
		    smarthost->place);
		check_fallback(check, smarthost);
		if (smarthost->senders.count > 0 || conf_is_fallback(conf, smarthost))
			continue;
		if (general != NULL)
			ERROR_AT(check, &smarthost->senders, smarthost->place,
			    N_("[smarthost %s] and [smarthost %s] both apply to all senders; set "
			       "`senders` in one of them"),
			    general->name, smarthost->name);
		else
			general = smarthost;
	}
}

/* Both would fetch the same messages: the second account has nothing to do. */
static void check_twin(const struct check *check, const struct conf_account *account)
{
	const struct conf_account *twin = account->enabled ? conf_account_twin(check->conf, account) : NULL;

	if (twin != NULL)
		WARN_AT(check, &account->remote.user, account->place,
		    N_("[account %s] fetches from the same mailbox as [account %s] (%s:%d): each "
		       "message comes through one of them only; disable one (enabled = no)"),
		    account->name, twin->name, twin->place.file, twin->place.line);
}

/* Only such accounts are compared with each other. */
static void check_duplicates(const struct check *check, const struct conf_account *account)
{
	size_t count = 0;

	for (size_t i = 0; i < check->conf->account_count; i++)
		count += check->conf->accounts[i].duplicates == DUPLICATES_DROP;
	if (account->duplicates == DUPLICATES_DROP && count == 1)
		WARN_AT(check, &account->duplicates, account->place,
		    N_("[account %s] is the only account with duplicates = drop, so nothing is dropped: set it in the accounts that get the same messages, too"),
		    account->name);
}

static void check_folders(const struct check *check, const struct conf_account *account)
{
	bool is_imap = endpoint_of(account->remote.url).protocol == ENDPOINT_IMAP;
	struct strlist users = {NULL, 0};

	for (size_t i = 0; i < account->folders_to.count; i++) {
		const char *target = conf_folders_entry_target(account->folders_to.items[i]);

		if (target[0] != '*')
			strlist_add(&users, target);
	}
	conf_check_users(check, "folders_to", &users, conf_place_of(check->source, &account->folders_to, account->place));
	strlist_clear(&users);
	if (!is_imap && account->attachments == ATTACHMENTS_LATER)
		ERROR_AT(check, &account->attachments, account->place, N_("[account %s] attachments = later is possible with IMAP only: use imap:// or imaps://"),
		    account->name);
	if (!is_imap && !conf_folders_is_inbox(account))
		ERROR_AT(check, &account->folders, account->place, N_("[account %s] has folders, which POP3 does not have: use imap:// or imaps://"),
		    account->name);
}

void conf_check_accounts(const struct check *check)
{
	for (size_t i = 0; i < check->conf->account_count; i++) {
		const struct conf_account *account = &check->conf->accounts[i];

		check_remote(check, "account", account->name, &account->remote, account->place);
		check_clear_text(check, "account", account->name, &account->remote, account->place);
		if (account->remote.user[0] == '\0' && !conf_was_faulty(check->source, &account->remote.user))
			ERROR_AT(check, &account->remote.user, account->place, N_("[account %s] needs a user"), account->name);
		check_twin(check, account);
		check_duplicates(check, account);
		conf_check_users(check, "deliver_to", &account->deliver_to, account->place);
		conf_check_users(check, "unsorted_to", &account->unsorted_to, account->place);
		check_folders(check, account);
	}
}
