/*
 * Passwords typed by people, and their stored forms.
 */
#ifndef LANPOST_UI_TUI_PASSWORD_H
#define LANPOST_UI_TUI_PASSWORD_H

#include "base/err.h"

/* The stored forms of a password in the configuration; all "" for an empty one. */
struct password {
	char *hash;  /* yescrypt */
	char *scram; /* base/scram.h */
	char *clear; /* the password itself */
};

/* Asks twice without echo on a terminal, else reads the first line of standard input. An empty password and the end of
 * the input are errors (the latter ERROR_CANCELLED); a weak one causes a warning, and a question on a terminal. The
 * caller calls password_clear(), which also accepts an all-zero struct. */
int password_ask(const char *user, struct password *secret, struct error *error);
void password_clear(struct password *secret);

/* Computes the stored forms of a password. */
int password_make(const char *password, struct password *secret, struct error *error);
/* Why a password of this user is easily guessed; translated. NULL if it is not. */
const char *password_weakness(const char *password, const char *user);

/* Asks once for a password that a server checks, and returns it unchanged; the same errors. The caller calls
 * conf_secret_free(). */
int password_ask_plain(const char *whose, char **password, struct error *error);

#endif
