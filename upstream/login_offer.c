/* The login methods that a server offers, by its greeting and its capabilities. */
#include "upstream/login_priv.h"

#include <string.h>

static void offer(struct login *login, enum conf_auth way)
{
	login->offered |= 1u << way;
}

static void offer_sasl(struct login *login, struct slice word)
{
	word = slice_trim(word);
	for (size_t i = 0; i < login_mechanism_count; i++)
		if (login_mechanisms[i].sasl != NULL && slice_is_nocase(word, login_mechanisms[i].sasl))
			offer(login, login_mechanisms[i].way);
}

static void offer_list(struct login *login, struct slice list)
{
	while (list.len > 0)
		offer_sasl(login, slice_cut(&list, ' '));
}

/* Before RFC 4954 servers sent "AUTH=LOGIN PLAIN", for old clients; some still send only that. */
static void smtp_ability(struct login *login, struct slice line)
{
	if (line.len < 10 || !slice_begins_nocase(line, "250"))
		return;
	line = slice_from(line, 4);
	if (slice_begins_nocase(line, "AUTH ") || slice_begins_nocase(line, "AUTH="))
		offer_list(login, slice_from(line, 5));
}

static void pop3_ability(struct login *login, struct slice line)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');

	if (slice_is_nocase(word, "SASL"))
		offer_list(login, rest);
	else if (slice_is_nocase(word, "USER"))
		offer(login, AUTH_USER);
	else if (slice_is_nocase(word, "-ERR")) /* no CAPA: RFC 1939 alone */
		offer(login, AUTH_USER);
}

static void imap_ability(struct login *login, struct slice line)
{
	bool is_disabled = false;

	if (!slice_begins_nocase(line, "* CAPABILITY "))
		return;
	while (line.len > 0) {
		struct slice word = slice_trim(slice_cut(&line, ' '));

		if (slice_begins_nocase(word, "AUTH="))
			offer_sasl(login, slice_from(word, 5));
		is_disabled |= slice_is_nocase(word, "LOGINDISABLED");
		login->has_ir |= slice_is_nocase(word, "SASL-IR");
	}
	if (is_disabled)
		login->offered &= ~(1u << AUTH_LOGIN_COMMAND);
}

/* "<...@...>" in the greeting of a POP3 server. */
static void find_timestamp(struct login *login, struct slice greeting)
{
	ptrdiff_t start = slice_find(greeting, '<'), end, at;
	struct slice stamp;

	if (start < 0)
		return;
	stamp = slice_from(greeting, (size_t)start);
	end = slice_find(stamp, '>');
	at = slice_find(stamp, '@');
	if (end < 0 || at < 0 || at > end || (size_t)end + 2 > sizeof(login->timestamp))
		return;
	memcpy(login->timestamp, stamp.ptr, (size_t)end + 1);
	login->timestamp[end + 1] = '\0';
	offer(login, AUTH_APOP);
}

void login_read_abilities(struct login *login, struct slice greeting, struct slice abilities)
{
	login->offered = 0;
	login->has_ir = false;
	login->timestamp[0] = '\0';
	if (login->settings.protocol == LOGIN_POP3)
		find_timestamp(login, greeting);
	if (login->settings.protocol == LOGIN_IMAP)
		offer(login, AUTH_LOGIN_COMMAND); /* unless it is disabled */
	while (abilities.len > 0) {
		struct slice line = slice_trim(slice_cut(&abilities, '\n'));

		if (login->settings.protocol == LOGIN_SMTP)
			smtp_ability(login, line);
		else if (login->settings.protocol == LOGIN_POP3)
			pop3_ability(login, line);
		else
			imap_ability(login, line);
	}
	/* A server that names no method has at least the oldest one; if not, it refuses USER before a
	 * password is sent. */
	if (login->settings.protocol == LOGIN_POP3 && login->offered == 0)
		offer(login, AUTH_USER);
}
