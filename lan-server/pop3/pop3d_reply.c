#include "lan-server/pop3/pop3d_reply.h"

#include "lan-server/pop3/pop3d_priv.h"

#include <assert.h>
#include <string.h>

/* Free commands that do nothing after the login: more than before it, since programs keep a connection and poll. */
#define FREE_COMMANDS 1000
#define FREE_PER_MESSAGE 4
#define LISTED_PER_COMMAND 16 /* a listing of this many messages costs as much as one command */

#define OK "+OK "
#define ERR "-ERR "

/* The consequence of a reply. */
enum consequence {
	GO_ON,
	JUNK,	 /* a command without effect; too many count as mistakes */
	LISTING, /* the same, with a cost according to the size of the mailbox */
	MISTAKE, /* mistakes of the client; too many end the session */
	SEND,
	TAKE_TLS,
	HANG_UP,
};

/* RFC 1939; codes in brackets: RFC 2449 section 8 and RFC 3206. A % is replaced by the subject of the
 * reply. */
static const struct {
	const char *status;
	enum consequence consequence;
	const char *text;
} replies[POP3D_REPLIES] = {
    [REPLY_GREETING] = {OK, GO_ON, "% lanpost POP3"},
    [REPLY_GREETING_APOP] = {OK, GO_ON, "lanpost POP3 %"},
    [REPLY_BYE] = {OK, HANG_UP, "Bye"},
    [REPLY_NOT_REMOVED] = {ERR, HANG_UP, "[SYS/TEMP] Some messages could not be removed"},
    [REPLY_TIMED_OUT] = {ERR, HANG_UP, "[SYS/TEMP] Timeout, closing connection"},
    [REPLY_EVICTED] = {ERR, HANG_UP, "[SYS/TEMP] Too many connections, closing idle connection"},
    [REPLY_STOPPING] = {ERR, HANG_UP, "[SYS/TEMP] Service shutting down, try again later"},
    [REPLY_NOT_POP3] = {ERR, HANG_UP, "Not a POP3 command, closing connection"},

    [REPLY_OK] = {"+OK", JUNK, ""},
    [REPLY_LINE_TOO_LONG] = {ERR, MISTAKE, "Line too long"},
    [REPLY_CONTROL_CHARACTERS] = {ERR, MISTAKE, "Control characters in the command"},
    [REPLY_UNKNOWN_COMMAND] = {ERR, MISTAKE, "Unknown command"},
    [REPLY_LOGGED_IN_ALREADY] = {ERR, MISTAKE, "Already logged in"},
    [REPLY_LOGIN_FIRST] = {ERR, MISTAKE, "Log in first"},
    [REPLY_ARGUMENT_REQUIRED] = {ERR, MISTAKE, "Argument required"},
    [REPLY_ARGUMENT_NOT_ALLOWED] = {ERR, MISTAKE, "No argument allowed"},

    [REPLY_END_OF_NAMES] = {".", JUNK, ""},
    [REPLY_START_TLS] = {OK, TAKE_TLS, "Begin TLS negotiation"},
    [REPLY_TLS_ACTIVE] = {ERR, MISTAKE, "TLS is already active"},
    [REPLY_NO_TLS] = {ERR, MISTAKE, "TLS is not available"},
    [REPLY_STLS_FIRST] = {ERR, MISTAKE, "Send STLS first"},
    [REPLY_UTF8] = {OK, JUNK, "UTF-8 mode enabled"},

    [REPLY_SEND_PASS] = {OK, JUNK, "Send PASS"},
    [REPLY_USER_FIRST] = {ERR, MISTAKE, "Send USER first"},
    [REPLY_NO_APOP] = {ERR, MISTAKE, "APOP is not offered"},
    [REPLY_NO_MECHANISM] = {ERR, MISTAKE, "Unsupported authentication mechanism"},
    [REPLY_AUTH_FAILED] = {ERR, MISTAKE, "[AUTH] %"},
    [REPLY_AUTH_LATER] = {ERR, MISTAKE, "[SYS/TEMP] %"},
    [REPLY_AUTH_MALFORMED] = {ERR, MISTAKE, "%"},
    [REPLY_IN_USE] = {ERR, GO_ON, "[IN-USE] Another session has this mailbox open"},
    [REPLY_TOO_SOON] = {ERR, GO_ON, "[LOGIN-DELAY] Too soon after the last time"},
    [REPLY_NOT_OPENED] = {ERR, GO_ON, "[SYS/TEMP] The mailbox cannot be opened now"},
    [REPLY_OPENED] = {OK, GO_ON, "% messages"},

    [REPLY_STAT] = {OK, LISTING, "% %"},
    [REPLY_LINE] = {OK, JUNK, "% %"}, /* of a listing: for a single message */
    [REPLY_END_OF_LISTING] = {".", LISTING, ""},
    [REPLY_MESSAGE] = {OK, SEND, "% octets"},
    [REPLY_TOP_SYNTAX] = {ERR, MISTAKE, "Syntax: TOP message lines"},
    [REPLY_NO_SUCH_MESSAGE] = {ERR, MISTAKE, "No such message"},
    [REPLY_MARKED_ALREADY] = {ERR, MISTAKE, "Message is marked as deleted"},
    [REPLY_MESSAGE_GONE] = {ERR, GO_ON, "This message is gone"},
    [REPLY_MARKED] = {OK, GO_ON, "Marked as deleted"},
    [REPLY_UNMARKED] = {OK, JUNK, "Deletion marks removed"},
};

const char *pop3d_reply_format(enum pop3d_reply reply)
{
	return replies[reply].text;
}

enum pop3d_reply pop3d_about(struct pop3d *pop3d, enum pop3d_reply reply, const char *first, const char *second)
{
	reply_fill(pop3d->about, pop3d_reply_format(reply), first, second);
	return reply;
}

static void say(struct pop3d *pop3d, enum pop3d_reply reply)
{
	const char *text = replies[reply].text;

	assert(replies[reply].text != NULL);
	buf_append_text(&pop3d->dialogue.replies, replies[reply].status);
	buf_append_text(&pop3d->dialogue.replies, strchr(text, '%') != NULL ? pop3d->about : text);
	buf_append_text(&pop3d->dialogue.replies, "\r\n");
}

/* Some programs send LIST n, UIDL n and TOP n 0 for each message. */
static enum dialogue_effect count_junk(struct pop3d *pop3d, uint64_t weight)
{
	bool is_in = pop3d->state == POP3D_TRANSACTION;
	uint64_t max = is_in ? FREE_COMMANDS + FREE_PER_MESSAGE * (uint64_t)pop3d->list.count : CLIENT_JUNK_MAX;

	return client_limits_junk(&pop3d->dialogue.limits, weight, max) ? DIALOGUE_CLOSE : DIALOGUE_READ_LINE;
}

static enum dialogue_effect judge(struct pop3d *pop3d, enum consequence consequence)
{
	switch (consequence) {
	case JUNK:
		return count_junk(pop3d, 1);
	case LISTING:
		return count_junk(pop3d, 1 + pop3d->list.count / LISTED_PER_COMMAND);
	case MISTAKE:
		return client_limits_error(&pop3d->dialogue.limits) ? DIALOGUE_CLOSE : DIALOGUE_READ_LINE;
	case SEND:
		return DIALOGUE_SEND;
	case TAKE_TLS:
		return DIALOGUE_START_TLS;
	case HANG_UP:
		return DIALOGUE_CLOSE;
	case GO_ON:
		break;
	}
	return DIALOGUE_READ_LINE;
}

enum dialogue_effect pop3d_answer(struct pop3d *pop3d, enum pop3d_reply reply)
{
	if (reply == REPLY_NONE)
		return DIALOGUE_READ_LINE;
	say(pop3d, reply);
	return judge(pop3d, replies[reply].consequence);
}
