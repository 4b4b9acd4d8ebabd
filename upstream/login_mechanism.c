/* The login methods, one function each; those that hide the password come first. */
#include "base/alloc.h"
#include "upstream/login_priv.h"

#include <stdlib.h>

#define ALL (LOGIN_POP3 | LOGIN_IMAP | LOGIN_SMTP)

void login_hex(const unsigned char *bytes, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", bytes[i]);
}

/* Appends the secret; returns false if it is not available. */
static bool append_secret(struct login *login, struct buf *out)
{
	const char *secret = login_secret_text(login);

	return secret != NULL && buf_append_text(out, secret) == 0;
}

static bool plain(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 0)
		return false;
	buf_append_byte(response, '\0');
	buf_append_text(response, login->settings.user);
	buf_append_byte(response, '\0');
	return append_secret(login, response);
}

/* The prompts are ignored: "Username:" and "Password:" have many forms. */
static bool auth_login(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 1)
		return false;
	if (login->step == 0)
		return buf_append_text(response, login->settings.user) == 0;
	return append_secret(login, response);
}

/* The name, followed by lower-case hexadecimal digits. */
static bool append_digest(struct login *login, enum login_question question, struct slice with, struct buf *response)
{
	struct buf digest = BUF_INIT(LOGIN_MD5_LEN);
	bool good = login_ask(login, question, with, 0, &digest) && digest.len == LOGIN_MD5_LEN;

	if (good) {
		buf_printf(response, "%s ", login->settings.user);
		login_hex((const unsigned char *)digest.ptr, digest.len, response);
	}
	buf_clear(&digest);
	return good;
}

static bool cram_md5(struct login *login, struct slice challenge, struct buf *response)
{
	return login->step == 0 && challenge.len > 0 && append_digest(login, LOGIN_HMAC_MD5, challenge, response);
}

static bool scram_sha_1(struct login *login, struct slice challenge, struct buf *response)
{
	return login_scram(login, "SHA1", challenge, response);
}

static bool scram_sha_256(struct login *login, struct slice challenge, struct buf *response)
{
	return login_scram(login, "SHA256", challenge, response);
}

/* A refusal is a challenge with a text for programs; an empty answer to it gets the final reply. */
static bool xoauth2(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 0)
		return login->step == 1;
	buf_printf(response, "user=%s\x01" "auth=Bearer ", login->settings.user);
	return append_secret(login, response) && buf_append_text(response, "\x01\x01") == 0;
}

/* RFC 7628; the name is escaped as in SCRAM. */
static bool oauthbearer(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 0) {
		buf_append_byte(response, '\x01');
		return login->step == 1;
	}
	buf_append_text(response, "n,a=");
	for (const char *at = login->settings.user; *at != '\0'; at++) {
		if (*at == ',' || *at == '=')
			buf_append_text(response, *at == ',' ? "=2C" : "=3D");
		else
			buf_append_byte(response, *at);
	}
	buf_append_text(response, ",\x01" "auth=Bearer ");
	return append_secret(login, response) && buf_append_text(response, "\x01\x01") == 0;
}

/* --- commands */

static bool apop(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	buf_append_text(response, "APOP ");
	return login->step == 0 && append_digest(login, LOGIN_MD5_BEHIND, slice_of(login->timestamp), response);
}

static bool user_pass(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 1)
		return false;
	if (login->step == 0)
		return buf_printf(response, "USER %s", login->settings.user) == 0;
	return buf_append_text(response, "PASS ") == 0 && append_secret(login, response);
}

/* RFC 3501: non-ASCII text needs a literal. */
static bool needs_literal(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return true;
	return false;
}

/* Appends the string, or announces it as a literal. Returns true if it was appended. */
static bool append_string(struct buf *out, const char *text)
{
	if (needs_literal(text)) {
		buf_printf(out, " {%zu}", strlen(text));
		return false;
	}
	buf_append_text(out, " \"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, *text);
	}
	buf_append_byte(out, '"');
	return true;
}

/* Step 0: the command; 1: the user as a literal; 2: the password as a literal. */
static bool imap_login(struct login *login, struct slice challenge, struct buf *response)
{
	const char *user = login->settings.user, *secret = login_secret_text(login);
	bool user_there = true;

	(void)challenge;
	if (secret == NULL)
		return false;
	if (login->step == 0) {
		buf_printf(response, "P%u LOGIN", login->tag);
		user_there = append_string(response, user);
	} else if (login->step == 1 && needs_literal(user)) {
		buf_append_text(response, user);
	} else if (login->step <= 2) {
		buf_append_text(response, secret);
		login->step = 2;
		return true;
	} else {
		return false;
	}
	if (user_there && append_string(response, secret))
		login->step = 2;
	return true;
}

const struct login_mechanism login_mechanisms[] = {
    {AUTH_OAUTHBEARER, "OAUTHBEARER", ALL, KIND_TOKEN, true, oauthbearer},
    {AUTH_XOAUTH2, "XOAUTH2", ALL, KIND_TOKEN, true, xoauth2},
    {AUTH_SCRAM_SHA_256, "SCRAM-SHA-256", ALL, KIND_CHALLENGE, true, scram_sha_256},
    {AUTH_SCRAM_SHA_1, "SCRAM-SHA-1", ALL, KIND_CHALLENGE, true, scram_sha_1},
    {AUTH_CRAM_MD5, "CRAM-MD5", ALL, KIND_CHALLENGE, false, cram_md5},
    {AUTH_DIGEST_MD5, "DIGEST-MD5", ALL, KIND_CHALLENGE, false, login_digest_md5},
    {AUTH_APOP, NULL, LOGIN_POP3, KIND_CHALLENGE, true, apop},
    {AUTH_PLAIN, "PLAIN", ALL, KIND_PASSWORD, true, plain},
    {AUTH_LOGIN, "LOGIN", ALL, KIND_PASSWORD, false, auth_login},
    {AUTH_LOGIN_COMMAND, NULL, LOGIN_IMAP, KIND_COMMAND, true, imap_login},
    {AUTH_USER, NULL, LOGIN_POP3, KIND_COMMAND, true, user_pass},
};
const size_t login_mechanism_count = ARRAY_LEN(login_mechanisms);
