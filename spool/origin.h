/*
 * Where a message came from: a mail program in the LAN, an account upstream, or the gateway itself.
 *
 * Envelopes and the journal (the detail of EVENT_ACCEPTED) store it as text: "smtp 192.168.1.5 ivan", "account sales", "gateway".
 * This file alone writes that text and reads it; one that it does not know, of a later version say, stays as it is.
 */
#ifndef LANPOST_SPOOL_ORIGIN_H
#define LANPOST_SPOOL_ORIGIN_H

#include "base/str.h"

enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_SMTP, ORIGIN_ACCOUNT, ORIGIN_GATEWAY };

/* All zero: not known, its text is "". The strings are owned, and may be NULL. */
struct origin {
	enum origin_kind kind;
	char *client; /* SMTP: the address of the computer */
	char *name;   /* SMTP: the user who logged in, NULL for none; ACCOUNT: its name; UNKNOWN: the text as it is */
};

/* Each frees what *origin had. user: NULL for none. */
void origin_set_smtp(struct origin *origin, const char *client, const char *user);
void origin_set_account(struct origin *origin, const char *account);
void origin_set_gateway(struct origin *origin);
void origin_clear(struct origin *origin);

/* The text that is stored; new memory. */
char *origin_text(const struct origin *origin);
/* Reads it, whatever it is. *origin need not be initialised. */
void origin_parse(const char *text, struct origin *origin);
/* Only the kind of such a text. */
enum origin_kind origin_kind(const char *text);

#endif
