/* Kinds of text: names, hosts, addresses, paths. */
#include "config/value_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/scram.h"
#include "message/imap/folder_name.h"

#include <crypt.h>
#include <stdlib.h>

#define HASH_TAIL_MIN 22 /* md5crypt's; all newer ones have more after the last '$' */

void value_put_text(void *field, char *text)
{
	char **place = field;

	free(*place);
	*place = text;
}

int value_parse_text(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	(void)error;
	value_put_text(field, slice_dup(text));
	return 0;
}

static int parse_lower(struct slice text, void *field)
{
	char *copy = slice_dup(text);

	str_lower_ascii(copy);
	value_put_text(field, copy);
	return 0;
}

/* The salt distinguishes a hash from a plain text; crypt_checksalt() alone would accept any text
 * that begins with two alphabetic characters as an old DES hash, which is obsolete. */
static bool is_hash(struct slice text)
{
	char *copy = slice_dup(text);
	const char *tail = strrchr(copy, '$');
	int method = crypt_checksalt(copy);
	bool good = copy[0] == '$' && strlen(tail + 1) >= HASH_TAIL_MIN &&
		    method != CRYPT_SALT_INVALID && method != CRYPT_SALT_METHOD_DISABLED;

	free(copy);
	return good;
}

int value_parse_hash(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && !is_hash(text)) /* not shown: it may be a password */
		return error_set(error, ERROR_CONFIG,
		    N_("not a password hash (plain text is not accepted); set it with `lanpost user "
		       "passwd NAME`"));
	return value_parse_text(text, limits, field, error);
}

int value_parse_scram(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct scram_keys keys;

	if (text.len > 0 && !scram_keys_read(text, &keys))
		return error_set(error, ERROR_CONFIG,
		    N_("not SCRAM-SHA-256 keys; set them with `lanpost user passwd NAME`"));
	return value_parse_text(text, limits, field, error);
}

bool value_is_host(struct slice text)
{
	if (text.len == 0 || text.len > 253)
		return false;
	while (text.ptr != NULL) {
		struct slice label = slice_cut(&text, '.');

		if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' ||
		    label.ptr[label.len - 1] == '-')
			return false;
		for (size_t i = 0; i < label.len; i++) {
			char c = ascii_lower(label.ptr[i]);

			if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
			    c != '_')
				return false;
		}
	}
	return true;
}

int value_parse_host(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !value_is_host(text))
		return value_wrong(error, N_("`%s` is not a domain name (example: gw.office.lan)"), text);
	return parse_lower(text, field);
}

static bool is_local_part(struct slice text)
{
	if (text.len == 0 || text.len > 64)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f ||
		    strchr("@<>()[]\\,;:\"", text.ptr[i]) != NULL)
			return false;
	return true;
}

bool value_is_address(struct slice text)
{
	ptrdiff_t at = slice_find(text, '@');

	return at > 0 && is_local_part(slice_make(text.ptr, (size_t)at)) &&
	       value_is_host(slice_from(text, (size_t)at + 1));
}

int value_parse_address(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && !value_is_address(text))
		return value_wrong(error, N_("`%s` is not a mail address (example: ivan@example.ru)"), text);
	return value_parse_text(text, limits, field, error);
}

bool value_is_name(struct slice item)
{
	return is_local_part(item) || value_is_address(item);
}

int value_parse_name(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !value_is_name(text))
		return value_wrong(error, N_("`%s` is not a valid name for an address"), text);
	return parse_lower(text, field);
}

bool value_is_user(struct slice text)
{
	char *copy = slice_dup(text);
	bool good;

	str_lower_ascii(copy);
	good = conf_is_mailbox_name(slice_of(copy)) || strcmp(copy, CONF_DAEMON) == 0;
	free(copy);
	return good;
}

bool value_is_mailbox(struct slice text)
{
	return value_is_user(slice_cut(&text, '/')) && (text.ptr == NULL || folder_name_is_valid(text));
}

int value_parse_user(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	(void)limits;
	if (text.len > 0 && !value_is_user(text))
		return value_wrong(error, N_("`%s` is not a user name"), text);
	return parse_lower(text, field);
}

int value_parse_path(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	if (text.len > 0 && text.ptr[0] != '/')
		return value_wrong(error, N_("`%s` is not an absolute path (it must begin with /)"), text);
	if (text.len > 1 && text.ptr[text.len - 1] == '/')
		text.len--;
	return value_parse_text(text, limits, field, error);
}

/* host, host:port, [v6] or [v6]:port, perhaps with a final slash. */
static bool is_host_and_port(struct slice text)
{
	struct slice host = text, port = SLICE_NONE;
	struct conf_net net;
	ptrdiff_t end;
	uint64_t number;

	if (text.len > 0 && text.ptr[text.len - 1] == '/')
		text.len--;
	if (text.len > 0 && text.ptr[0] == '[') {
		end = slice_find(text, ']');
		if (end < 0 || !value_net(slice_make(text.ptr + 1, (size_t)end - 1), &net))
			return false;
		port = slice_from(text, (size_t)end + 1);
		if (port.len == 0)
			return true;
		return port.ptr[0] == ':' && slice_number(slice_from(port, 1), 1, 65535, &number);
	}
	end = slice_find(text, ':');
	host = end < 0 ? text : slice_make(text.ptr, (size_t)end);
	if (end >= 0 && !slice_number(slice_from(text, (size_t)end + 1), 1, 65535, &number))
		return false;
	return value_is_host(host);
}

int value_parse_url(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	char list[160], shown[96];

	if (text.len == 0)
		return value_parse_text(text, limits, field, error);
	for (const char *const *scheme = limits->words; *scheme != NULL; scheme++) {
		size_t len = strlen(*scheme);
		struct slice rest = slice_from(text, len);

		if (!slice_begins_nocase(text, *scheme) || !slice_begins_nocase(rest, "://"))
			continue;
		if (is_host_and_port(slice_from(rest, 3)))
			return value_parse_text(text, limits, field, error);
		return value_wrong(error,
		    N_("`%s` must be scheme://host or scheme://host:port; set the name and the "
		       "password in their own keys"),
		    text);
	}
	value_join_words(list, sizeof(list), limits->words, "://");
	return error_set(error, ERROR_CONFIG, N_("`%s` must begin with one of %s"),
	    str_printable(shown, sizeof(shown), text), list);
}

/* clamd:///run/clamav/clamd.ctl: only a socket of this computer has a path. */
static bool is_socket(struct slice text)
{
	return text.len > 1 && text.ptr[0] == '/' && text.ptr[1] != '/';
}

int value_parse_scanner(struct slice text, const struct value_limits *limits, void *field, struct error *error)
{
	if (slice_begins_nocase(text, "clamd://") && is_socket(slice_from(text, strlen("clamd://"))))
		return value_parse_text(text, limits, field, error);
	return value_parse_url(text, limits, field, error);
}

/* As in curl: "sha256//" and base64 of 32 bytes; the prefix is optional. */
int value_parse_pin(struct slice text, const struct value_limits *limits, void *field,
    struct error *error)
{
	struct slice digest = slice_begins_nocase(text, "sha256//") ? slice_from(text, 8) : text;

	(void)limits;
	if (text.len == 0)
		return value_parse_text(text, limits, field, error);
	if (digest.len != 44 || digest.ptr[43] != '=')
		return error_set(error, ERROR_CONFIG,
		    N_("not a SHA-256 digest of a public key in base64 (44 characters)"));
	for (size_t i = 0; i < 43; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
			digest.ptr[i]) == NULL)
			return error_set(error, ERROR_CONFIG,
			    N_("not a SHA-256 digest of a public key in base64 (44 characters)"));
	value_put_text(field, slice_dup(digest));
	return 0;
}
