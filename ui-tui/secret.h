/*
 * Passwords typed by people, and what is stored of them.
 */
#ifndef LANPOST_UI_TUI_SECRET_H
#define LANPOST_UI_TUI_SECRET_H

#include "base/err.h"

/* Asks twice without echo on a terminal, else reads the first line of standard input. *hash is a
 * yescrypt hash, or "" for an empty password (with a warning on standard error); undo with
 * conf_secret_free(). */
int secret_ask_hash(const char *user, char **hash, struct error *error);

#endif
