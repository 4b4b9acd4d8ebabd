/*
 * Passwords typed by people, and what is stored of them.
 */
#ifndef LANPOST_UI_TUI_SECRET_H
#define LANPOST_UI_TUI_SECRET_H

#include "base/err.h"

/* A password as the configuration keeps it; all "" for an empty one. */
struct secret {
	char *hash;  /* yescrypt */
	char *scram; /* base/scram.h */
	char *clear; /* the password itself */
};

/* Asks twice without echo on a terminal, else reads the first line of standard input. An empty password and the end of the
 * input are errors (the latter ERROR_CANCELLED); a weak one is warned of, and on a terminal asked about. Undo with
 * secret_clear(), which also takes one that is all zero. */
int secret_ask(const char *user, struct secret *secret, struct error *error);
void secret_clear(struct secret *secret);

/* What is stored of a password. */
int secret_make(const char *password, struct secret *secret, struct error *error);
/* Why a password of this user is easily guessed; translated. NULL if it is not. */
const char *secret_weakness(const char *password, const char *user);

/* Asks once for a password that somebody else checks, and gives it unchanged; the same errors. Undo with conf_secret_free(). */
int secret_ask_plain(const char *whose, char **password, struct error *error);

#endif
