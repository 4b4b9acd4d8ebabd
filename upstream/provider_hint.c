#include "upstream/provider_hint.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <string.h>

struct hint {
	const char *host;  /* part of the server's name; "" for all */
	const char *words; /* part of its answer; "" for any */
	const char *text;
};

/* The first that fits. */
static const struct hint hints[] = {
    {"", "[IN-USE]",
	N_("The mailbox is open elsewhere, in a mail program or a phone: wait some minutes, or fetch less often.")},
    {"", "[LOGIN-DELAY]", N_("The provider wants longer pauses between logins: set `every` of the account higher.")},
    {"", "Basic auth",
	N_("This server takes no passwords any more: use oauth2_token_command with auth = xoauth2.")},
    {"gmail.com", "",
	N_("Gmail takes no password of the Google account: turn on 2-Step Verification, make an app password at "
	   "https://myaccount.google.com/apppasswords, and allow POP or IMAP in the settings of Gmail.")},
    {"yandex", "",
	N_("Yandex wants an app password: allow mail programs at https://mail.yandex.ru/#setup/client and make a password "
	   "for mail at https://id.yandex.ru/security/app-passwords.")},
    {"mail.ru", "",
	N_("Mail.ru wants a password for external applications: make one at "
	   "https://account.mail.ru/user/2-step-auth/passwords and use it here.")},
    {"office365.com", "",
	N_("Microsoft 365 takes no passwords: use oauth2_token_command with auth = xoauth2, and allow POP or IMAP for the "
	   "mailbox.")},
    {"outlook.com", "",
	N_("Outlook.com takes no passwords: use oauth2_token_command with auth = xoauth2, and allow POP or IMAP in its "
	   "settings.")},
    {"rambler.ru", "",
	N_("Rambler lets mail programs in only when that is allowed in the settings of the mailbox.")},
};

const char *provider_hint(const char *host, const char *words)
{
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		if (strcasestr(host, hints[i].host) != NULL && strcasestr(words, hints[i].words) != NULL)
			return _(hints[i].text);
	return NULL;
}
