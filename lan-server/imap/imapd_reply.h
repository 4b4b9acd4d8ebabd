/*
 * The final replies of the IMAP server: all in one table (imapd_reply.c), with their consequences for the session.
 *
 * Commands return a reply and send only untagged data; imapd_answer() sends the tagged line.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_REPLY_H
#define LANPOST_LAN_SERVER_IMAPD_REPLY_H

#include "base/err.h"

#include "lan-server/dialogue.h"

struct imapd;

enum imapd_reply {
	IMAPD_NONE,  /* of a check: no objection. Of a command: it goes on with the client's next line */
	IMAPD_MORE,  /* a job has begun: its pieces are sent, then its reply */
	IMAPD_BYTES, /* the bytes of a literal follow */
	/* The session. */
	IMAPD_GREETING,
	IMAPD_BYE,
	IMAPD_TIMED_OUT,
	IMAPD_EVICTED,
	IMAPD_STOPPING,
	IMAPD_NOT_IMAP,
	IMAPD_LITERAL_ENDS_ALL,
	/* Any command. */
	IMAPD_DONE,
	IMAPD_NOTHING_DONE,
	IMAPD_LINE_TOO_LONG,
	IMAPD_NO_TAG,
	IMAPD_UNKNOWN_COMMAND,
	IMAPD_SYNTAX,
	IMAPD_LITERAL_TOO_BIG,
	IMAPD_LOGIN_FIRST,
	IMAPD_LOGGED_IN_ALREADY,
	IMAPD_SELECT_FIRST,
	IMAPD_FAILED,
	IMAPD_DISK_FULL,
	IMAPD_LIMIT,
	/* Logins. */
	IMAPD_START_TLS,
	IMAPD_TLS_ACTIVE,
	IMAPD_NO_TLS,
	IMAPD_TLS_FIRST,
	IMAPD_NO_MECHANISM,
	IMAPD_AUTH_FAILED,
	IMAPD_AUTH_LATER,
	IMAPD_AUTH_MALFORMED,
	IMAPD_LOGGED_IN,
	IMAPD_START_DEFLATE,
	IMAPD_DEFLATE_ACTIVE,
	/* Folders. */
	IMAPD_NO_SUCH_FOLDER,
	IMAPD_TRY_CREATE,
	IMAPD_FOLDER_EXISTS,
	IMAPD_FOLDER_NAME,
	IMAPD_FOLDER_HAS_CHILDREN,
	IMAPD_INBOX_STAYS,
	IMAPD_NO_SUCH_USE,
	IMAPD_NO_RIGHT,
	IMAPD_SHARED_NAME,
	IMAPD_OTHER_MAILBOX,
	IMAPD_ACCESS_ENDED,
	IMAPD_SELECTED,
	IMAPD_EXAMINED,
	/* Messages. */
	IMAPD_READ_ONLY,
	IMAPD_NO_SUCH_MESSAGE,
	IMAPD_SOME_GONE,  /* others have expunged them: no error (RFC 9051 section 6.4.9: a UID that does not exist is ignored) */
	IMAPD_UNREADABLE, /* never as if it were gone: clients would remove their copy */
	IMAPD_MODIFIED,
	IMAPD_TOO_BIG,
	IMAPD_OVER_QUOTA,
	IMAPD_UNKNOWN_ENCODING,
	IMAPD_BAD_CHARSET,
	IMAPD_NO_SUCH_QUOTA,
	IMAPD_NO_FETCH,
	IMAPD_OUTBOX,
	IMAPD_REPLIES,
};

/* The text of a reply, with % in place of words; NULL: it has no row in the table. */
const char *imapd_reply_format(enum imapd_reply reply);
/* Returns the reply with the words for the places in its text; NULL: none. Valid for the next answer. */
enum imapd_reply imapd_about(struct imapd *imapd, enum imapd_reply reply, const char *first);
/* What the storage's error means for the client; it is logged, unless another session has only been quicker. */
enum imapd_reply imapd_storage_failed(struct imapd *imapd, const char *what, const struct error *error);
/* Sends a reply and counts its consequence for the client. */
enum dialogue_effect imapd_answer(struct imapd *imapd, enum imapd_reply reply);

#endif
