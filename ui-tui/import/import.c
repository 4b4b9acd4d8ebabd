/* Whose file it is, and names and URLs of its accounts. */
#include "ui-tui/import/import.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 40

/* Where its texts are. */
static const size_t texts[] = {offsetof(struct import_account, name), offsetof(struct import_account, host), offsetof(struct import_account, port),
    offsetof(struct import_account, user), offsetof(struct import_account, password), offsetof(struct import_account, password_command),
    offsetof(struct import_account, local), offsetof(struct import_account, envelope_header),
    offsetof(struct import_account, envelope_prefix), offsetof(struct import_account, keep)};

static char **text_at(struct import_account *account, size_t i)
{
	return (char **)((char *)account + texts[i]);
}

struct import_account *import_add(struct import *import, const struct import_account *like, int line)
{
	struct import_account account = like == NULL ? (struct import_account){0} : *like;

	if (import->count == IMPORT_ACCOUNTS_MAX)
		return NULL;
	account.line = line;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		char **text = text_at(&account, i);

		*text = xstrdup(*text == NULL ? "" : *text);
	}
	ARRAY_GROW(import->accounts, import->count);
	import->accounts[import->count] = account;
	return &import->accounts[import->count++];
}

void import_clear_account(struct import_account *account)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		conf_secret_free(*text_at(account, i));
	*account = (struct import_account){0};
}

void import_set(char **field, struct slice value)
{
	char *text = slice_dup(value);

	conf_secret_free(*field);
	*field = text;
}

void import_ignore(struct import *import, int line, struct slice word)
{
	char text[80], safe[60];

	snprintf(text, sizeof(text), "%d: %s", line, str_printable(safe, sizeof(safe), word));
	strlist_add(&import->ignored, text);
}

void import_clear(struct import *import)
{
	for (size_t i = 0; i < import->count; i++)
		import_clear_account(&import->accounts[i]);
	free(import->accounts);
	strlist_clear(&import->ignored);
	*import = (struct import){0};
}

char *import_url(const struct import_account *account)
{
	bool is_v6 = strchr(account->host, ':') != NULL;

	return xasprintf("%s%s://%s%s%s%s%s", account->is_imap ? "imap" : "pop3", account->tls == IMPORT_TLS_FIRST_BYTE ? "s" : "",
	    is_v6 ? "[" : "", account->host, is_v6 ? "]" : "", account->port[0] != '\0' ? ":" : "", account->port);
}

bool import_has_other(const struct import *import, const struct import_account *but, const char *name)
{
	for (size_t i = 0; i < import->count; i++)
		if (&import->accounts[i] != but && strcmp(import->accounts[i].name, name) == 0)
			return true;
	return false;
}

/* "Ivan.Petrov@mail.example" is ivan.petrov, a second one ivan.petrov-2. */
static void give_name(const struct import *import, struct import_account *account)
{
	char name[NAME_MAX_BYTES + 12];
	size_t len = 0;

	for (const char *c = account->user; *c != '\0' && *c != '@' && len < NAME_MAX_BYTES; c++)
		if (isalnum((unsigned char)*c) || (len > 0 && strchr(".-_", *c) != NULL))
			name[len++] = ascii_lower(*c);
	if (len == 0)
		len = (size_t)snprintf(name, sizeof(name), "account");
	name[len] = '\0';
	for (int i = 2; import_has_other(import, account, name); i++)
		snprintf(name + len, sizeof(name) - len, "-%d", i);
	import_set(&account->name, slice_of(name));
}

/* Names of ports (pop3s) are left out: the protocol's own port is the same. */
static void check_port(struct import *import, struct import_account *account)
{
	uint64_t number;

	if (account->port[0] == '\0' || slice_number(slice_of(account->port), 1, 65535, &number))
		return;
	import_ignore(import, account->line, slice_of(account->port));
	import_set(&account->port, SLICE_LITERAL(""));
}

static bool has_line(struct slice text, const char *begin)
{
	while (text.len > 0)
		if (slice_begins_nocase(slice_trim(slice_cut(&text, '\n')), begin))
			return true;
	return false;
}

static int read_any(struct slice text, struct import *import, struct error *error)
{
	if (has_line(text, "[retriever]"))
		return import_getmail(text, import, error);
	if (has_line(text, "poll ") || has_line(text, "skip ") || has_line(text, "server "))
		return import_fetchmail(text, import, error);
	if (has_line(text, "account ") || has_line(text, "host "))
		return import_mpop(text, import, error);
	return error_set(error, ERROR_CONFIG, N_("this is neither a .fetchmailrc nor a .mpoprc nor a getmailrc"));
}

static bool has_control(const char *text)
{
	while (*text != '\0' && (unsigned char)*text >= ' ' && *text != 0x7f)
		text++;
	return *text != '\0';
}

/* Values are shown on a terminal, and none can contain these in our files. */
static int check_texts(const struct import_account *account, struct error *error)
{
	const char *const all[] = {account->host, account->port, account->user, account->password, account->password_command, account->local,
	    account->envelope_header, account->envelope_prefix, account->keep};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (has_control(all[i]))
			return error_set(error, ERROR_CONFIG, N_("line %d: a value of the account has control characters"), account->line);
	return 0;
}

/* The name of a user there may be none of ours; it is shown as part of a command. */
static void check_local(struct import *import, struct import_account *account)
{
	if (account->local[0] == '\0' || conf_is_mailbox_name(slice_of(account->local)))
		return;
	import_ignore(import, account->line, slice_of(account->local));
	import_set(&account->local, SLICE_LITERAL(""));
}

int import_read(struct slice text, struct import *import, struct error *error)
{
	*import = (struct import){0};
	if (read_any(text, import, error) != 0)
		return -1;
	for (size_t i = 0; i < import->count; i++) {
		if (import->accounts[i].host[0] == '\0')
			return error_set(error, ERROR_CONFIG, N_("line %d: the account has no server"), import->accounts[i].line);
		if (check_texts(&import->accounts[i], error) != 0)
			return -1;
		check_port(import, &import->accounts[i]);
		check_local(import, &import->accounts[i]);
		give_name(import, &import->accounts[i]);
	}
	return import->count > 0 ? 0 : error_set(error, ERROR_CONFIG, N_("no account is in it"));
}
