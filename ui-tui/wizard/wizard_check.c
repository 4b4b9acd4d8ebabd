/* The checks of the answers of `lanpost setup`. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/endpoint.h"
#include "config/value.h"
#include "ui-tui/wizard/wizard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *wizard_check_domain(const void *context, const char *answer)
{
	(void)context;
	return value_is_host(slice_of(answer)) ? NULL : _("That is not a domain name. Example: office.lan");
}

const char *wizard_check_spool(const void *context, const char *answer)
{
	struct stat st;

	(void)context;
	if (answer[0] != '/')
		return _("The path of a folder begins with /.");
	if (stat(answer, &st) == 0 && !S_ISDIR(st.st_mode))
		return _("That is a file, not a folder.");
	return NULL;
}

/* Names are not case-sensitive. */
static bool is_name(const char *answer)
{
	char *lower = xstrdup(answer);
	bool result;

	str_lower_ascii(lower);
	result = conf_is_mailbox_name(slice_of(lower));
	free(lower);
	return result;
}

const char *wizard_check_user(const void *context, const char *answer)
{
	(void)context;
	if (strcasecmp(answer, CONF_DAEMON) == 0 || strcasecmp(answer, CONF_POSTMASTER) == 0)
		return _("That name is reserved: choose another one.");
	if (answer[0] == '\0' || is_name(answer))
		return NULL;
	return _("A name may contain a-z, 0-9 and . _ - only, and begins with a letter or digit.");
}

static bool is_inside(const struct wizard *wizard, const char *address)
{
	const char *at = strrchr(address, '@');

	return at != NULL && strcasecmp(at + 1, wizard->domain) == 0;
}

const char *wizard_check_address(const void *context, const char *answer)
{
	const struct wizard *wizard = context;

	if (answer[0] == '\0')
		return NULL;
	if (!value_is_address(slice_of(answer)))
		return _("That is not a mail address. Example: ivan@example.ru");
	return is_inside(wizard, answer) ? _("That is a local address. Enter the external one.") : NULL;
}

const char *wizard_check_fetch(const void *context, const char *answer)
{
	enum endpoint_protocol protocol = endpoint_of(answer).protocol;

	(void)context;
	if (protocol == ENDPOINT_POP3 || protocol == ENDPOINT_IMAP)
		return NULL;
	return _("It begins with pop3s://, imaps://, pop3:// or imap://. Example: pop3s://pop.example.ru:995");
}

const char *wizard_check_send(const void *context, const char *answer)
{
	(void)context;
	if (answer[0] == '\0' || endpoint_of(answer).protocol == ENDPOINT_SMTP)
		return NULL;
	return _("It begins with smtps:// or smtp://. Example: smtps://smtp.example.ru:465");
}

const char *wizard_check_tls(const void *context, const char *answer)
{
	(void)context;
	if (strcmp(answer, "required") == 0 || strcmp(answer, "opportunistic") == 0 || strcmp(answer, "none") == 0)
		return NULL;
	return _("Type required, opportunistic or none.");
}

const char *wizard_check_client_id(const void *context, const char *answer)
{
	(void)context;
	return answer[0] != '\0' ? NULL : _("The provider accepts no program without it. To set up this mailbox later, go back to its address with < and type -");
}

const char *wizard_check_networks(const void *context, const char *answer)
{
	static char wrong[200];
	struct slice rest = slice_of(answer);

	(void)context;
	while (rest.len > 0) {
		struct slice item = slice_trim(slice_cut(&rest, ','));
		struct conf_net net;

		if (item.len == 0 || value_net(item, &net))
			continue;
		snprintf(wrong, sizeof(wrong), _("%.*s is not a network. Example: 192.168.1.0/24"), SLICE_PRINT(item));
		return wrong;
	}
	return answer[0] == '\0' ? _("Then no client could connect.") : NULL;
}
