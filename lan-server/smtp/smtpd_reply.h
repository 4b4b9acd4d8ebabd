/*
 * The replies of the SMTP server: all in one table (smtpd_reply.c), with their consequences for the session.
 *
 * Checks and commands return a reply and send nothing; smtpd_answer() sends it. Only the first lines of the reply to EHLO
 * and the challenges of AUTH, which are not replies, are sent directly.
 */
#ifndef LANPOST_LAN_SMTPD_REPLY_H
#define LANPOST_LAN_SMTPD_REPLY_H

#include "lan-server/dialogue.h"

struct smtpd;

enum smtpd_reply {
	REPLY_NONE, /* of a check: no objection. Of a command: everything was already sent */
	/* The session. */
	REPLY_GREETING,
	REPLY_BYE,
	REPLY_TIMED_OUT,
	REPLY_EVICTED,
	REPLY_STOPPING,
	REPLY_TOO_MANY_ERRORS,
	REPLY_TOO_MANY_LOGINS,
	REPLY_NOT_SMTP,
	/* Any command. */
	REPLY_OK,
	REPLY_LINE_TOO_LONG,
	REPLY_CONTROL_CHARACTERS,
	REPLY_UNKNOWN_COMMAND,
	REPLY_ARGUMENT_NOT_ALLOWED,
	REPLY_ARGUMENT_REQUIRED,
	REPLY_EHLO_FIRST,
	REPLY_STARTTLS_FIRST,
	REPLY_NESTED_MAIL,
	REPLY_MAIL_FIRST,
	REPLY_LOGIN_FIRST,
	/* EHLO and the simple commands. */
	REPLY_HELO,
	REPLY_EHLO_END,
	REPLY_HELLO_SYNTAX,
	REPLY_VRFY,
	REPLY_HELP,
	REPLY_EXPN,
	REPLY_START_TLS,
	REPLY_TLS_ACTIVE,
	REPLY_NO_TLS,
	/* AUTH. */
	REPLY_AUTH_DONE,
	REPLY_AUTH_FAILED,
	REPLY_AUTH_LATER,
	REPLY_AUTH_MALFORMED,
	REPLY_AUTH_CANCELLED,
	REPLY_AUTH_ALREADY,
	REPLY_NO_MECHANISM,
	/* MAIL. */
	REPLY_MAIL_DONE,
	REPLY_MAIL_SYNTAX,
	REPLY_SIZE_SYNTAX,
	REPLY_BODY_SYNTAX,
	REPLY_RET_SYNTAX,
	REPLY_ENVID_SYNTAX,
	REPLY_MAIL_PARAMETER,
	REPLY_SENDER_INVALID,
	REPLY_SENDER_ROUTED,
	REPLY_SENDER_UNKNOWN,
	REPLY_SENDER_MISTYPED,
	REPLY_SENDER_NOT_OWN,
	REPLY_NEEDS_SMTPUTF8,
	REPLY_SIZE_TOO_LARGE,
	REPLY_NO_STORAGE,
	/* RCPT. */
	REPLY_RCPT_DONE,
	REPLY_RCPT_SYNTAX,
	REPLY_NOTIFY_SYNTAX,
	REPLY_ORCPT_SYNTAX,
	REPLY_RCPT_PARAMETER,
	REPLY_RCPT_AFTER_BDAT,
	REPLY_TOO_MANY_RECIPIENTS,
	REPLY_FAR_TOO_MANY_RECIPIENTS,
	REPLY_RECIPIENT_INVALID,
	REPLY_RECIPIENT_ROUTED,
	REPLY_RECIPIENT_UNKNOWN,
	REPLY_RECIPIENT_MISTYPED,
	REPLY_MAILBOX_FULL,
	REPLY_NO_DAEMON,
	REPLY_RELEASE_LOGIN,
	REPLY_RELEASE_NUMBER,
	REPLY_OFFICE_ONLY,
	REPLY_ADDRESS_LITERAL,
	REPLY_NO_EXTERNAL_ADDRESS,
	REPLY_DAILY_MESSAGES,
	REPLY_DAILY_BYTES,
	/* DATA and BDAT, and the message itself. */
	REPLY_SEND_DATA,
	REPLY_BDAT_ONLY,
	REPLY_NO_RECIPIENTS,
	REPLY_BDAT_SYNTAX,
	REPLY_CHUNK_TAKEN,
	REPLY_QUEUED,
	REPLY_NOT_STORED,
	REPLY_HEADER_TOO_LARGE,
	REPLY_MESSAGE_TOO_LARGE,
	REPLY_OUTGOING_TOO_LARGE,
	REPLY_MAIL_LOOP,
	REPLY_AUTHOR_NOT_OWN,
	REPLY_BARE_LINE_END,
	REPLY_NUL,
	REPLY_DAY_IS_FULL,
	REPLY_RECIPIENT_FULL,
	REPLY_ATTACHMENT,
	REPLY_VIRUS,
	REPLY_FORBIDDEN,
	REPLY_NOT_SCANNED,
	SMTPD_REPLIES,
};

/* Returns the reply with the (printable) words for the places in its text; NULL: none. Valid for the next answer. */
enum smtpd_reply smtpd_about(struct smtpd *smtpd, enum smtpd_reply reply, const char *first, const char *second);
/* The text of a reply, with % in place of words; NULL: it has no row in the table. */
const char *smtpd_reply_format(enum smtpd_reply reply);
/* Its text with these words, valid until the next smtpd_about(). */
const char *smtpd_reply_text(const struct smtpd *smtpd, enum smtpd_reply reply);
int smtpd_reply_code(enum smtpd_reply reply); /* RFC 5321 section 4.2 */
/* Sends a reply and counts its consequence for the client. */
enum dialogue_effect smtpd_answer(struct smtpd *smtpd, enum smtpd_reply reply);
/* Counts a command that did nothing although its reply does not show it. */
enum dialogue_effect smtpd_count_junk(struct smtpd *smtpd);

#endif
