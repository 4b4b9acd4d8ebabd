/*
 * .fetchmailrc (fetchmail(1), "The run control file"): words in free form. `defaults` and `poll SERVER` (or `skip SERVER`) begin a
 * server, `user NAME` an account there; options before it are those of the server.
 */
#include "ui-tui/import/import.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/i18n.h"

struct reader {
	struct slice text;
	int line;
	struct buf word;
	bool is_quoted;	 /* the word was in quotes: never a keyword */
	bool has_word;	 /* read, and not used yet */
	struct import *import;
	struct import_account defaults, server;
	bool in_server, has_user;
	bool is_negated; /* behind `no` */
};

enum option { NOISE, FLAG, WITH_VALUE, WITH_LIST };

/* What lanpost does by itself or has no need of; of the rest, what is ignored is listed. */
static const struct {
	const char *word;
	enum option option;
	bool is_listed;
} others[] = {
    {"and", NOISE, false}, {"with", NOISE, false}, {"has", NOISE, false}, {"wants", NOISE, false}, {"options", NOISE, false},
    {"here", NOISE, false}, {"there", NOISE, false}, {"fetchall", FLAG, false}, {"rewrite", FLAG, false}, {"stripcr", FLAG, false},
    {"forcecr", FLAG, false}, {"pass8bits", FLAG, false}, {"mimedecode", FLAG, false}, {"idle", FLAG, true}, {"flush", FLAG, true},
    {"limitflush", FLAG, true}, {"dropstatus", FLAG, false}, {"dropdelivered", FLAG, false}, {"uidl", FLAG, false}, {"dns", FLAG, false},
    {"checkalias", FLAG, false}, {"tracepolls", FLAG, false}, {"spambounce", FLAG, false}, {"softbounce", FLAG, false},
    {"bouncemail", FLAG, false}, {"syslog", FLAG, false}, {"invisible", FLAG, false}, {"showdots", FLAG, false},
    {"sslcertck", FLAG, false}, {"auth", WITH_VALUE, false}, {"authenticate", WITH_VALUE, false}, {"timeout", WITH_VALUE, false},
    {"interval", WITH_VALUE, true}, {"limit", WITH_VALUE, true}, {"fetchlimit", WITH_VALUE, true}, {"batchlimit", WITH_VALUE, false},
    {"expunge", WITH_VALUE, false}, {"warnings", WITH_VALUE, false}, {"fetchsizelimit", WITH_VALUE, false},
    {"fastuidl", WITH_VALUE, false}, {"mda", WITH_VALUE, true}, {"bsmtp", WITH_VALUE, true}, {"lmtp", FLAG, false},
    {"preconnect", WITH_VALUE, true}, {"postconnect", WITH_VALUE, true}, {"plugin", WITH_VALUE, true}, {"plugout", WITH_VALUE, true},
    {"interface", WITH_VALUE, true}, {"monitor", WITH_VALUE, true}, {"principal", WITH_VALUE, true}, {"esmtpname", WITH_VALUE, false},
    {"esmtppassword", WITH_VALUE, false}, {"smtpaddress", WITH_VALUE, false}, {"smtpname", WITH_VALUE, true},
    {"antispam", WITH_LIST, false}, {"bad-header", WITH_VALUE, false}, {"badheader", WITH_VALUE, false}, {"retrieve-error", WITH_VALUE, false},
    {"sslcert", WITH_VALUE, true}, {"sslkey", WITH_VALUE, true}, {"sslcertfile", WITH_VALUE, true}, {"sslcertpath", WITH_VALUE, true},
    {"sslcommonname", WITH_VALUE, true}, {"sslfingerprint", WITH_VALUE, true}, {"smtphost", WITH_LIST, false}, {"smtp", WITH_LIST, false},
    {"fetchdomains", WITH_LIST, true}, {"localdomains", WITH_LIST, true}, {"aka", WITH_LIST, true}, {"folder", WITH_LIST, true},
    {"folders", WITH_LIST, true}, {"mailbox", WITH_LIST, true}, {"properties", WITH_VALUE, false}, {"logfile", WITH_VALUE, false},
    {"idfile", WITH_VALUE, false}, {"postmaster", WITH_VALUE, false}, {"daemon", WITH_VALUE, false}, {"pidfile", WITH_VALUE, false},
    {"set", NOISE, false}};

/* Keywords that this file handles itself. */
static const char *const own[] = {"poll", "server", "skip", "defaults", "via", "protocol", "proto", "port", "service", "user", "username",
    "password", "pass", "is", "to", "keep", "nokeep", "no", "ssl", "sslproto", "envelope", "qvirtual"};

/* --- words */

static void append_escaped(struct reader *reader)
{
	static const char names[] = "nrtb", bytes[] = "\n\r\t\b";
	char c = reader->text.len > 0 ? reader->text.ptr[0] : '\\';
	const char *name = c == '\0' ? NULL : strchr(names, c);

	buf_append_byte(&reader->word, name != NULL ? bytes[name - names] : c);
	reader->text = slice_from(reader->text, reader->text.len > 0 ? 1 : 0);
}

static void read_quoted(struct reader *reader, char quote)
{
	while (reader->text.len > 0) {
		char c = reader->text.ptr[0];

		reader->text = slice_from(reader->text, 1);
		if (c == quote)
			return;
		reader->line += c == '\n';
		if (c == '\\')
			append_escaped(reader);
		else
			buf_append_byte(&reader->word, c);
	}
}

static void skip_between_words(struct reader *reader)
{
	while (reader->text.len > 0) {
		char c = reader->text.ptr[0];

		if (c == '#') {
			struct slice rest = reader->text;

			slice_cut(&rest, '\n');
			reader->text = rest;
			reader->line++;
			continue;
		}
		if (c == '\0' || strchr(" \t\r\n,;:", c) == NULL)
			return;
		reader->line += c == '\n';
		reader->text = slice_from(reader->text, 1);
	}
}

/* The next word, which stays until it is used (has_word = false). False at the end. */
static bool peek(struct reader *reader)
{
	if (reader->has_word)
		return true;
	skip_between_words(reader);
	if (reader->text.len == 0)
		return false;
	buf_reset(&reader->word);
	reader->is_quoted = strchr("\"'", reader->text.ptr[0]) != NULL && reader->text.ptr[0] != '\0';
	if (reader->is_quoted) {
		char quote = reader->text.ptr[0];

		reader->text = slice_from(reader->text, 1);
		read_quoted(reader, quote);
	} else {
		size_t len = 1;

		while (reader->text.ptr[0] != '=' && len < reader->text.len &&
		       (reader->text.ptr[len] == '\0' || strchr(" \t\r\n,;:=#", reader->text.ptr[len]) == NULL))
			len++;
		buf_append(&reader->word, reader->text.ptr, len);
		reader->text = slice_from(reader->text, len);
	}
	reader->has_word = true;
	return true;
}

static bool is_word(const struct reader *reader, const char *word)
{
	return !reader->is_quoted && slice_is(buf_slice(&reader->word), word);
}

static bool is_keyword(const struct reader *reader)
{
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (is_word(reader, own[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (is_word(reader, others[i].word))
			return true;
	return false;
}

/* Reads the value of an option, with an equals sign before it or without. */
static struct slice value_of(struct reader *reader)
{
	reader->has_word = false;
	if (peek(reader) && is_word(reader, "="))
		reader->has_word = false;
	if (!peek(reader))
		return SLICE_NONE;
	reader->has_word = false;
	return buf_slice(&reader->word);
}

/* --- accounts */

static struct import_account *now(struct reader *reader)
{
	return reader->has_user	   ? &reader->import->accounts[reader->import->count - 1]
	       : reader->in_server ? &reader->server
				   : &reader->defaults;
}

static int add_account(struct reader *reader, struct error *error)
{
	if (import_add(reader->import, &reader->server, reader->line) == NULL)
		return error_set(error, ERROR_LIMIT, N_("line %d: more than %d accounts"), reader->line, IMPORT_ACCOUNTS_MAX);
	reader->has_user = true;
	return 0;
}

/* A server whose users are not named is an account, too. */
static int end_server(struct reader *reader, struct error *error)
{
	return reader->in_server && !reader->has_user ? add_account(reader, error) : 0;
}

static void copy_account(struct import_account *to, const struct import_account *from)
{
	struct import one = {0};

	import_clear_account(to);
	import_add(&one, from, 0);
	*to = one.accounts[0];
	one.count = 0;
	import_clear(&one);
}

static int begin_server(struct reader *reader, bool is_skipped, struct error *error)
{
	if (end_server(reader, error) != 0)
		return -1;
	copy_account(&reader->server, &reader->defaults);
	reader->in_server = true;
	reader->has_user = false;
	reader->server.is_disabled = is_skipped;
	import_set(&reader->server.host, value_of(reader));
	return 0;
}

static void set_protocol(struct reader *reader)
{
	int line = reader->line;
	struct slice value = value_of(reader);

	now(reader)->is_imap = slice_is_nocase(value, "imap");
	if (!now(reader)->is_imap && !slice_is_nocase(value, "pop3"))
		import_ignore(reader->import, line, value);
}

/* `is ivan here`, `is sales=ivan`, `to *`: the first name counts. */
static void set_local(struct reader *reader)
{
	struct import_account *account = now(reader);

	reader->has_word = false;
	for (bool is_first = true; peek(reader) && !is_keyword(reader); is_first = false) {
		bool is_mapped = is_word(reader, "=");

		reader->has_word = false;
		if (is_mapped && peek(reader))
			import_set(&account->local, buf_slice(&reader->word));
		else if (is_word(reader, "*") && account->envelope_header[0] == '\0')
			import_set(&account->envelope_header, slice_of("X-Original-To"));
		else if (is_first && !is_word(reader, "*"))
			import_set(&account->local, buf_slice(&reader->word));
		else if (!is_word(reader, "*"))
			import_ignore(reader->import, reader->line, buf_slice(&reader->word));
		reader->has_word = false;
	}
}

/* `envelope 2 Received`: with the number of a field. */
static void set_envelope(struct reader *reader)
{
	uint64_t number;
	struct slice value = value_of(reader);

	if (slice_number(value, 0, 1000, &number))
		value = value_of(reader);
	import_set(&now(reader)->envelope_header, value);
}

static void skip_option(struct reader *reader)
{
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (!is_word(reader, others[i].word))
			continue;
		if (others[i].is_listed)
			import_ignore(reader->import, reader->line, buf_slice(&reader->word));
		if (others[i].option >= WITH_VALUE && !reader->is_negated)
			value_of(reader);
		reader->has_word = false;
		while (others[i].option == WITH_LIST && peek(reader) && !is_keyword(reader))
			reader->has_word = false;
		return;
	}
	import_ignore(reader->import, reader->line, buf_slice(&reader->word));
	reader->has_word = false;
}

/* Options with a text as their value. False: another word. */
static bool set_text(struct reader *reader)
{
	struct import_account *account = now(reader);
	const struct {
		const char *word;
		char **field;
	} fields[] = {{"via", &account->host}, {"port", &account->port}, {"service", &account->port}, {"password", &account->password},
	    {"pass", &account->password}, {"qvirtual", &account->envelope_prefix}};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (is_word(reader, fields[i].word)) {
			import_set(fields[i].field, value_of(reader));
			return true;
		}
	return false;
}

static void set_option(struct reader *reader)
{
	struct import_account *account = now(reader);

	if (set_text(reader))
		return;
	if (is_word(reader, "is") || is_word(reader, "to")) {
		set_local(reader);
	} else if (is_word(reader, "protocol") || is_word(reader, "proto")) {
		set_protocol(reader);
	} else if (is_word(reader, "envelope") && reader->is_negated) {
		import_set(&account->envelope_header, SLICE_LITERAL(""));
		reader->has_word = false;
	} else if (is_word(reader, "envelope")) {
		set_envelope(reader);
	} else if (is_word(reader, "sslproto")) {
		if (value_of(reader).len == 0 && account->tls == IMPORT_TLS_OPPORTUNISTIC)
			account->tls = IMPORT_TLS_NONE;
	} else if (is_word(reader, "ssl")) {
		account->tls = reader->is_negated ? IMPORT_TLS_OPPORTUNISTIC : IMPORT_TLS_FIRST_BYTE;
		reader->has_word = false;
	} else if (is_word(reader, "keep") || is_word(reader, "nokeep")) {
		import_set(&account->keep, slice_of(is_word(reader, "keep") && !reader->is_negated ? "yes" : "no"));
		reader->has_word = false;
	} else {
		skip_option(reader);
	}
}

static int read_word(struct reader *reader, struct error *error)
{
	int result = 0;

	if (is_word(reader, "no")) {
		reader->has_word = false;
		reader->is_negated = true;
		return 0;
	}
	if (is_word(reader, "poll") || is_word(reader, "server") || is_word(reader, "skip")) {
		result = begin_server(reader, is_word(reader, "skip"), error);
	} else if (is_word(reader, "defaults")) {
		reader->has_word = false;
	} else if ((is_word(reader, "user") || is_word(reader, "username")) && reader->in_server) {
		result = add_account(reader, error);
		if (result == 0)
			import_set(&now(reader)->user, value_of(reader));
	} else {
		set_option(reader);
	}
	reader->is_negated = false;
	return result;
}

int import_fetchmail(struct slice text, struct import *import, struct error *error)
{
	struct reader reader = {.text = text, .line = 1, .word = BUF_SECRET(IMPORT_WORD_MAX), .import = import,
	    .defaults = {.tls = IMPORT_TLS_OPPORTUNISTIC}};
	int result = 0;

	copy_account(&reader.server, &reader.defaults);
	copy_account(&reader.defaults, &reader.server);
	while (result == 0 && peek(&reader)) {
		result = read_word(&reader, error);
		if (result == 0 && reader.word.overflow)
			result = error_set(error, ERROR_LIMIT, N_("line %d is too long"), reader.line);
	}
	if (result == 0)
		result = end_server(&reader, error);
	import_clear_account(&reader.defaults);
	import_clear_account(&reader.server);
	buf_clear(&reader.word);
	return result;
}
