/*
 * Accounts out of the configuration of another program: fetchmail (.fetchmailrc), mpop (.mpoprc) and getmail (getmailrc).
 *
 * Reads what lanpost has too: server, port, encryption, login, whose mail it is, what stays on the server. What it leaves out
 * is listed with its line, so that the admin decides. No I/O.
 */
#ifndef LANPOST_UI_TUI_IMPORT_H
#define LANPOST_UI_TUI_IMPORT_H

#include "base/err.h"
#include "base/str.h"

#define IMPORT_ACCOUNTS_MAX 1000
#define IMPORT_WORD_MAX 1024 /* bytes of one value */

/* Encryption, as a part of the account's URL and its key `tls`. */
enum import_tls { IMPORT_TLS_STARTTLS, IMPORT_TLS_FIRST_BYTE, IMPORT_TLS_OPPORTUNISTIC, IMPORT_TLS_NONE };

/* Texts are "" if the file does not say it. */
struct import_account {
	char *name; /* valid in our configuration, no other account of the list has it */
	char *host, *port, *user, *password, *password_command;
	char *local;	       /* the local user who gets its mail */
	char *envelope_header; /* a mailbox of many people: the field with the recipient */
	char *envelope_prefix;
	char *keep; /* value of keep_on_server; "": no */
	bool is_imap, is_disabled;
	enum import_tls tls;
	int line; /* where it begins */
};

struct import {
	struct import_account *accounts;
	size_t count;
	struct strlist ignored; /* "12: mda": line and word of what has no counterpart here */
};

/* Reads a whole file and finds out whose it is. Errors name the line; *import is valid in any case, and the caller calls
 * import_clear(). */
int import_read(struct slice text, struct import *import, struct error *error);
void import_clear(struct import *import); /* wipes the passwords */

/* Whether an account but this one has the name. */
bool import_has_other(const struct import *import, const struct import_account *but, const char *name);
/* The account's server as a value of `url`. New memory. */
char *import_url(const struct import_account *account);

/* For the readers of the formats. */
/* A new account, with the settings of `like` (NULL: none; it may be one of the list). NULL: IMPORT_ACCOUNTS_MAX is reached. */
struct import_account *import_add(struct import *import, const struct import_account *like, int line);
void import_clear_account(struct import_account *account);
void import_set(char **field, struct slice value); /* wipes the old value */
void import_ignore(struct import *import, int line, struct slice word);
int import_fetchmail(struct slice text, struct import *import, struct error *error);
int import_mpop(struct slice text, struct import *import, struct error *error);
int import_getmail(struct slice text, struct import *import, struct error *error);

#endif
