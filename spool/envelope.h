/*
 * The envelope of a message: who sent it, where it goes and why, apart from its bytes.
 *
 * The same struct and the same text form are in a record of the intake log and in the .env
 * file of a queue entry. The text is one fact a line, `key value`, values percent-escaped, unknown keys refused;
 * the last line carries a checksum where it is in a file of its own (queue.h).
 */
#ifndef LANPOST_SPOOL_ENVELOPE_H
#define LANPOST_SPOOL_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "message/dsn.h"
#include "message/msgid.h"

#define ENVELOPE_PLACES_MAX 2000
#define ENVELOPE_TEXT_MAX (4u << 20)

enum place_kind {
	PLACE_MAILBOX, /* name: user */
	PLACE_BOSS,    /* name: user; gets X-Envelope-From and X-Envelope-To on top */
	PLACE_QUEUE,   /* name: outside address */
	PLACE_DAEMON,  /* name: address of the user to whom the report goes; the subject is in why */
	PLACE_REPLY,   /* name: address to which a rule replies; the rule is in why */
};
enum place_status { PLACE_PENDING, PLACE_SENT, PLACE_FAILED };

struct place {
	enum place_kind kind;
	char *name;
	char *why;   /* for the journal: rule, header and text that matched; "" */
	unsigned notify; /* enum dsn_notify: of what the sender wants to hear */
	char *orcpt;	 /* ORCPT as they gave it; "" */
	/* of PLACE_QUEUE only: */
	enum place_status status;
	char *reply; /* the last answer of the smarthost, printable; "" before the first */
};

/* What the journal shows of a message: its Message-ID and subject, who wrote it and to whom. */
enum { SHOWN_ID, SHOWN_SUBJECT, SHOWN_SENDERS, SHOWN_RECIPIENTS, SHOWN_COUNT };

struct envelope {
	struct msgid id;
	int64_t time;	 /* of acceptance, seconds since 1970 */
	char *origin;	 /* "smtp 192.168.1.5 ivan", "account sales", "gateway" */
	char *session;	 /* id of the communication session or LAN connection, "" */
	char *account;	 /* fetched: its account, else "" */
	char *mailbox;	 /* fetched: the mailbox upstream (conf_mailbox()), else "" */
	char *uidl;	 /* fetched: its UIDL (raw bytes allowed), else "" */
	uint64_t listed; /* fetched: its size as the provider listed it; 0 unknown */
	uint64_t digest; /* fetched: of its header, so that it is known under another UIDL; 0 unknown */
	uint64_t body;	 /* fetched: digest of its body, which distinguishes messages with the same header; 0 unknown */
	char *sender;	 /* reverse path without <>, "" for the null sender */
	enum dsn_ret ret;
	char *envid;	 /* ENVID as the client gave it; "" */
	char *header;	 /* trace lines to be above the message, each ended by CRLF; "" */
	char *insert;	 /* text that is put into the message at that byte (a prefix of the subject); "" */
	uint64_t insert_at;
	uint64_t size;	 /* of the message as stored: header lines above, message and insert */
	struct strlist recipients; /* as the client named them (with Bcc), for boss and journal */
	struct place *places;
	size_t place_count;
	char *shown[SHOWN_COUNT]; /* where somebody has read that out already, else NULL; it is not written */
	/* of a queue entry only: */
	int64_t next_attempt; /* 0: now */
	unsigned attempts;
	int64_t last_attempt; /* 0: none */
	int64_t waited;	      /* seconds since then in which its smarthost was within reach */
	int64_t reach;	      /* the smarthost's clock of that at the last attempt */
	bool warned;
};

/* Gives it an id, the time and empty strings. */
void envelope_init(struct envelope *envelope);
void envelope_clear(struct envelope *envelope);
void envelope_place_clear(struct place *place); /* frees what a place holds */
/* Frees *field and sets it to a copy of text. */
void envelope_set(char **field, struct slice text);
/* Adds a place unless the same kind and name is there already (a boss's mailbox and their copy count as
 * one: the copy wins). Names compare without regard to ASCII case. Returns false past ENVELOPE_PLACES_MAX. */
bool envelope_add(struct envelope *envelope, enum place_kind kind, struct slice name, struct slice why);
/* Adds one line "name: value" to the header; line ends in value become spaces. */
void envelope_add_header(struct envelope *envelope, const char *name, struct slice value);

void envelope_write(const struct envelope *envelope, struct buf *out);
/* Reads what envelope_write() wrote. *envelope need not be initialised; on failure nothing is owned. */
int envelope_parse(struct slice text, struct envelope *envelope, struct error *error);

#endif
