/*
 * The arguments of an IMAP command (RFC 9051 section 9), as a cursor over its bytes.
 *
 * The command is complete: a literal is there as it was sent, "{5}", CRLF and its bytes. Strings are returned as slices of the command;
 * quoted ones are unescaped in place, so each argument is read once. After a mistake `failed` stays set and all calls return
 * nothing, so that a caller may check once at the end.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_PARSE_H
#define LANPOST_LAN_SERVER_IMAPD_PARSE_H

#include "base/str.h"

struct imapd_args {
	char *at, *end;
	bool failed;
};

struct imapd_args imapd_args_of(char *bytes, size_t len);
/* Whether everything was read, without a mistake. */
bool imapd_args_done(const struct imapd_args *args);
/* The next byte, 0 at the end: not taken. */
char imapd_args_peek(const struct imapd_args *args);
/* Takes this byte if it is the next one. */
bool imapd_args_accept(struct imapd_args *args, char byte);
/* The same; a mistake if it is not. */
void imapd_args_expect(struct imapd_args *args, char byte);
void imapd_args_space(struct imapd_args *args);
/* Takes this word, without regard to case, if it is the next one. */
bool imapd_args_word(struct imapd_args *args, const char *word);

/* An atom; a mistake if there is none. */
struct slice imapd_args_atom(struct imapd_args *args);
/* A quoted string or a literal. */
struct slice imapd_args_string(struct imapd_args *args);
/* An atom (which may contain ]), a quoted string or a literal. */
struct slice imapd_args_astring(struct imapd_args *args);
/* The same, which may contain the wildcards of LIST. */
struct slice imapd_args_pattern(struct imapd_args *args);
/* A string, or NIL: ptr NULL. */
struct slice imapd_args_nstring(struct imapd_args *args);
/* The bytes of a sequence set, or "$". */
struct slice imapd_args_set(struct imapd_args *args);
/* A flag: an atom that may begin with a backslash. */
struct slice imapd_args_flag(struct imapd_args *args);
uint64_t imapd_args_number(struct imapd_args *args, uint64_t max);
/* "17-Jul-2026 02:44:25 +0300" in quotes: seconds since 1970. */
int64_t imapd_args_date_time(struct imapd_args *args);
/* "17-Jul-2026", perhaps in quotes: days since 1970. */
int64_t imapd_args_date(struct imapd_args *args);

/* The announcement of a literal at the end of a line. */
struct imapd_literal {
	uint64_t len;
	bool waits;  /* the client waits for our consent */
};
/* Whether the line ends with one; one that no number can hold has the length UINT64_MAX. */
bool imapd_literal_announced(struct slice line, struct imapd_literal *literal);
/* Where the announcement begins. */
size_t imapd_literal_start(struct slice line);

#endif
