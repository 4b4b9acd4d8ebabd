/*
 * Parses one value of the configuration, by type.
 *
 * One row per type: its C type (see schema.c), its parser, how it is freed, and its form for
 * people. Parsing is strict: a text that is not understood completely is an error, and the error
 * gives a correct example.
 */
#ifndef LANPOST_CONFIG_VALUE_H
#define LANPOST_CONFIG_VALUE_H

#include "base/buf.h"
#include "config/conf.h"

enum value_type {
	VALUE_TEXT,	 /* char *: any line of text */
	VALUE_COMMAND,	 /* char *: for /bin/sh */
	VALUE_CONDITION, /* char *: of a rule; sorter/ reads it */
	VALUE_SECRET,	 /* char *: a password in the clear */
	VALUE_HASH,	 /* char *: "" or a hash of crypt(3) */
	VALUE_SCRAM,	 /* char *: "" or keys of base/scram.h */
	VALUE_HOST,	 /* char *: a domain name, lower case */
	VALUE_USER,	 /* char *: name of a user, lower case */
	VALUE_NAME,	 /* char *: local name or mail address, lower case */
	VALUE_ADDRESS,	 /* char *: mail address with a domain */
	VALUE_PATH,	 /* char *: absolute path */
	VALUE_URL,	 /* char *: scheme out of the key's words, host, port */
	VALUE_SCANNER,	 /* char *: URL of a scanner: scheme, and host and port or the path of a socket */
	VALUE_PIN,	 /* char *: digest of a public key */
	VALUE_FLAG,	 /* bool: yes, no */
	VALUE_INTEGER,	 /* int64_t */
	VALUE_SIZE,	 /* int64_t: bytes */
	VALUE_SCORE,	 /* int64_t: points in thousandths */
	VALUE_SECONDS,	 /* int64_t: seconds; a bare number is seconds */
	VALUE_DURATION,	 /* int64_t: seconds, with a unit; only 0 needs none */
	VALUE_MINUTES,	 /* int64_t: seconds, but a bare number is minutes */
	VALUE_INTERVAL,	 /* int64_t: seconds, -1 when empty */
	VALUE_KEEP,	 /* int64_t: no 0, yes -1, or days */
	VALUE_WORD,	 /* an enum: index into the key's words */
	VALUE_WORDS,	 /* unsigned: bit i for the i-th of the key's words */
	VALUE_DAYS,	 /* unsigned: bit 0 Sunday */
	VALUE_HOURS,	 /* int64_t[2] in a row: from, to; equal: all day */
	VALUE_PIXELS,	 /* int64_t[2] in a row: width, height; 0 when empty */
	VALUE_QUEUED,	 /* int64_t[2] in a row: messages, seconds; 0: not given */
	VALUE_TIMES,	 /* struct conf_numbers: times of day */
	VALUE_DATES,	 /* struct conf_numbers: 20261231, or 1231 for every year */
	VALUE_DURATIONS, /* struct conf_numbers */
	VALUE_USERS,	 /* struct strlist: names of users, lower case */
	VALUE_MEMBERS,	 /* struct strlist: names of users, lower case, perhaps with a right ("maria:read") */
	VALUE_MAILBOXES, /* struct strlist: names of users, lower case, perhaps with a folder ("ivan/Invoices") */
	VALUE_NAMES,	 /* struct strlist: local names or addresses, lower case */
	VALUE_ADDRESSES, /* struct strlist: mail addresses */
	VALUE_SENDERS,	 /* struct strlist: addresses or domains, lower case */
	VALUE_DOMAINS,	 /* struct strlist: domains, lower case */
	VALUE_PATTERNS,	 /* struct strlist: file names with * and ?, lower case */
	VALUE_LISTEN,	 /* struct strlist: addresses of this machine */
	VALUE_NETS,	 /* struct conf_nets */
	VALUE_FOLDER_AGES, /* struct conf_folder_ages */
	VALUE_SIZES,	 /* struct conf_sizes */
	VALUE_PRICE,	 /* int64_t: ten-thousandths */
	VALUE_FOLDERS,	 /* struct strlist: patterns of folders of an IMAP account ("Spam", "Clients/%") */
	VALUE_FOLDER_TARGETS, /* struct strlist: "Spam -> ivan/Junk" */
	VALUE_FOLDER_KEEPS, /* struct conf_folder_ages: patterns; -1 for ever */
};

/* As the minimum of VALUE_PATTERNS: types of files ("application/x-dosexec") are patterns, too. */
#define VALUE_PATTERNS_AND_TYPES 1

/* Limits and words of the key that a value belongs to. */
struct value_limits {
	int64_t min, max;
	const char *const *words; /* NULL-terminated, for VALUE_WORD, VALUE_WORDS, VALUE_URL and VALUE_SCANNER; else NULL */
	char unit; /* of a length of time: the unit proposed for a bare number; 0: d */
};

/* Parses text (trimmed, valid UTF-8) into *field, which gets new memory if its type needs it. On
 * failure *field is unchanged and the error says what is wrong. */
int value_parse(enum value_type type, struct slice text, const struct value_limits *limits,
    void *field, struct error *error);
/* Frees what the field holds and empties it. */
void value_clear(enum value_type type, void *field);
/* The form of a value of this type for people; a literal marked with N_(). */
const char *value_syntax(enum value_type type);
bool value_is_secret(enum value_type type);
/* Formats an amount in the largest unit that gives a whole number: "50M", "5d". */
void value_append_amount(struct buf *out, enum value_type type, int64_t amount);

/* Parses a range of addresses from one item of a list: "10.0.0.0/8", "192.168.1.5",
 * "10.0.0.1-10.0.0.9", "192.168", "fe80::/10". Returns false if it is not one. */
bool value_net(struct slice text, struct conf_net *net);
/* True for labels of letters, digits, '-' and '_', joined by dots, at most 253 bytes (RFC 1123
 * section 2.1). */
bool value_is_host(struct slice text);
/* True for local@domain, both plausible; message/addr.h has the full parser. */
bool value_is_address(struct slice text);

#endif
