#include "upstream/login_priv.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/rand.h"
#include "upstream/secret_mask.h"

#include <stdio.h>
#include <stdlib.h>

#define NONCE_BYTES 18
#define PART_MIN 12 /* minimum length of sent texts to mask: shorter ones are names and protocol words */
#define POP3_COMMAND_MAX 255 /* RFC 2449 section 4 */
#define SMTP_COMMAND_MAX 510 /* RFC 5321 section 4.5.3.1.4 */

enum reply { REPLY_MORE, REPLY_CONTINUE, REPLY_GOOD, REPLY_BAD, REPLY_BROKEN };

static const char *const names[] = {
    [AUTH_AUTO] = "auto",
    [AUTH_PLAIN] = "plain",
    [AUTH_LOGIN] = "login",
    [AUTH_CRAM_MD5] = "cram-md5",
    [AUTH_APOP] = "apop",
    [AUTH_SCRAM_SHA_1] = "scram-sha-1",
    [AUTH_SCRAM_SHA_256] = "scram-sha-256",
    [AUTH_XOAUTH2] = "xoauth2",
    [AUTH_OAUTHBEARER] = "oauthbearer",
    [AUTH_USER] = "user",
    [AUTH_LOGIN_COMMAND] = "login-command",
    [AUTH_DIGEST_MD5] = "digest-md5",
};

const char *login_name(enum conf_auth way)
{
	return names[way];
}

enum conf_auth login_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return (enum conf_auth)i;
	return AUTH_AUTO;
}

/* --- life */

struct login *login_new(const struct login_settings *settings)
{
	struct login *login = xcalloc(1, sizeof(*login));
	unsigned char random[NONCE_BYTES];
	struct buf nonce = BUF_INIT(sizeof(login->nonce) - 1);

	login->settings = *settings;
	login->out = (struct buf)BUF_SECRET(2 * LOGIN_TEXT_MAX);
	login->scram = (struct buf)BUF_INIT(LOGIN_TEXT_MAX);
	login->shown = (struct buf)BUF_SECRET(4 * LOGIN_TEXT_MAX);
	rand_bytes(random, sizeof(random));
	base64_encode(slice_make((const char *)random, sizeof(random)), &nonce);
	snprintf(login->nonce, sizeof(login->nonce), "%s", buf_text(&nonce));
	buf_clear(&nonce);
	return login;
}

static void drop_pending(struct login *login)
{
	if (login->pending != NULL)
		explicit_bzero(login->pending, strlen(login->pending));
	free(login->pending);
	login->pending = NULL;
}

void login_free(struct login *login)
{
	if (login == NULL)
		return;
	drop_pending(login);
	login_secret_forget(login);
	buf_clear(&login->out);
	buf_clear(&login->shown);
	buf_clear(&login->scram);
	free(login);
}

void login_set_private(struct login *login, bool is_private)
{
	login->is_private = is_private;
}

struct buf *login_out(struct login *login)
{
	return &login->out;
}

const char *login_words(const struct login *login)
{
	return login->words;
}

enum conf_auth login_way(const struct login *login)
{
	return login->mechanism == NULL ? AUTH_AUTO : login->mechanism->way;
}

enum conf_auth login_asked(const struct login *login)
{
	return login->settings.auth;
}

enum conf_auth login_refused_way(const struct login *login)
{
	return login->first_refused;
}

/* --- sending */

/* A text that a server may repeat in its refusal must not reach a log. */
static void remember_shown(struct login *login, struct slice text)
{
	login->has_shown = true;
	buf_append_slice(&login->shown, text);
	buf_append_byte(&login->shown, '\n');
}

static void say_line(struct login *login, struct slice text)
{
	buf_append_slice(&login->out, text);
	buf_append_text(&login->out, "\r\n");
}

static void start_sasl(struct login *login, struct slice first)
{
	static const char *const verbs[] = {[LOGIN_POP3] = "AUTH", [LOGIN_IMAP] = "AUTHENTICATE", [LOGIN_SMTP] = "AUTH"};
	const enum login_protocol protocol = login->settings.protocol;
	size_t limit = protocol == LOGIN_POP3 ? POP3_COMMAND_MAX : protocol == LOGIN_SMTP ? SMTP_COMMAND_MAX : LOGIN_TEXT_MAX;
	size_t before = login->out.len;

	if (protocol == LOGIN_IMAP)
		buf_printf(&login->out, "P%u ", login->tag);
	buf_printf(&login->out, "%s %s", verbs[protocol], login->mechanism->sasl);
	/* RFC 4959: in IMAP only if announced; RFC 5034 and RFC 4954: always, if the line is not too long. */
	if (first.ptr != NULL && (protocol != LOGIN_IMAP || login->has_ir) && login->out.len - before + first.len + 3 <= limit) {
		buf_append_byte(&login->out, ' ');
		buf_append_slice(&login->out, first);
		remember_shown(login, first);
	} else if (first.ptr != NULL) {
		login->pending = slice_dup(first);
	}
	buf_append_text(&login->out, "\r\n");
}

/* The answer to a challenge is not the password, but allows to guess it. */
static void remember_parts(struct login *login, struct slice text)
{
	while (text.len > 0) {
		size_t len = 0;
		struct slice part;

		while (len < text.len && text.ptr[len] != '\0' && strchr("\1 ,\"\n", text.ptr[len]) == NULL)
			len++;
		part = slice_make(text.ptr, len);
		if (len >= PART_MIN && !slice_is(part, login->settings.user)) {
			buf_append_slice(&login->shown, part);
			buf_append_byte(&login->shown, '\n');
		}
		text = slice_from(text, len < text.len ? len + 1 : len);
	}
}

static enum login_result cancel(struct login *login)
{
	login->is_cancelled = true;
	say_line(login, SLICE_LITERAL("*"));
	return LOGIN_SAY;
}

static bool respond(struct login *login, struct slice challenge, struct buf *out)
{
	struct buf text = BUF_SECRET(LOGIN_TEXT_MAX);
	bool good = login->mechanism->respond(login, challenge, &text) && !text.overflow;

	if (good)
		remember_parts(login, buf_slice(&text));
	if (good && login->mechanism->sasl != NULL)
		base64_encode(buf_slice(&text), out);
	else if (good)
		buf_append_slice(out, buf_slice(&text));
	login->step++;
	buf_clear(&text);
	return good && !out->overflow;
}

static enum login_result finish(struct login *login, enum login_result nothing)
{
	return login->first_refused == AUTH_AUTO ? nothing : LOGIN_REFUSED;
}

/* Begins with the best remaining method. */
static enum login_result start(struct login *login)
{
	const struct login_mechanism *mechanism = login_choose(login);
	struct buf first = BUF_SECRET(2 * LOGIN_TEXT_MAX);

	if (mechanism == NULL)
		return finish(login, LOGIN_NONE);
	login->mechanism = mechanism;
	login->tried |= 1u << mechanism->way;
	login->step = 0;
	login->tag++;
	login->is_proved = true;
	login->has_shown = login->is_cancelled = login->is_answered = false;
	drop_pending(login);
	if (mechanism->speaks_first)
		respond(login, SLICE_NONE, &first);
	if (login->is_lost) {
		buf_clear(&first);
		return LOGIN_LOST;
	}
	if (mechanism->sasl != NULL) {
		start_sasl(login, mechanism->speaks_first ? buf_slice(&first) : SLICE_NONE);
	} else {
		login->has_shown = mechanism->way != AUTH_USER;
		say_line(login, buf_slice(&first));
	}
	buf_clear(&first);
	return LOGIN_SAY;
}

enum login_result login_begin(struct login *login, struct slice greeting, struct slice abilities)
{
	buf_reset(&login->out);
	login_read_abilities(login, greeting, abilities);
	return start(login);
}

/* --- receiving */

static enum reply pop3_reply(struct slice line, struct slice *text)
{
	*text = slice_from(line, line.len < 2 ? line.len : 2);
	if (slice_begins_nocase(line, "+OK"))
		return REPLY_GOOD;
	if (slice_begins_nocase(line, "-ERR"))
		return REPLY_BAD;
	return line.len > 0 && line.ptr[0] == '+' ? REPLY_CONTINUE : REPLY_BROKEN;
}

static enum reply smtp_reply(struct slice line, struct slice *text)
{
	uint64_t code;

	if (line.len < 3 || !slice_number(slice_make(line.ptr, 3), 200, 599, &code))
		return REPLY_BROKEN;
	*text = slice_from(line, line.len < 4 ? line.len : 4);
	if (line.len > 3 && line.ptr[3] == '-')
		return REPLY_MORE;
	if (code == 334)
		return REPLY_CONTINUE;
	return code < 300 ? REPLY_GOOD : code >= 400 ? REPLY_BAD : REPLY_BROKEN;
}

static enum reply imap_reply(const struct login *login, struct slice line, struct slice *text)
{
	struct slice rest = line, word = slice_cut(&rest, ' ');
	char tag[16];

	if (word.len > 0 && word.ptr[0] == '+') {
		*text = rest;
		return REPLY_CONTINUE;
	}
	if (slice_is(word, "*"))
		return slice_begins_nocase(rest, "BYE") ? REPLY_BAD : REPLY_MORE;
	snprintf(tag, sizeof(tag), "P%u", login->tag);
	if (!slice_is(word, tag))
		return REPLY_BROKEN;
	return slice_is_nocase(slice_cut(&rest, ' '), "OK") ? REPLY_GOOD : REPLY_BAD;
}

static enum reply read_reply(const struct login *login, struct slice line, struct slice *text)
{
	*text = SLICE_NONE;
	switch (login->settings.protocol) {
	case LOGIN_POP3:
		return pop3_reply(line, text);
	case LOGIN_SMTP:
		return smtp_reply(line, text);
	case LOGIN_IMAP:
		break;
	}
	return imap_reply(login, line, text);
}

/* The line without the secret, in any form that was sent. */
static void keep_words(struct login *login, struct slice line)
{
	struct buf text = BUF_SECRET(LOGIN_LINE_MAX), masked = BUF_SECRET(LOGIN_LINE_MAX);
	struct slice shown = buf_slice(&login->shown);

	buf_append_slice(&text, line);
	while (shown.len > 0)
		secret_mask(&text, slice_cut(&shown, '\n'));
	if (login_ask(login, LOGIN_MASK, buf_slice(&text), 0, &masked))
		str_printable(login->words, sizeof(login->words), buf_slice(&masked));
	else
		snprintf(login->words, sizeof(login->words), "***");
	buf_clear(&masked);
	buf_clear(&text);
}

/* --- a refusal */

static bool has_code(const struct login *login, const char *const *codes)
{
	for (; *codes != NULL; codes++)
		if (strcasestr(login->words, *codes) != NULL)
			return true;
	return false;
}

/* Response codes of RFC 2449, RFC 3206 and RFC 5530; SMTP replies 4xx. */
static bool is_busy(const struct login *login)
{
	static const char *const codes[] = {"[SYS/TEMP", "[IN-USE]", "[INUSE]", "[LOGIN-DELAY]", "[UNAVAILABLE]", NULL};

	return login->settings.protocol == LOGIN_SMTP ? login->words[0] == '4' : has_code(login, codes);
}

/* The mechanism was refused, not the credentials. */
static bool is_about_mechanism(const struct login *login)
{
	static const char *const codes[] = {"500", "501", "502", "503", "504", "534", "538", NULL};
	const char *words = login->words;

	if (!login->has_shown)
		return true;
	if (login->settings.protocol == LOGIN_IMAP)
		return strncasecmp(words + strcspn(words, " "), " BAD", 4) == 0;
	if (login->settings.protocol == LOGIN_SMTP)
		for (size_t i = 0; codes[i] != NULL; i++)
			if (strncmp(words, codes[i], 3) == 0)
				return true;
	return false;
}

static bool is_definite(const struct login *login)
{
	static const char *const codes[] = {"[AUTH]", "[AUTHENTICATIONFAILED]", "[AUTHORIZATIONFAILED]", "[EXPIRED]", NULL};

	return login->settings.protocol == LOGIN_SMTP ? strncmp(login->words, "535", 3) == 0 : has_code(login, codes);
}

static void note_refusal(struct login *login)
{
	enum login_kind kind = login->mechanism->kind;

	if (login->first_refused == AUTH_AUTO)
		login->first_refused = login->mechanism->way;
	if (is_about_mechanism(login))
		return;
	login->refused_kinds |= (unsigned)kind;
	/* A server that stores only hashes refuses every challenge with the reply for a wrong
	 * password. */
	login->is_definite |= kind != KIND_CHALLENGE && is_definite(login);
}

static enum login_result refused(struct login *login, struct slice line)
{
	keep_words(login, line);
	if (login->is_lost)
		return LOGIN_LOST;
	if (is_busy(login))
		return LOGIN_BUSY;
	note_refusal(login);
	return start(login);
}

/* --- the dialogue */

static enum login_result continued(struct login *login, struct slice text)
{
	struct buf challenge = BUF_INIT(LOGIN_LINE_MAX);
	size_t before = login->out.len;
	bool is_sasl = login->mechanism->sasl != NULL, good;

	if (login->is_cancelled)
		return LOGIN_WAIT;
	if (login->pending != NULL) { /* the request for the first response */
		remember_shown(login, slice_of(login->pending));
		say_line(login, slice_of(login->pending));
		drop_pending(login);
		return LOGIN_SAY;
	}
	/* The prompts of LOGIN are not always base64, and are ignored. */
	text = slice_trim(text);
	good = !is_sasl || login->mechanism->way == AUTH_LOGIN || base64_decode(text, &challenge);
	buf_reserve(&challenge, 1);
	good = good && respond(login, buf_slice(&challenge), &login->out);
	buf_clear(&challenge);
	if (!good) {
		login->out.len = before;
		return login->is_lost ? LOGIN_LOST : cancel(login);
	}
	if (login->mechanism->way != AUTH_LOGIN || login->step > 1)
		remember_shown(login, slice_make(login->out.ptr + before, login->out.len - before));
	buf_append_text(&login->out, "\r\n");
	return LOGIN_SAY;
}

static enum login_result accepted(struct login *login, struct slice line)
{
	struct slice no_challenge = SLICE_NONE;

	if (login->mechanism->way == AUTH_USER && login->step == 1) {
		respond(login, no_challenge, &login->out);
		if (login->is_lost)
			return LOGIN_LOST;
		login->has_shown = true;
		buf_append_text(&login->out, "\r\n");
		return LOGIN_SAY;
	}
	/* "+OK" in place of a challenge is not a login; nor is the reply of a server that could not prove its
	 * identity. */
	if (!login->has_shown || !login->is_proved)
		return refused(login, line);
	return LOGIN_DONE;
}

/* POP3 sends a SCRAM signature in a challenge; one in "+OK v=..." does not count (RFC 5034). */
enum login_result login_hear(struct login *login, struct slice line)
{
	struct slice text;

	if (login->mechanism == NULL)
		return LOGIN_BROKEN;
	login->is_answered = true;
	switch (read_reply(login, line, &text)) {
	case REPLY_MORE:
		return LOGIN_WAIT;
	case REPLY_CONTINUE:
		return continued(login, text);
	case REPLY_GOOD:
		return accepted(login, line);
	case REPLY_BAD:
		return refused(login, line);
	case REPLY_BROKEN:
		break;
	}
	keep_words(login, line);
	return LOGIN_BROKEN;
}

bool login_hung_up(struct login *login)
{
	if (login->first_refused == AUTH_AUTO)
		return false;
	/* The server disconnected after the last refusal, before the next method was tried. */
	if (login->mechanism != NULL && !login->is_answered)
		login->tried &= ~(1u << login->mechanism->way);
	return login_choose(login) != NULL;
}
