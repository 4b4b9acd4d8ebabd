/* Which login method is tried next: what the admin asks for, the server offers, and earlier refusals leave. */
#include "upstream/login_priv.h"

static bool is_asked_for(const struct login *login, const struct login_mechanism *mechanism)
{
	enum conf_auth auth = login->settings.auth;

	if (auth == AUTH_AUTO)
		return true;
	/* In IMAP `login` means both, depending on the server. */
	return mechanism->way == auth ||
	       (auth == AUTH_LOGIN && mechanism->way == AUTH_LOGIN_COMMAND);
}

/* A method that the admin configured is tried even if the server does not announce it; but not if the server
 * forbids it, and not without a challenge that it needs. */
static bool is_offered(const struct login *login, const struct login_mechanism *mechanism)
{
	bool is_listed = (login->offered & 1u << mechanism->way) != 0;

	if (mechanism->way == AUTH_APOP || mechanism->way == AUTH_LOGIN_COMMAND)
		return is_listed;
	return is_listed || (mechanism->way == login->settings.auth &&
				!(login->settings.protocol == LOGIN_IMAP && mechanism->way == AUTH_LOGIN));
}

static bool has_line_end(const char *text)
{
	return strpbrk(text, "\r\n") != NULL;
}

static bool has_secret_line_end(const struct login_settings *settings)
{
	return settings->keeper != NULL ? settings->keeper->has_line_end : has_line_end(settings->secret);
}

static bool is_usable(const struct login *login, const struct login_mechanism *mechanism)
{
	const struct login_settings *settings = &login->settings;

	if (!(mechanism->protocols & settings->protocol) || (mechanism->kind == KIND_TOKEN) != settings->is_token)
		return false;
	if (mechanism->sasl == NULL && (has_line_end(settings->user) || has_secret_line_end(settings)))
		return false;
	return is_asked_for(login, mechanism) && is_offered(login, mechanism);
}

/* Whether earlier refusals allow this method. */
static bool is_left(const struct login *login, const struct login_mechanism *mechanism)
{
	if (login->tried & 1u << mechanism->way)
		return false;
	/* Whether a method is one that the admin configured. */
	if (login->refused_kinds & (unsigned)mechanism->kind)
		return mechanism->kind == KIND_TOKEN && !login->is_definite;
	return !login->is_definite;
}

/* The order: the smallest comes first. */
static int rank(const struct login *login, const struct login_mechanism *mechanism)
{
	int at = (int)(mechanism - login_mechanisms), count = (int)login_mechanism_count;
	bool is_old_challenge = mechanism->way == AUTH_CRAM_MD5 || mechanism->way == AUTH_DIGEST_MD5 || mechanism->way == AUTH_APOP;

	if (mechanism->way == login->settings.known)
		return -1;
	if (!login->is_private)
		return at;
	/* Dovecot announces USER even if it accepts only CRAM-MD5. */
	return mechanism->kind == KIND_COMMAND ? at + 2 * count : is_old_challenge ? at + count : at;
}

const struct login_mechanism *login_choose(const struct login *login)
{
	const struct login_mechanism *best = NULL;

	for (size_t i = 0; i < login_mechanism_count; i++) {
		const struct login_mechanism *mechanism = &login_mechanisms[i];

		if (is_usable(login, mechanism) && is_left(login, mechanism) &&
		    (best == NULL || rank(login, mechanism) < rank(login, best)))
			best = mechanism;
	}
	return best;
}

enum conf_auth login_untried(const struct login *login)
{
	struct login wide = *login;
	const struct login_mechanism *best = NULL;

	if (login->is_definite)
		return AUTH_AUTO;
	wide.settings.auth = AUTH_AUTO;
	for (size_t i = 0; i < login_mechanism_count; i++)
		if (is_usable(&wide, &login_mechanisms[i]) && !(login->tried & 1u << login_mechanisms[i].way) && best == NULL)
			best = &login_mechanisms[i];
	return best == NULL ? AUTH_AUTO : best->way;
}
