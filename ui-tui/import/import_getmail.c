/* getmailrc (getmail6): an INI file with one account. */
#include "ui-tui/import/import.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdio.h>

struct reader {
	struct import *import;
	struct import_account *account;
	struct slice section;
};

static bool is_true(struct slice value)
{
	return slice_is_nocase(value, "true") || slice_is_nocase(value, "yes") || slice_is_nocase(value, "on") || slice_is(value, "1");
}

/* SimplePOP3Retriever, MultidropIMAPSSLRetriever, ... */
static void set_type(struct import_account *account, struct slice type)
{
	account->is_imap = slice_contains(type, "IMAP");
	account->tls = slice_contains(type, "SSL") ? IMPORT_TLS_FIRST_BYTE : IMPORT_TLS_NONE;
}

static bool set_retriever(struct import_account *account, struct slice key, struct slice value)
{
	if (slice_is(key, "type"))
		set_type(account, value);
	else if (slice_is(key, "server"))
		import_set(&account->host, value);
	else if (slice_is(key, "port"))
		import_set(&account->port, value);
	else if (slice_is(key, "username"))
		import_set(&account->user, value);
	else if (slice_is(key, "password"))
		import_set(&account->password, value);
	else if (slice_is(key, "envelope_recipient")) /* delivered-to:1 */
		import_set(&account->envelope_header, slice_trim(slice_cut(&value, ':')));
	else
		return slice_is(key, "timeout") || slice_is(key, "use_peek") ||
		       (slice_is(key, "mailboxes") && (slice_is(value, "(\"INBOX\",)") || slice_is(value, "('INBOX',)")));
	return true;
}

/* Keeps all mail, unless one of these is said. */
static bool set_option(struct import_account *account, struct slice key, struct slice value)
{
	uint64_t days;
	char text[16];

	if (slice_is(key, "delete")) {
		if (is_true(value))
			import_set(&account->keep, slice_of("no"));
	} else if (slice_is(key, "delete_after") && slice_number(value, 0, 3650, &days)) {
		snprintf(text, sizeof(text), "%ud", (unsigned)days);
		import_set(&account->keep, slice_of(days > 0 ? text : "yes"));
	} else {
		return slice_is(key, "read_all") || slice_is(key, "verbose") || slice_is(key, "delivered_to") || slice_is(key, "received") ||
		       slice_begins_nocase(key, "message_log");
	}
	return true;
}

static void set_key(struct reader *reader, struct slice key, struct slice value, int line)
{
	bool done = slice_is(reader->section, "[retriever]") ? set_retriever(reader->account, key, value)
		    : slice_is(reader->section, "[options]") ? set_option(reader->account, key, value)
							     : slice_is(reader->section, "[destination]");

	if (!done)
		import_ignore(reader->import, line, key);
}

int import_getmail(struct slice text, struct import *import, struct error *error)
{
	struct reader reader = {.import = import, .account = import_add(import, NULL, 1)};

	import_set(&reader.account->keep, slice_of("yes"));
	for (int number = 1; text.len > 0; number++) {
		struct slice rest = slice_trim(slice_cut(&text, '\n')), key;

		if (rest.len > IMPORT_WORD_MAX)
			return error_set(error, ERROR_LIMIT, N_("line %d is too long"), number);
		if (rest.len == 0 || strchr("#;", rest.ptr[0]) != NULL)
			continue;
		if (rest.ptr[0] == '[') {
			reader.section = rest;
			continue;
		}
		key = slice_cut(&rest, slice_find(rest, '=') >= 0 ? '=' : ':');
		set_key(&reader, slice_trim(key), slice_trim(rest), number);
	}
	return 0;
}
