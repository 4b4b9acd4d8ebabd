#include "upstream/provider_hint.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/endpoint.h"

#include <string.h>

struct hint {
	const char *host;  /* part of the server's name; "" for all */
	const char *words; /* part of its answer; "" for any */
	const char *text;
	const char *oauth2; /* of a server that takes a token and no password: the setting; else NULL */
};

/* The first match counts. */
static const struct hint hints[] = {
    {"", "[IN-USE]",
	N_("Another mail program or a phone has the mailbox open: wait a few minutes, or fetch less often."), NULL},
    {"", "[LOGIN-DELAY]", N_("The provider requires longer pauses between logins: increase `every` "
        "of the account."), NULL},
    {"", "Basic auth",
	N_("This server no longer accepts passwords: use oauth2 or oauth2_token_command."), NULL},
    {"gmail.com", "",
	N_("Gmail does not accept the password of the Google account: turn on 2-Step Verification, "
	   "create an app password at https://myaccount.google.com/apppasswords, and enable POP or "
	   "IMAP in the settings of Gmail."), NULL},
    {"yandex", "",
	N_("Yandex requires an app password: allow mail programs at "
	   "https://mail.yandex.ru/#setup/client and create a password for mail at "
	   "https://id.yandex.ru/security/app-passwords."), NULL},
    {"mail.ru", "",
	N_("Mail.ru requires a password for external applications: create one at "
	   "https://account.mail.ru/user/2-step-auth/passwords and use it here."), NULL},
    {"office365.com", "",
	N_("Microsoft 365 does not accept passwords: use oauth2 = microsoft with oauth2_client_id, "
	   "and enable POP or IMAP for the mailbox."), "microsoft"},
    {"outlook.com", "",
	N_("Outlook.com does not accept passwords: use oauth2 = microsoft with oauth2_client_id, "
	   "and enable POP or IMAP in its settings."), "microsoft"},
    {"rambler.ru", "",
	N_("Rambler accepts mail programs only if the settings of the mailbox allow them."), NULL},
};

const char *provider_hint(const char *host, const char *words)
{
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (strcasestr(host, hints[i].host) != NULL && strcasestr(words, hints[i].words) != NULL)
			return _(hints[i].text);
	return NULL;
}

const char *provider_hint_oauth2(const char *url)
{
	struct slice host = endpoint_of(url).host;

	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		size_t len = strlen(hints[i].host), before = host.len > len ? host.len - len : 0;

		if (hints[i].oauth2 != NULL && before > 0 && host.ptr[before - 1] == '.' && slice_is_nocase(slice_from(host, before), hints[i].host))
			return hints[i].oauth2;
	}
	return NULL;
}
