#include "lan-server/imap/imapd_reply.h"

#include "base/log.h"

#include "lan-server/imap/imapd_priv.h"

/* The consequence of a reply. */
enum consequence {
	GO_ON,
	USEFUL,	 /* the client made progress */
	JUNK,	 /* a command without effect; too many before the login count as mistakes */
	MISTAKE, /* mistakes of the client; too many end the session */
	TAKE_TLS,
	TAKE_DEFLATE,
	HANG_UP,
};

#define OK "OK"
#define NO "NO"
#define BAD "BAD"
#define BYE "* BYE"

/* Codes in brackets: RFC 9051 section 7.1, RFC 5530. A % is replaced by the subject of the reply. */
static const struct {
	const char *status;
	enum consequence consequence;
	const char *code, *text;
} replies[IMAPD_REPLIES] = {
    [IMAPD_GREETING] = {"* OK", GO_ON, "", "% lanpost IMAP"},
    [IMAPD_BYE] = {OK, HANG_UP, "", "Logged out"},
    [IMAPD_TIMED_OUT] = {BYE, HANG_UP, "", "Timeout, closing connection"},
    [IMAPD_EVICTED] = {BYE, HANG_UP, "UNAVAILABLE", "Too many connections, closing idle connection"},
    [IMAPD_STOPPING] = {BYE, HANG_UP, "UNAVAILABLE", "Service shutting down, try again later"},
    [IMAPD_NOT_IMAP] = {BYE, HANG_UP, "", "Not an IMAP command, closing connection"},
    [IMAPD_LITERAL_ENDS_ALL] = {BYE, HANG_UP, "TOOBIG", "Literal too large, closing connection"},

    [IMAPD_DONE] = {OK, USEFUL, "", "Completed"},
    [IMAPD_NOTHING_DONE] = {OK, JUNK, "", "Completed"},
    [IMAPD_LINE_TOO_LONG] = {BYE, HANG_UP, "", "Line too long, closing connection"},
    [IMAPD_NO_TAG] = {"* BAD", MISTAKE, "", "A command begins with a tag"},
    [IMAPD_UNKNOWN_COMMAND] = {BAD, MISTAKE, "", "Unknown command"},
    [IMAPD_SYNTAX] = {BAD, MISTAKE, "", "Syntax error in the arguments"},
    [IMAPD_LITERAL_TOO_BIG] = {BAD, MISTAKE, "TOOBIG", "The command is too long"},
    [IMAPD_LOGIN_FIRST] = {BAD, MISTAKE, "", "Log in first"},
    [IMAPD_LOGGED_IN_ALREADY] = {BAD, MISTAKE, "", "Already logged in"},
    [IMAPD_SELECT_FIRST] = {BAD, MISTAKE, "", "Select a mailbox first"},
    [IMAPD_FAILED] = {NO, GO_ON, "UNAVAILABLE", "This is not possible now, try again later"},
    [IMAPD_DISK_FULL] = {NO, GO_ON, "UNAVAILABLE", "The server has no room on its disk, try again later"},
    [IMAPD_LIMIT] = {NO, GO_ON, "LIMIT", "A limit of the server is reached"},

    [IMAPD_START_TLS] = {OK, TAKE_TLS, "", "Begin TLS negotiation"},
    [IMAPD_TLS_ACTIVE] = {BAD, MISTAKE, "", "TLS is already active"},
    [IMAPD_NO_TLS] = {BAD, MISTAKE, "", "TLS is not available"},
    [IMAPD_TLS_FIRST] = {NO, MISTAKE, "PRIVACYREQUIRED", "Send STARTTLS first"},
    [IMAPD_NO_MECHANISM] = {NO, MISTAKE, "", "Unsupported authentication mechanism"},
    [IMAPD_AUTH_FAILED] = {NO, MISTAKE, "AUTHENTICATIONFAILED", "%"},
    [IMAPD_AUTH_LATER] = {NO, MISTAKE, "UNAVAILABLE", "%"},
    [IMAPD_AUTH_MALFORMED] = {BAD, MISTAKE, "", "%"},
    [IMAPD_LOGGED_IN] = {OK, USEFUL, "", "Logged in"},

    [IMAPD_START_DEFLATE] = {OK, TAKE_DEFLATE, "", "Begin DEFLATE compression"},
    [IMAPD_DEFLATE_ACTIVE] = {NO, GO_ON, "COMPRESSIONACTIVE", "DEFLATE is already active"},

    [IMAPD_NO_SUCH_FOLDER] = {NO, GO_ON, "NONEXISTENT", "Mailbox doesn't exist"},
    [IMAPD_TRY_CREATE] = {NO, GO_ON, "TRYCREATE", "Mailbox doesn't exist"},
    [IMAPD_FOLDER_EXISTS] = {NO, GO_ON, "ALREADYEXISTS", "Mailbox already exists"},
    [IMAPD_FOLDER_NAME] = {NO, GO_ON, "CANNOT", "Invalid mailbox name"},
    [IMAPD_FOLDER_HAS_CHILDREN] = {NO, GO_ON, "HASCHILDREN", "This name has only child mailboxes"},
    [IMAPD_INBOX_STAYS] = {NO, GO_ON, "CANNOT", "INBOX cannot be deleted"},
    [IMAPD_NO_SUCH_USE] = {NO, GO_ON, "USEATTR", "A special use belongs to the name of the mailbox"},
    [IMAPD_NO_RIGHT] = {NO, GO_ON, "NOPERM", "You may only read this mailbox"},
    [IMAPD_SHARED_NAME] = {NO, GO_ON, "CANNOT", "Names below Shared belong to shared mailboxes"},
    [IMAPD_OTHER_MAILBOX] = {NO, GO_ON, "CANNOT", "A mailbox can be renamed only within its account"},
    [IMAPD_ACCESS_ENDED] = {BYE, HANG_UP, "NOPERM", "You no longer have access to this mailbox"},
    [IMAPD_SELECTED] = {OK, USEFUL, "READ-WRITE", "Selected"},
    [IMAPD_EXAMINED] = {OK, USEFUL, "READ-ONLY", "Selected for reading"},

    [IMAPD_READ_ONLY] = {NO, GO_ON, "NOPERM", "The mailbox was selected for reading only"},
    [IMAPD_NO_SUCH_MESSAGE] = {BAD, MISTAKE, "", "Invalid message number"},
    [IMAPD_SOME_GONE] = {OK, USEFUL, "EXPUNGEISSUED", "Some of the requested messages no longer exist"},
    [IMAPD_UNREADABLE] = {NO, GO_ON, "UNAVAILABLE", "A message cannot be read"},
    [IMAPD_MODIFIED] = {OK, USEFUL, "", "Conditional STORE failed for some messages"},
    [IMAPD_TOO_BIG] = {NO, GO_ON, "TOOBIG", "The message is larger than % bytes"},
    [IMAPD_OVER_QUOTA] = {NO, GO_ON, "OVERQUOTA", "The mailbox is full"},
    [IMAPD_UNKNOWN_ENCODING] = {NO, GO_ON, "UNKNOWN-CTE", "The encoding of the part is not known"},
    [IMAPD_BAD_CHARSET] = {NO, GO_ON, "BADCHARSET (UTF-8 US-ASCII)", "The charset is not known"},
    [IMAPD_NO_SUCH_QUOTA] = {NO, GO_ON, "NONEXISTENT", "There is no such quota root"},
    [IMAPD_NO_FETCH] = {NO, GO_ON, "NOPERM", "You may not request messages; ask your administrator (daemon_users)"},
    [IMAPD_OUTBOX] = {NO, GO_ON, "CANNOT", "%"},
};

const char *imapd_reply_format(enum imapd_reply reply)
{
	return replies[reply].text;
}

enum imapd_reply imapd_about(struct imapd *imapd, enum imapd_reply reply, const char *first)
{
	reply_fill(imapd->about, imapd_reply_format(reply), first, NULL);
	return reply;
}

enum imapd_reply imapd_storage_failed(struct imapd *imapd, const char *what, const struct error *error)
{
	log_warnx("event=imap-failed session=%s user=%s what=%s reason=%s", imapd->options.session, imapd->dialogue.user, what, LOG_ERROR(error));
	if (error->class == ERROR_LIMIT)
		return IMAPD_LIMIT;
	return error->class == ERROR_FULL ? IMAPD_DISK_FULL : IMAPD_FAILED;
}

static void say(struct imapd *imapd, enum imapd_reply reply)
{
	const char *text = replies[reply].text, *status = replies[reply].status;
	struct buf *out = &imapd->dialogue.replies;

	if (status[0] != '*')
		buf_printf(out, "%s ", imapd->tag);
	buf_printf(out, "%s ", status);
	if (imapd->code.len > 0)
		buf_printf(out, "[%s] ", buf_text(&imapd->code));
	else if (replies[reply].code[0] != '\0')
		buf_printf(out, "[%s] ", replies[reply].code);
	buf_append_text(out, strchr(text, '%') != NULL ? imapd->about : text);
	buf_append_text(out, "\r\n");
	buf_clear(&imapd->code);
}

static enum dialogue_effect judge(struct imapd *imapd, enum consequence consequence)
{
	struct client_limits *limits = &imapd->dialogue.limits;
	bool ends = false;

	if (consequence == USEFUL && imapd->dialogue.user != NULL)
		client_limits_success(limits);
	else if (consequence == JUNK && imapd->dialogue.user == NULL)
		ends = client_limits_junk(limits, 1, CLIENT_JUNK_MAX);
	else if (consequence == JUNK)
		client_limits_progress(limits);
	else if (consequence == MISTAKE)
		ends = client_limits_error(limits);
	if (consequence == TAKE_TLS)
		return DIALOGUE_START_TLS;
	if (consequence == TAKE_DEFLATE)
		return DIALOGUE_START_DEFLATE;
	return ends || consequence == HANG_UP ? DIALOGUE_CLOSE : DIALOGUE_READ_LINE;
}

enum dialogue_effect imapd_answer(struct imapd *imapd, enum imapd_reply reply)
{
	say(imapd, reply);
	return judge(imapd, replies[reply].consequence);
}
