#include "lan-server/smtp/smtpd_reply.h"

#include "lan-server/smtp/smtpd_priv.h"

#include <assert.h>
#include <string.h>

#define BAD_LOGINS_MAX 5
/* More unknown names in one session would reveal the user list, however many valid ones the client knows. */
#define UNKNOWN_NAMES_MAX 50

/* The consequence of a reply. */
enum consequence {
	GO_ON,
	JUNK,	   /* a command without effect; too many count as mistakes */
	MISTAKE,   /* mistakes of the client; too many end the session */
	REFUSED,   /* an address was refused: a mistake, unless most of the others are valid */
	BAD_LOGIN, /* too many of them end the session */
	TAKE_DATA,
	TAKE_TLS,
	HANG_UP,
};

/* Codes: RFC 5321 section 4.2.3; the enhanced ones: RFC 3463 and the registry of RFC 5248; TLS: RFC 3207 section 4; AUTH:
 * RFC 4954 section 6; BDAT: RFC 3030; SMTPUTF8: RFC 6531 section 3.5. A % is replaced by the subject of the reply. */
static const struct {
	int code;
	const char enhanced[8];
	enum consequence consequence;
	const char *text;
} replies[SMTPD_REPLIES] = {
    [REPLY_GREETING] = {220, "", GO_ON, "% ESMTP lanpost"},
    [REPLY_BYE] = {221, "2.0.0", HANG_UP, "Bye"},
    [REPLY_TIMED_OUT] = {421, "4.4.2", HANG_UP, "% Timeout, closing connection"},
    [REPLY_EVICTED] = {421, "4.3.2", HANG_UP, "% Too many connections, closing idle connection"},
    [REPLY_STOPPING] = {421, "4.3.2", HANG_UP, "% Service shutting down, try again later"},
    [REPLY_TOO_MANY_ERRORS] = {421, "4.7.0", HANG_UP, "Too many errors, closing connection"},
    [REPLY_TOO_MANY_LOGINS] = {421, "4.7.0", HANG_UP, "Too many failed logins, closing connection"},
    [REPLY_NOT_SMTP] = {421, "4.7.0", HANG_UP, "Not an SMTP command, closing connection"},

    [REPLY_OK] = {250, "2.0.0", JUNK, "OK"},
    [REPLY_LINE_TOO_LONG] = {500, "5.5.2", MISTAKE, "Line too long"},
    [REPLY_CONTROL_CHARACTERS] = {500, "5.5.2", MISTAKE, "Control characters in the command"},
    [REPLY_UNKNOWN_COMMAND] = {500, "5.5.1", MISTAKE, "Unknown command"},
    [REPLY_ARGUMENT_NOT_ALLOWED] = {501, "5.5.4", MISTAKE, "No argument allowed"},
    [REPLY_ARGUMENT_REQUIRED] = {501, "5.5.4", MISTAKE, "Argument required"},
    [REPLY_EHLO_FIRST] = {503, "5.5.1", MISTAKE, "Send EHLO first"},
    [REPLY_STARTTLS_FIRST] = {530, "5.7.0", MISTAKE, "Must issue a STARTTLS command first"},
    [REPLY_NESTED_MAIL] = {503, "5.5.1", MISTAKE, "Nested MAIL command"},
    [REPLY_MAIL_FIRST] = {503, "5.5.1", MISTAKE, "Need MAIL command"},
    [REPLY_LOGIN_FIRST] = {530, "5.7.0", MISTAKE, "Authentication required"},

    [REPLY_HELO] = {250, "", JUNK, "%"},
    [REPLY_EHLO_END] = {250, "", JUNK, "ENHANCEDSTATUSCODES"},
    [REPLY_HELLO_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: % hostname"},
    [REPLY_VRFY] = {252, "2.5.2", JUNK, "Cannot VRFY user, but will accept message and attempt delivery"},
    [REPLY_HELP] = {214, "2.0.0", JUNK, "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP STARTTLS AUTH QUIT"},
    [REPLY_EXPN] = {502, "5.5.1", JUNK, "EXPN is not supported"},
    [REPLY_START_TLS] = {220, "2.0.0", TAKE_TLS, "Ready to start TLS"},
    [REPLY_TLS_ACTIVE] = {503, "5.5.1", MISTAKE, "TLS is already active"},
    [REPLY_NO_TLS] = {454, "4.7.0", JUNK, "TLS is not available"},

    [REPLY_AUTH_DONE] = {235, "2.7.0", GO_ON, "Authentication successful"},
    [REPLY_AUTH_FAILED] = {535, "5.7.8", BAD_LOGIN, "%"},
    [REPLY_AUTH_LATER] = {454, "4.7.0", BAD_LOGIN, "%"},
    [REPLY_AUTH_MALFORMED] = {501, "5.5.2", MISTAKE, "%"},
    [REPLY_AUTH_CANCELLED] = {501, "5.7.0", MISTAKE, "%"},
    [REPLY_AUTH_ALREADY] = {503, "5.5.1", MISTAKE, "Already authenticated"},
    [REPLY_NO_MECHANISM] = {504, "5.5.4", MISTAKE, "Unrecognized authentication mechanism"},

    [REPLY_MAIL_DONE] = {250, "2.1.0", GO_ON, "OK"},
    [REPLY_MAIL_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: MAIL FROM:<address>"},
    [REPLY_SIZE_SYNTAX] = {501, "5.5.4", MISTAKE, "SIZE is not a number"},
    [REPLY_BODY_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: BODY=7BIT or BODY=8BITMIME"},
    [REPLY_RET_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: RET=FULL or RET=HDRS, once"},
    [REPLY_ENVID_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: ENVID=xtext of up to 100 characters, once"},
    [REPLY_MAIL_PARAMETER] = {555, "5.5.4", MISTAKE, "Unsupported MAIL FROM parameter"},
    [REPLY_SENDER_INVALID] = {553, "5.1.7", MISTAKE, "%: invalid address"},
    [REPLY_SENDER_ROUTED] = {553, "5.1.7", MISTAKE, "%: source routes are not accepted"},
    [REPLY_SENDER_UNKNOWN] = {550, "5.1.8", MISTAKE, "%: no such user"},
    [REPLY_SENDER_MISTYPED] = {550, "5.1.8", MISTAKE, "%: no such user; did you mean \"%\"?"},
    [REPLY_SENDER_NOT_OWN] = {550, "5.7.1", MISTAKE, "%: sender address does not belong to user %"},
    [REPLY_NEEDS_SMTPUTF8] = {553, "5.6.7", REFUSED, "Non-ASCII addresses require SMTPUTF8"},
    [REPLY_SIZE_TOO_LARGE] = {552, "5.3.4", MISTAKE, "Message size exceeds limit of % bytes"},
    [REPLY_NO_STORAGE] = {452, "4.3.1", JUNK, "Insufficient system storage, try again later"},

    [REPLY_RCPT_DONE] = {250, "2.1.5", GO_ON, "OK"},
    [REPLY_RCPT_SYNTAX] = {501, "5.5.4", MISTAKE, "Syntax: RCPT TO:<address>"},
    [REPLY_NOTIFY_SYNTAX] = {501, "5.5.4", REFUSED, "Syntax: NOTIFY=NEVER or a list of SUCCESS, FAILURE, DELAY, once"},
    [REPLY_ORCPT_SYNTAX] = {501, "5.5.4", REFUSED, "Syntax: ORCPT=type;address in xtext, once"},
    [REPLY_RCPT_PARAMETER] = {555, "5.5.4", REFUSED, "Unsupported RCPT TO parameter"},
    [REPLY_RCPT_AFTER_BDAT] = {503, "5.5.1", MISTAKE, "RCPT is not allowed after BDAT"},
    [REPLY_TOO_MANY_RECIPIENTS] = {452, "4.5.3", GO_ON, "Too many recipients"},
    /* After a thousand such replies it is an error. */
    [REPLY_FAR_TOO_MANY_RECIPIENTS] = {452, "4.5.3", MISTAKE, "Too many recipients"},
    [REPLY_RECIPIENT_INVALID] = {553, "5.1.3", REFUSED, "%: invalid address"},
    [REPLY_RECIPIENT_ROUTED] = {553, "5.1.3", REFUSED, "%: source routes are not accepted"},
    [REPLY_RECIPIENT_UNKNOWN] = {550, "5.1.1", REFUSED, "%: no such user"},
    [REPLY_RECIPIENT_MISTYPED] = {550, "5.1.1", REFUSED, "%: no such user; did you mean \"%\"?"},
    [REPLY_MAILBOX_FULL] = {552, "5.2.2", REFUSED, "%: mailbox full"},
    [REPLY_NO_DAEMON] = {550, "5.7.1", REFUSED, "%: you may not send commands to daemon; ask your administrator (daemon_users)"},
    [REPLY_RELEASE_LOGIN] = {550, "5.7.1", GO_ON, "Only a user who has logged in with their own address can release messages"},
    [REPLY_RELEASE_NUMBER] = {550, "5.6.0", GO_ON, "Write the number of the message on a line of its own, and nothing else on that line"},
    [REPLY_OFFICE_ONLY] = {550, "5.7.1", REFUSED, "%: you may send only within the office; ask your administrator"},
    [REPLY_ADDRESS_LITERAL] = {550, "5.1.2", REFUSED, "%: address literals are not accepted, use a domain"},
    [REPLY_NO_EXTERNAL_ADDRESS] = {550, "5.7.1", REFUSED,
        "%: you have no external address; ask your administrator to set external_alias of %"},
    [REPLY_DAILY_MESSAGES] = {550, "5.4.5", REFUSED, "Daily limit of % messages reached; send this message tomorrow"},
    [REPLY_DAILY_BYTES] = {550, "5.4.5", REFUSED, "This message would exceed your daily limit of % bytes; send it tomorrow"},

    [REPLY_SEND_DATA] = {354, "", TAKE_DATA, "End data with <CR><LF>.<CR><LF>"},
    [REPLY_BDAT_ONLY] = {503, "5.5.1", MISTAKE, "Only BDAT is allowed after BDAT"},
    [REPLY_NO_RECIPIENTS] = {503, "5.5.1", MISTAKE, "No valid recipients"},
    /* The end of the chunk is unknown, so the following bytes could be message or command. */
    [REPLY_BDAT_SYNTAX] = {501, "5.5.4", HANG_UP, "Syntax: BDAT size [LAST]; closing connection"},
    [REPLY_CHUNK_TAKEN] = {250, "2.0.0", GO_ON, "OK"},
    [REPLY_QUEUED] = {250, "2.0.0", GO_ON, "OK: queued as %"},
    [REPLY_NOT_STORED] = {451, "4.3.0", GO_ON, "Cannot store the message, try again later"},
    [REPLY_HEADER_TOO_LARGE] = {552, "5.3.4", MISTAKE, "Message header too large"},
    [REPLY_MESSAGE_TOO_LARGE] = {552, "5.3.4", MISTAKE, "Message too large"},
    [REPLY_OUTGOING_TOO_LARGE] = {552, "5.3.4", MISTAKE, "Message too large to be sent outside the office"},
    [REPLY_MAIL_LOOP] = {554, "5.4.6", MISTAKE, "Too many Received fields: mail loop detected"},
    [REPLY_AUTHOR_NOT_OWN] = {550, "5.7.1", MISTAKE, "Author of the message does not belong to user %: %"},
    [REPLY_BARE_LINE_END] = {550, "5.6.11", MISTAKE, "Line does not end with CRLF"},
    [REPLY_NUL] = {550, "5.6.0", MISTAKE, "Message contains NUL bytes"},
    [REPLY_DAY_IS_FULL] = {550, "5.4.5", MISTAKE, "Daily limit of bytes reached; send this message tomorrow"},
    [REPLY_RECIPIENT_FULL] = {552, "5.2.2", MISTAKE, "Mailbox of a recipient is full"},
    [REPLY_VIRUS] = {554, "5.7.1", GO_ON, "The message has a virus: %"},
    [REPLY_FORBIDDEN] = {554, "5.7.1", GO_ON, "The office does not allow this: %"},
    [REPLY_NOT_SCANNED] = {451, "4.7.1", GO_ON, "The message cannot be scanned for viruses now, try again later"},
    [REPLY_ATTACHMENT] = {554, "5.7.1", MISTAKE,
        "Attachments like % may not be sent outside the office; ask your administrator"},
};

const char *smtpd_reply_format(enum smtpd_reply reply)
{
	return replies[reply].text;
}

enum smtpd_reply smtpd_about(struct smtpd *smtpd, enum smtpd_reply reply, const char *first, const char *second)
{
	reply_fill(smtpd->about, smtpd_reply_format(reply), first, second);
	return reply;
}

const char *smtpd_reply_text(const struct smtpd *smtpd, enum smtpd_reply reply)
{
	return strchr(replies[reply].text, '%') != NULL ? smtpd->about : replies[reply].text;
}

int smtpd_reply_code(enum smtpd_reply reply)
{
	return replies[reply].code;
}

static void say(struct smtpd *smtpd, enum smtpd_reply reply)
{
	const char *enhanced = replies[reply].enhanced;

	assert(replies[reply].text != NULL);
	buf_printf(&smtpd->dialogue.replies, "%d %s%s%s\r\n", replies[reply].code, enhanced, enhanced[0] != '\0' ? " " : "",
	    smtpd_reply_text(smtpd, reply));
}

static enum dialogue_effect end_if(struct smtpd *smtpd, bool enough, enum smtpd_reply reason)
{
	if (!enough)
		return DIALOGUE_READ_LINE;
	say(smtpd, reason);
	return DIALOGUE_CLOSE;
}

/* Counts the consequence of the reply for the client. */
static enum dialogue_effect judge(struct smtpd *smtpd, enum consequence consequence)
{
	struct client_limits *limits = &smtpd->dialogue.limits;

	switch (consequence) {
	case JUNK:
		return end_if(smtpd, client_limits_junk(limits, 1, CLIENT_JUNK_MAX), REPLY_TOO_MANY_ERRORS);
	case MISTAKE:
		return end_if(smtpd, client_limits_error(limits), REPLY_TOO_MANY_ERRORS);
	case REFUSED:
		return end_if(smtpd, client_limits_refused(limits) || smtpd->dialogue.unknown_names >= UNKNOWN_NAMES_MAX, REPLY_TOO_MANY_ERRORS);
	case BAD_LOGIN:
		return end_if(smtpd, ++smtpd->bad_logins >= BAD_LOGINS_MAX, REPLY_TOO_MANY_LOGINS);
	case TAKE_DATA:
		return DIALOGUE_READ_DATA;
	case TAKE_TLS:
		return DIALOGUE_START_TLS;
	case HANG_UP:
		return DIALOGUE_CLOSE;
	case GO_ON:
		break;
	}
	return DIALOGUE_READ_LINE;
}

enum dialogue_effect smtpd_count_junk(struct smtpd *smtpd)
{
	return judge(smtpd, JUNK);
}

enum dialogue_effect smtpd_answer(struct smtpd *smtpd, enum smtpd_reply reply)
{
	if (reply == REPLY_NONE)
		return DIALOGUE_READ_LINE;
	say(smtpd, reply);
	return judge(smtpd, replies[reply].consequence);
}
