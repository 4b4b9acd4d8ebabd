/*
 * One value that says why something failed.
 *
 * Functions that can fail for a reason of the world return 0 or -1 and fill a
 * struct error, which lives on the caller's stack: no heap, nothing to free.
 * The class decides what happens next (retry, bounce, hang up). The text is for people and is never parsed; it is a phrase
 * (phrase.h): English with its arguments, marked with N_() and said in the reader's language where it is shown:
 *
 *     return error_set(error, ERROR_TEMPORARY, N_("cannot connect to %s"), host);
 *     log_warnx("event=... reason=%s", LOG_ERROR(&error));          English
 *     cli_fail(CLI_FAILED, "%s", ERROR_SAID(&error));               the reader's language
 *
 * Words of programs that speak English only (libcurl, OpenSSL, SQLite) go into the log, not into an error. Context is added going up,
 * and the error is logged once, by the caller that decides.
 */
#ifndef LANPOST_BASE_ERR_H
#define LANPOST_BASE_ERR_H

#include "base/phrase.h"

enum error_class {
	ERROR_NONE = 0,
	ERROR_TEMPORARY, /* try again later: the line is down, time ran out */
	ERROR_BUSY,	 /* the peer does not let us in now (RFC 4954 code 454): somebody else has the mailbox open */
	ERROR_FULL,	 /* no room on our disk (RFC 3463 code X.3.1) */
	ERROR_PERMANENT, /* trying again will not help */
	ERROR_PROTOCOL,	 /* the peer broke the rules of the dialogue */
	ERROR_LOGIN,	 /* name or password refused: the admin must act */
	ERROR_IO,	 /* our own disk or system call failed */
	ERROR_LIMIT,	 /* a bound of ours was reached */
	ERROR_CONFIG,	 /* configuration is wrong: the admin must act */
	ERROR_CANCELLED, /* the session was cancelled */
};

struct error {
	enum error_class class;
	int saved_errno;	 /* 0 if no system call was to blame */
	char phrase[PHRASE_MAX]; /* what, where, what to do: one line */
};

#define ERROR_INIT {.class = ERROR_NONE}

/* Fills the error and returns -1, so that one can `return error_set(...)`. Arguments of %s may be phrases: PHRASE_WORD(state),
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

/* These live until the end of the block. */
#define ERROR_EN(error) PHRASE_EN((error)->phrase)
#define ERROR_SAID(error) PHRASE_SAID((error)->phrase)
#define LOG_ERROR(error) LOG_PHRASE((error)->phrase)

#endif
