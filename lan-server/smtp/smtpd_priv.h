/*
 * Declarations that the files of the SMTP server share.
 */
#ifndef LANPOST_LAN_SERVER_SMTPD_PRIV_H
#define LANPOST_LAN_SERVER_SMTPD_PRIV_H

#include "message/addr.h"
#include "message/dot.h"

#include "lan-server/reply.h"
#include "lan-server/smtp/smtpd.h"
#include "lan-server/smtp/smtpd_reply.h"

/*
 *	HELLO --EHLO--> READY --MAIL--> MAIL --DATA--> DATA --end of data--> READY
 *	                  |  <--RSET, EHLO--'
 *	                  |  --BDAT--> CHUNK --all its bytes--> MAIL, after the last one READY
 *	                  `--AUTH--> AUTH --responses--> READY
 *	any --STARTTLS--> HELLO
 */
enum smtpd_state {
	SMTPD_HELLO, /* before EHLO: only commands without a transaction */
	SMTPD_READY, /* greeted; no transaction */
	SMTPD_MAIL,  /* a transaction is open: tx is set */
	SMTPD_DATA,  /* receiving the bytes of the message: tx is set */
	SMTPD_CHUNK, /* receiving the bytes of a BDAT chunk; without tx they are read and dropped */
	SMTPD_AUTH,  /* the next line is a response in a login: sasl is set */
};

/* From MAIL until the message is accepted or abandoned. Freed only by smtpd_transaction_end(). */
struct smtpd_transaction {
	struct addr sender; /* empty local part: the null sender; else with a domain */
	const char *sender_user; /* the owner of that address; NULL: no local user */
	struct envelope envelope;
	bool utf8;       /* SMTPUTF8 was requested */
	bool to_outside; /* a recipient is external */
	bool to_daemon;
	bool automatic; /* automatic mail, by its header */
	bool urgent;	/* marked so in its header */
	struct dot_reader reader; /* of DATA */
	bool chunked;		  /* BDAT was used: DATA may not follow */
	char last_byte;		  /* of the previous chunk */
	bool bare_line_end, has_nul;
	struct buf header; /* header section as received, until header_done */
	size_t header_counted; /* bytes of it in body_memory_take() */
	size_t recipients_counted; /* bytes of the envelope there */
	bool header_done;
	unsigned too_many;  /* recipients beyond SMTPD_RECIPIENTS_MAX */
	uint64_t announced; /* SIZE of MAIL, 0: none */
	uint64_t size;      /* message bytes so far */
	struct body body;
	struct buf subject;  /* decoded, for the daemon */
	enum smtpd_reply failed; /* why the message will be refused; REPLY_NONE: accepted */
	char *failed_text;	 /* of failed, with its subject */
};

struct smtpd {
	struct dialogue dialogue;
	struct smtpd_options options;
	enum smtpd_state state;
	char hello[256];  /* the client's own name, made safe for a header */
	bool extended;    /* EHLO, not HELO */
	struct sasl *sasl; /* the login in progress */
	unsigned bad_logins;
	uint64_t chunk_left; /* remaining bytes of the chunk */
	bool chunk_is_last;
	struct smtpd_transaction *tx;
	char about[REPLY_TEXT_MAX]; /* words for the text of the next reply: smtpd_about() */
};

/* The dialogue is the first member. */
static inline struct smtpd *smtpd_of(struct dialogue *dialogue)
{
	return (struct smtpd *)dialogue;
}

/* Sends a line that is not a complete reply: EHLO's first ones, AUTH's challenges. Adds CRLF. */
void smtpd_line_of_reply(struct smtpd *smtpd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The only function that changes the state. tx and sasl were already set or freed. */
void smtpd_enter_state(struct smtpd *smtpd, enum smtpd_state state);

/* Checks: return REPLY_NONE, or the refusal. */

/* Whether the spool has room for this many more bytes. */
enum smtpd_reply smtpd_check_storage(const struct smtpd *smtpd, uint64_t bytes);
/* Whether the sender may send a message of this many bytes today. */
enum smtpd_reply smtpd_check_daily(struct smtpd *smtpd, uint64_t bytes);
enum smtpd_reply smtpd_check_day(const struct smtpd *smtpd); /* the message as received */
/* Room in the mailboxes of all recipients, for the present size of the message. */
enum smtpd_reply smtpd_check_mailboxes(const struct smtpd *smtpd);
/* Whether the header names only authors that the logged-in user may use (check_from); if it does not name the user,
 * a Sender is added. */
enum smtpd_reply smtpd_check_authors(struct smtpd *smtpd, struct slice header);

/* The logged-in user, or the owner of the sender address. NULL: no local user. */
const char *smtpd_who_sends(const struct smtpd *smtpd);
void smtpd_count_sent(struct smtpd *smtpd);
bool smtpd_may_write_outside(const struct smtpd *smtpd);
/* Stores the name of the first forbidden attachment of the message, printable, in name; returns false if there
 * is none. */
bool smtpd_has_forbidden_attachment(const struct smtpd *smtpd, struct slice message, char *name, size_t size);
/* Asks the scanners about the finished message, and applies their verdict to the envelope (smtpd_scan.c). Returns the refusal. */
enum smtpd_reply smtpd_check_scanners(struct smtpd *smtpd);
/* A message to daemon that asks for the release of messages: its subject becomes that of the user who has logged in (smtpd_release.c). Returns the
 * refusal. */
enum smtpd_reply smtpd_take_release(struct smtpd *smtpd);
bool smtpd_mailbox_has_room(const struct smtpd *smtpd, const char *user, uint64_t bytes);
/* Returns false if the logged-in user may not use the sender of an envelope (check_from): owner has the sender's address,
 * NULL: no local user. */
bool smtpd_may_write_as(const struct smtpd *smtpd, const char *owner);

/* The parameters of MAIL and of RCPT; slices of the line. */
struct smtpd_dsn_mail {
	enum dsn_ret ret;
	struct slice envid;
};
struct smtpd_dsn_rcpt {
	unsigned notify; /* enum dsn_notify */
	struct slice orcpt;
};
/* RET or ENVID. Returns the refusal. */
enum smtpd_reply smtpd_take_dsn_mail(struct slice name, struct slice value, struct smtpd_dsn_mail *dsn);
/* All parameters of RCPT. Returns the refusal. */
enum smtpd_reply smtpd_take_dsn_rcpt(struct slice words, struct smtpd_dsn_rcpt *dsn);
/* Stores the parameters with the places from `first` on. */
void smtpd_keep_dsn(struct envelope *envelope, size_t first, const struct smtpd_dsn_rcpt *dsn);

/* The message is refused for the first of these reasons; REPLY_NONE is no reason. What has come of it is dropped. */
void smtpd_data_fail(struct smtpd *smtpd, enum smtpd_reply reply);
/* Appends bytes to the stored message, unless it is refused; a failure of the disk refuses it. */
void smtpd_data_append(struct smtpd *smtpd, struct slice bytes);
/* The header section is complete in tx->header: stores what stays of it, and fills in what it says. */
void smtpd_finish_header(struct smtpd *smtpd);
void smtpd_header_clear(struct smtpd_transaction *tx);
void smtpd_transaction_end(struct smtpd *smtpd);

/* The commands return their reply. */
enum smtpd_reply smtpd_cmd_mail(struct smtpd *smtpd, struct slice arg);
enum smtpd_reply smtpd_cmd_rcpt(struct smtpd *smtpd, struct slice arg);
enum smtpd_reply smtpd_cmd_data(struct smtpd *smtpd, struct slice arg);
enum smtpd_reply smtpd_cmd_auth(struct smtpd *smtpd, struct slice arg);
/* A line in the AUTH state; ptr NULL: there is no initial response. */
enum smtpd_reply smtpd_auth_response(struct smtpd *smtpd, struct slice line);
void smtpd_auth_end(struct smtpd *smtpd); /* after any result: back to commands */
/* BDAT: the bytes of its chunk follow in any case. */
enum dialogue_effect smtpd_begin_chunk(struct smtpd *smtpd, struct slice arg);
/* Bytes of DATA or of a chunk. */
enum dialogue_effect smtpd_data(struct dialogue *dialogue, struct slice *bytes);

#endif
