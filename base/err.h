/*
 * Errors: a class, a text and codes that say why something failed.
 *
 * Functions that can fail for an external reason return 0 or -1 and fill a struct error on the caller's stack: no heap,
 * nothing to free. The class decides what happens next (retry, bounce, disconnect). The text is for people and is never
 * parsed; it is a phrase (phrase.h): English with its arguments, marked with N_() and translated where it is shown:
 *
 *     return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s"), host);
 *     log_warnx("event=... reason=%s", LOG_ERROR(&error));          English
 *     cli_fail(CLI_FAILED, "%s", ERROR_SAID(&error));               the reader's language
 *
 * English texts of libraries (libcurl, OpenSSL, SQLite) go into the log, not into an error. Callers add context, and the
 * caller that decides logs the error once.
 */
#ifndef LANPOST_BASE_ERR_H
#define LANPOST_BASE_ERR_H

#include "base/phrase.h"

enum error_class {
	ERROR_NONE = 0,
	ERROR_TEMPORARY, /* temporary: no connection, a time limit; retry later */
	ERROR_BUSY,	 /* the peer refuses the login for now (RFC 4954 code 454): another client has the mailbox open */
	ERROR_FULL,	 /* no room on our disk (RFC 3463 code X.3.1) */
	ERROR_PERMANENT, /* a retry will not help */
	ERROR_PROTOCOL,	 /* the peer violated the protocol */
	ERROR_LOGIN,	 /* name or password refused: the admin must act */
	ERROR_IO,	 /* our own disk or system call failed */
	ERROR_LIMIT,	 /* one of our own limits was reached */
	ERROR_CONFIG,	 /* configuration is wrong: the admin must act */
	ERROR_CANCELLED, /* the session was cancelled */
};

struct error {
	enum error_class class;
	int saved_errno;	 /* 0 if it was not a system call */
	char phrase[PHRASE_MAX]; /* what, where, what to do: one line */
};

#define ERROR_INIT {.class = ERROR_NONE}

/* Fills the error and returns -1, for `return error_set(...)`. Arguments of %s may be phrases: PHRASE_WORD(state),
 * other->phrase. */
int error_set(struct error *error, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a failed system call: class IO (FULL for a full disk, TEMPORARY for a lack of
 * resources), text gets ": <what errno means>". Returns -1. */
int error_errno(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "<context>: " before the text. Returns -1. */
int error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What an errno means, marked with N_(): a word for PHRASE_WORD(). */
const char *error_errno_word(int number);

/* The result is valid until the end of the block. */
#define ERROR_EN(error) PHRASE_EN((error)->phrase)
#define ERROR_SAID(error) PHRASE_SAID((error)->phrase)
#define LOG_ERROR(error) LOG_PHRASE((error)->phrase)

#endif
