#include "ui-tui/wizard/provider.h"

#include "base/alloc.h"
#include "config/value.h"

static const struct provider providers[] = {
    {"Gmail", "gmail.com googlemail.com", "pop3s://pop.gmail.com:995", "smtps://smtp.gmail.com:465"},
    {"Yandex", "yandex.ru ya.ru yandex.com yandex.by yandex.kz narod.ru", "pop3s://pop.yandex.ru:995",
	"smtps://smtp.yandex.ru:465"},
    {"Mail.ru", "mail.ru inbox.ru list.ru bk.ru internet.ru", "pop3s://pop.mail.ru:995", "smtps://smtp.mail.ru:465"},
    {"Rambler", "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru", "pop3s://pop.rambler.ru:995",
	"smtps://smtp.rambler.ru:465"},
    {"Outlook.com", "outlook.com hotmail.com live.com msn.com", "pop3s://outlook.office365.com:995",
	"smtp://smtp-mail.outlook.com:587"},
    {"iCloud", "icloud.com me.com mac.com", "imaps://imap.mail.me.com:993", "smtp://smtp.mail.me.com:587"},
    {"GMX", "gmx.de gmx.net gmx.at gmx.ch", "pop3s://pop.gmx.net:995", "smtps://mail.gmx.net:465"},
    {"GMX", "gmx.com gmx.us gmx.co.uk", "pop3s://pop.gmx.com:995", "smtps://mail.gmx.com:465"},
    {"WEB.DE", "web.de", "pop3s://pop3.web.de:995", "smtps://smtp.web.de:465"},
    {"Yahoo", "yahoo.com ymail.com rocketmail.com", "pop3s://pop.mail.yahoo.com:995",
	"smtps://smtp.mail.yahoo.com:465"},
};

static struct slice domain_of(struct slice address)
{
	ptrdiff_t at = slice_find(address, '@');

	return at < 0 ? SLICE_NONE : slice_trim(slice_from(address, (size_t)at + 1));
}

const struct provider *provider_of(struct slice address)
{
	struct slice domain = domain_of(address);

	for (size_t i = 0; domain.len > 0 && i < ARRAY_LEN(providers); i++) {
		struct slice rest = slice_of(providers[i].domains);

		while (rest.len > 0)
			if (slice_equal_nocase(slice_cut(&rest, ' '), domain))
				return &providers[i];
	}
	return NULL;
}

char *provider_guess(struct slice address, const char *begin, int port)
{
	struct slice domain = domain_of(address);

	if (domain.len == 0 || !value_is_host(domain) || slice_find(domain, '.') <= 0)
		return NULL;
	return xasprintf("%s.%.*s:%d", begin, SLICE_PRINT(domain), port);
}
