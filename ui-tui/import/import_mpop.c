/* .mpoprc (mpop(1)): one key with its value per line; `defaults` and `account NAME [: OTHER]` begin a section. */
#include "ui-tui/import/import.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdlib.h>

struct reader {
	struct import *import;
	struct import_account defaults;
	struct strlist labels; /* of the accounts, in their order */
	bool has_begun;	       /* an account; else the keys are those of the defaults */
};

/* What lanpost does by itself, or has no need of. */
static const char *const silent[] = {"auth", "pipelining", "uidls_file", "received_header", "only_new", "timeout", "delivery",
    "tls_starttls", "tls_certcheck", "tls_trust_file", "tls_min_dh_prime_bits", "tls_priorities", NULL};

static bool is_on(struct slice value)
{
	return slice_is(value, "on") || value.len == 0;
}

static struct import_account *now(struct reader *reader)
{
	return reader->has_begun ? &reader->import->accounts[reader->import->count - 1] : &reader->defaults;
}

static void set_key(struct reader *reader, struct slice key, struct slice value, int line)
{
	struct import_account *account = now(reader);
	const struct {
		const char *key;
		char **field;
	} fields[] = {{"host", &account->host}, {"port", &account->port}, {"user", &account->user}, {"password", &account->password},
	    {"passwordeval", &account->password_command}};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (slice_is(key, fields[i].key)) {
			import_set(fields[i].field, value);
			return;
		}
	if (slice_is(key, "keep"))
		import_set(&account->keep, slice_of(is_on(value) ? "yes" : "no"));
	else if (slice_is(key, "tls"))
		account->tls = !is_on(value)			       ? IMPORT_TLS_NONE
			       : account->tls == IMPORT_TLS_FIRST_BYTE ? IMPORT_TLS_FIRST_BYTE
								       : IMPORT_TLS_STARTTLS;
	else if (slice_is(key, "tls_starttls") && !is_on(value))
		account->tls = IMPORT_TLS_FIRST_BYTE;
	for (size_t i = 0; silent[i] != NULL; i++)
		if (slice_is(key, silent[i]))
			return;
	if (!slice_is(key, "keep") && !slice_is(key, "tls"))
		import_ignore(reader->import, line, key);
}

/* "NAME" or "NAME : OTHER": the settings of another account first. */
static int begin_account(struct reader *reader, struct slice names, int line, struct error *error)
{
	struct slice name = slice_trim(slice_cut(&names, ':')), other = slice_trim(slice_cut(&names, ','));
	const struct import_account *like = &reader->defaults;
	char *label = slice_dup(name);

	for (size_t i = 0; i < reader->labels.count; i++)
		if (slice_is(other, reader->labels.items[i]))
			like = &reader->import->accounts[i];
	strlist_add(&reader->labels, label);
	free(label);
	reader->has_begun = true;
	if (import_add(reader->import, like, line) == NULL)
		return error_set(error, ERROR_LIMIT, N_("line %d: more than %d accounts"), line, IMPORT_ACCOUNTS_MAX);
	return 0;
}

static struct slice unquoted(struct slice value)
{
	bool is_quoted = value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"';

	return is_quoted ? slice_make(value.ptr + 1, value.len - 2) : value;
}

static int read_line(struct reader *reader, struct slice line, int number, struct error *error)
{
	size_t len = 0;
	struct slice key, value;

	while (len < line.len && line.ptr[len] != ' ' && line.ptr[len] != '\t')
		len++;
	key = slice_make(line.ptr, len);
	value = unquoted(slice_trim(slice_from(line, len)));
	if (line.len == 0 || line.ptr[0] == '#')
		return 0;
	if (value.len > IMPORT_WORD_MAX)
		return error_set(error, ERROR_LIMIT, N_("line %d is too long"), number);
	if (slice_is(key, "account"))
		return begin_account(reader, value, number, error);
	if (slice_is(key, "defaults"))
		reader->has_begun = false;
	else
		set_key(reader, key, value, number);
	return 0;
}

/* `account default : work` only says which one is the default. */
static void drop_aliases(struct reader *reader)
{
	struct import *import = reader->import;

	for (size_t i = import->count; i-- > 0;) {
		struct import_account *account = &import->accounts[i];

		for (size_t j = 0; j < i && strcmp(reader->labels.items[i], "default") == 0; j++)
			if (strcmp(account->host, import->accounts[j].host) == 0 && strcmp(account->user, import->accounts[j].user) == 0) {
				import_clear_account(account);
				memmove(account, account + 1, (import->count - i - 1) * sizeof(*account));
				import->count--;
				break;
			}
	}
}

int import_mpop(struct slice text, struct import *import, struct error *error)
{
	struct reader reader = {.import = import, .defaults = {.tls = IMPORT_TLS_NONE}};
	int result = 0;

	for (int number = 1; result == 0 && text.len > 0; number++)
		result = read_line(&reader, slice_trim(slice_cut(&text, '\n')), number, error);
	if (result == 0)
		drop_aliases(&reader);
	import_clear_account(&reader.defaults);
	strlist_clear(&reader.labels);
	return result;
}
