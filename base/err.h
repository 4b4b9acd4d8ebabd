/*
 * One value that says why something failed.
 *
 * Functions that can fail for a reason of the world return 0 or -1 and fill a
 * struct error, which lives on the caller's stack: no heap, nothing to free.
 * The class decides what happens next (retry, bounce, hang up); the text is for
 * people and is never parsed; it comes in both languages. Context is added going up, and the error is
 * logged once, by whoever decides.
 */
#ifndef LANPOST_BASE_ERR_H
#define LANPOST_BASE_ERR_H

#include <stdbool.h>

enum error_class {
	ERROR_NONE = 0,
	ERROR_TEMPORARY, /* try again later: line down, disk full, peer busy */
	ERROR_PERMANENT, /* trying again will not help */
	ERROR_PROTOCOL,	 /* the peer broke the rules of the dialogue */
	ERROR_LOGIN,	 /* name or password refused: the admin must act */
	ERROR_IO,	 /* our own disk or system call failed */
	ERROR_LIMIT,	 /* a bound of ours was reached */
	ERROR_CONFIG,	 /* configuration is wrong: the admin must act */
	ERROR_CANCELLED, /* we were told to stop */
};

struct error {
	enum error_class class;
	int saved_errno;     /* 0 if no system call was to blame */
	int code;	     /* SMTP reply code for this failure, 0 if none is fixed */
	char enhanced[12];   /* RFC 3463 code beside it, "" if none */
	char text[256];	     /* what, where, what to do: printable, one line */
	char other[256];     /* the same in the other language of both (i18n.h), where it was translated at all */
	bool is_russian;     /* text is meant to be, other not; else the other way round */
};

#define ERROR_INIT {.class = ERROR_NONE}

/* Fills the error and returns -1, so that one can `return error_set(...)`.
 * The text is made printable (control bytes escaped) and cut to fit. */
int error_set(struct error *error, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a failed system call: class IO (TEMPORARY for a full disk or a lack of
 * resources), text gets ": <strerror(errno)>". Returns -1. */
int error_errno(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Puts "<context>: " before the text. Returns -1. */
int error_context(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Arguments that were translated, too, want a text of their own in the other language: the whole of it, with i18n_other() of all
 * that is for people. Returns -1. */
int error_set_other(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The text in the language of the moment, which may not be that in which the error was set (i18n_switch()). */
const char *error_said(const struct error *error);
/* Fixes the SMTP reply that this failure means. Returns -1. */
int error_reply(struct error *error, int code, const char *enhanced);

#endif
