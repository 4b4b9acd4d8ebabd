/*
 * The origin of a message: a mail program on the LAN, an account at a provider, the gateway itself, or an earlier message.
 *
 * Envelopes and the journal (the detail of EVENT_ACCEPTED) store it as text: "smtp 192.168.1.5 ivan", "account sales",
 * "gateway", "quarantine 1k1byda5gt3nj0xngvz1", "scanned 1k1byda5gt3nj0xngvz1". Only this module writes and reads that text; an unknown one (of a later version) is kept unchanged.
 */
#ifndef LANPOST_SPOOL_ORIGIN_H
#define LANPOST_SPOOL_ORIGIN_H

enum origin_kind { ORIGIN_UNKNOWN, ORIGIN_SMTP, ORIGIN_ACCOUNT, ORIGIN_QUARANTINE, ORIGIN_SCANNED, ORIGIN_GATEWAY };

/* All zero: unknown, with the text "". The strings are owned and may be NULL. */
struct origin {
	enum origin_kind kind;
	char *client; /* SMTP: the address of the computer */
	char *name;   /* SMTP: the user who logged in, NULL for none; ACCOUNT: its name; QUARANTINE, SCANNED: the id of the earlier message; UNKNOWN: the text as it is */
};

/* Each frees the previous content of *origin. user: NULL for none. */
void origin_set_smtp(struct origin *origin, const char *client, const char *user);
void origin_set_account(struct origin *origin, const char *account);
/* Released from the quarantine. */
void origin_set_quarantine(struct origin *origin, const char *id);
/* In place of a message that was scanned later, and found bad. */
void origin_set_scanned(struct origin *origin, const char *id);
void origin_set_gateway(struct origin *origin);
void origin_clear(struct origin *origin);

/* The text to store; new memory. */
char *origin_text(const struct origin *origin);
/* Parses any text. *origin need not be initialised. */
void origin_parse(const char *text, struct origin *origin);
/* Only the kind in such a text. */
enum origin_kind origin_kind(const char *text);

#endif
