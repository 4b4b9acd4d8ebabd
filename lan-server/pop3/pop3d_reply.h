/*
 * The replies of the POP3 server: all in one table (pop3d_reply.c), with their consequences for the session.
 *
 * Commands return a reply and send nothing; pop3d_answer() sends it. The lines of listings and the challenges of AUTH,
 * which are not replies, are sent directly.
 */
#ifndef LANPOST_LAN_POP3D_REPLY_H
#define LANPOST_LAN_POP3D_REPLY_H

#include "lan-server/dialogue.h"

struct pop3d;

enum pop3d_reply {
	REPLY_NONE, /* of a check: no objection. Of a command: everything was already sent */
	/* The session. */
	REPLY_GREETING,
	REPLY_GREETING_APOP,
	REPLY_BYE,
	REPLY_NOT_REMOVED,
	REPLY_TIMED_OUT,
	REPLY_EVICTED,
	REPLY_STOPPING,
	REPLY_NOT_POP3,
	/* Any command. */
	REPLY_OK,
	REPLY_LINE_TOO_LONG,
	REPLY_CONTROL_CHARACTERS,
	REPLY_UNKNOWN_COMMAND,
	REPLY_LOGGED_IN_ALREADY,
	REPLY_LOGIN_FIRST,
	REPLY_ARGUMENT_REQUIRED,
	REPLY_ARGUMENT_NOT_ALLOWED,
	/* Before the login. */
	REPLY_END_OF_NAMES,
	REPLY_START_TLS,
	REPLY_TLS_ACTIVE,
	REPLY_NO_TLS,
	REPLY_STLS_FIRST,
	REPLY_UTF8,
	/* Logins. */
	REPLY_SEND_PASS,
	REPLY_USER_FIRST,
	REPLY_NO_APOP,
	REPLY_NO_MECHANISM,
	REPLY_AUTH_FAILED,
	REPLY_AUTH_LATER,
	REPLY_AUTH_MALFORMED,
	REPLY_IN_USE,
	REPLY_TOO_SOON,
	REPLY_NOT_OPENED,
	REPLY_OPENED,
	/* The mailbox. */
	REPLY_STAT,
	REPLY_LINE,
	REPLY_END_OF_LISTING,
	REPLY_MESSAGE,
	REPLY_TOP_SYNTAX,
	REPLY_NO_SUCH_MESSAGE,
	REPLY_MARKED_ALREADY,
	REPLY_MESSAGE_GONE,
	REPLY_MARKED,
	REPLY_UNMARKED,
	POP3D_REPLIES,
};

/* The text of a reply, with % in place of words; NULL: it has no row in the table. */
const char *pop3d_reply_format(enum pop3d_reply reply);
/* Returns the reply with the words for the places in its text; NULL: none. Valid for the next answer. */
enum pop3d_reply pop3d_about(struct pop3d *pop3d, enum pop3d_reply reply, const char *first, const char *second);
/* Sends a reply and counts its consequence for the client. */
enum dialogue_effect pop3d_answer(struct pop3d *pop3d, enum pop3d_reply reply);
#endif
