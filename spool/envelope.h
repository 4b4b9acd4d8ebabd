/*
 * The envelope of a message: its sender, its places and their reasons, without its bytes.
 *
 * The same struct and the same text form are in a record of the intake log and in the .env file of a queue
 * entry. The text has one `key value` per line, values percent-escaped; unknown keys are an error. In a
 * separate file the last line is a checksum (queue.h).
 */
#ifndef LANPOST_SPOOL_ENVELOPE_H
#define LANPOST_SPOOL_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "message/dsn.h"
#include "message/msgid.h"
#include "spool/origin.h"

#define ENVELOPE_PLACES_MAX 5000 /* 1000 recipients of one transaction, and a mailbox and a forward for each of CONF_USERS_MAX users */
#define ENVELOPE_TEXT_MAX (32u << 20) /* of a queue entry: what fits into a record of the log, and a reply for each place */

enum place_kind {
	PLACE_MAILBOX, /* name: user, or user and folder (mailbox_name.h) */
	PLACE_BOSS,    /* name: user; the copy gets X-Envelope-From and X-Envelope-To */
	PLACE_QUEUE,   /* name: external address */
	PLACE_DAEMON,  /* name: address of the user to whom the report goes; the subject is in why */
	PLACE_REPLY,   /* name: address to which a rule replies; the rule is in why */
	PLACE_OWN,     /* name: mailbox of the sender; the copy has own_header, and counts as seen */
};
/* Whether a file in the mailbox `name` is made for it. */
static inline bool place_is_mailbox(enum place_kind kind)
{
	return kind == PLACE_MAILBOX || kind == PLACE_BOSS || kind == PLACE_OWN;
}
enum place_status { PLACE_PENDING, PLACE_SENT, PLACE_FAILED };

struct place {
	enum place_kind kind;
	char *name;
	char *why;   /* for the journal: rule, header and text that matched; "" */
	unsigned notify; /* enum dsn_notify: the events that the sender wants to be notified of */
	char *orcpt;	 /* ORCPT as given by the sender; "" */
	/* of PLACE_QUEUE only: */
	enum place_status status;
	char *reply; /* the last reply of the smarthost, printable; "" before the first */
};

/* The data of a message for the journal: its Message-ID and subject, its sender and recipients. */
enum { SHOWN_ID, SHOWN_SUBJECT, SHOWN_SENDERS, SHOWN_RECIPIENTS, SHOWN_COUNT };

/* A piece of the message that its recipients do not get; the quarantine has the whole message. */
#define ENVELOPE_CUTS_MAX 40
struct envelope_cut {
	uint64_t at, len; /* in the message as it came; in order, without overlaps */
	char *text;	  /* in its place; may be empty */
};

/* A place that does not get it, although it could have: "dropped" in the journal. */
struct envelope_omission {
	char *place; /* the name of a place; "": nobody gets it */
	char *why;   /* a phrase, or the rule */
};

struct envelope {
	struct msgid id;
	int64_t time;	 /* of acceptance, seconds since 1970 */
	struct origin origin;
	char *session;	 /* id of the communication session or LAN connection, "" */
	char *account;	 /* fetched: its account, else "" */
	char *mailbox;	 /* fetched: the mailbox upstream (conf_mailbox()), else "" */
	char *uidl;	 /* fetched: its UIDL (raw bytes allowed), else "" */
	uint64_t listed; /* fetched: its size as the provider listed it; 0 unknown */
	uint64_t digest; /* fetched: digest of its header, which identifies it under another UIDL; 0 unknown */
	uint64_t body;	 /* fetched: digest of its body, which distinguishes messages with the same header; 0 unknown */
	char *identity;	 /* fetched: what its copies in other mailboxes upstream share, if they are looked for (state_first_copy.h); else "" */
	char *submitter; /* the user who submitted it: by login, else the owner of the sender's address; "": none */
	char *sender;	 /* reverse path without <>, "" for the null sender */
	enum dsn_ret ret;
	char *envid;	 /* ENVID as the client gave it; "" */
	char *header;	 /* trace lines to be added before the message, each ended by CRLF; "" */
	char *own_header; /* the same, only before the sender's own copy (PLACE_OWN): who else got it; "" */
	char *insert;	 /* text that is inserted at that offset (a prefix of the subject); "" */
	uint64_t insert_at;
	struct envelope_cut *cuts; /* what is cut out of it for all places but the quarantine */
	size_t cut_count;
	char *kept_header; /* added only before the whole message in the quarantine, if others get it, too (in part); as own_header; "" */
	char *flags;	 /* of the message in its mailbox, as in its name (maildir_flags.h), if a client has appended it; "" */
	bool is_urgent;	 /* it goes to the smarthost before other mail */
	uint64_t size;	 /* of the message as stored: added header lines, message and inserted text */
	struct strlist recipients; /* as given by the client (with Bcc), for boss and journal */
	struct place *places;
	size_t place_count;
	struct envelope_omission *omissions; /* of the log only; the queue has none */
	size_t omission_count;
	bool is_full; /* a place was left out: the message cannot be accepted, since nobody would get it there */
	char *shown[SHOWN_COUNT]; /* if already parsed, else NULL; it is not written */
	/* of a queue entry only: */
	int64_t next_attempt; /* 0: now */
	unsigned attempts;
	int64_t last_attempt; /* 0: none */
	int64_t waited;	      /* seconds since then in which its smarthost was reachable */
	int64_t reach;	      /* the smarthost's counter of reachable seconds at the last attempt */
	bool warned;
};

/* Initialises it with a new id, the time and empty strings. */
void envelope_init(struct envelope *envelope);
void envelope_clear(struct envelope *envelope);
void envelope_place_clear(struct place *place); /* frees the content of a place */
/* Frees *field and sets it to a copy of text. */
void envelope_set(char **field, struct slice text);
/* Adds a place unless the same kind and name already exists (the boss's mailbox and the boss's copy count
 * as one: the copy wins; so do a mailbox and the sender's copy). Names compare without regard to ASCII case, except those of folders. Returns false past
 * ENVELOPE_PLACES_MAX: then the intake refuses the message, so no caller has to check. */
bool envelope_add(struct envelope *envelope, enum place_kind kind, struct slice name, struct slice why);
/* The place as a text that no other place has: "mailbox ivan", also for the boss's copy. New memory. */
char *envelope_place_text(const struct place *place);
/* Records why a place (its name; "": all) does not get the message. The journal has it together with "accepted", also after a crash. Each place once,
 * and not more than ENVELOPE_PLACES_MAX: the first ones count. */
void envelope_omit(struct envelope *envelope, struct slice place, struct slice why);
/* Adds a cut behind the others. The text is copied. Returns false if there are too many. */
bool envelope_add_cut(struct envelope *envelope, uint64_t at, uint64_t len, struct slice text);
/* Adds one line "name: value" to the header; line ends in value become spaces. */
void envelope_add_header(struct envelope *envelope, const char *name, struct slice value);

void envelope_write(const struct envelope *envelope, struct buf *out);
/* Parses the output of envelope_write(). *envelope need not be initialised; on failure nothing is
 * owned. */
int envelope_parse(struct slice text, struct envelope *envelope, struct error *error);

#endif
