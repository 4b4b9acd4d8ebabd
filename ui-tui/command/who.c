#include "ui-tui/command/who.h"

#include "base/i18n.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *client, const char *name)
{
	const char *text = json_string_value(json_object_get(client, name));

	return text == NULL ? "" : text;
}

const char *who_protocol(const json_t *client, char *out, size_t size)
{
	const char *protocol = text_of(client, "protocol");
	bool is_from_the_start = protocol[0] != '\0' && protocol[strlen(protocol) - 1] == 's';

	snprintf(out, size, json_is_true(json_object_get(client, "tls")) && !is_from_the_start ? "%s+TLS" : "%s", protocol);
	return out;
}

const char *who_user(const json_t *client)
{
	const char *user = text_of(client, "user");

	return user[0] == '\0' ? _("no login") : user;
}

const char *who_address(const json_t *client)
{
	return text_of(client, "address");
}

const char *who_activity(const json_t *client, char *out, size_t size)
{
	const char *command = text_of(client, "command");
	bool works = json_is_true(json_object_get(client, "working"));

	if (command[0] == '\0')
		snprintf(out, size, "%s", works ? _("connecting") : _("no command yet"));
	else
		/* TRANSLATORS: what a mail program does: its last command, and whether that is done */
		snprintf(out, size, works ? _("%s, in progress") : _("%s, then idle"), command);
	return out;
}

const char *who_idle(const json_t *client, char *out, size_t size)
{
	long long idle = json_integer_value(json_object_get(client, "idle"));

	if (idle < 60)
		snprintf(out, size, _("%lld s"), idle);
	else if (idle < 3600)
		snprintf(out, size, _("%lld min"), idle / 60);
	else
		snprintf(out, size, _("%lld h"), idle / 3600);
	return out;
}
