/* The ways to log in, one function each, in the order of those that hide the password. */
#include "base/alloc.h"
#include "upstream/login_priv.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define MD5_LEN 16
#define ALL (LOGIN_POP3 | LOGIN_IMAP | LOGIN_SMTP)

void login_hex(const unsigned char *bytes, size_t len, struct buf *out)
{
	for (size_t i = 0; i < len; i++)
		buf_printf(out, "%02x", bytes[i]);
}

static bool plain(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 0)
		return false;
	buf_append_byte(response, '\0');
	buf_append_text(response, login->settings.user);
	buf_append_byte(response, '\0');
	buf_append_text(response, login->settings.secret);
	return true;
}

/* What the server asks is not looked at: "Username:" and "Password:" have many forms. */
static bool auth_login(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 1)
		return false;
	buf_append_text(response, login->step == 0 ? login->settings.user : login->settings.secret);
	return true;
}

static bool cram_md5(struct login *login, struct slice challenge, struct buf *response)
{
	const char *secret = login->settings.secret;
	unsigned char digest[MD5_LEN];
	unsigned len = sizeof(digest);

	if (login->step > 0 || challenge.len == 0)
		return false;
	if (HMAC(EVP_md5(), secret, (int)strlen(secret), (const unsigned char *)challenge.ptr, challenge.len, digest, &len) == NULL)
		return false;
	buf_printf(response, "%s ", login->settings.user);
	login_hex(digest, sizeof(digest), response);
	return true;
}

static bool scram_sha_1(struct login *login, struct slice challenge, struct buf *response)
{
	return login_scram(login, "SHA1", challenge, response);
}

static bool scram_sha_256(struct login *login, struct slice challenge, struct buf *response)
{
	return login_scram(login, "SHA256", challenge, response);
}

/* A refusal comes as a challenge with a text for programs; the empty answer to it brings the real one. */
static bool xoauth2(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step == 0)
		buf_printf(response, "user=%s\x01" "auth=Bearer %s\x01\x01", login->settings.user, login->settings.secret);
	return login->step <= 1;
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
	buf_printf(response, ",\x01" "auth=Bearer %s\x01\x01", login->settings.secret);
	return true;
}

/* --- commands */

static bool apop(struct login *login, struct slice challenge, struct buf *response)
{
	struct buf text = BUF_INIT(LOGIN_TEXT_MAX);
	unsigned char digest[MD5_LEN];
	bool good;

	(void)challenge;
	buf_printf(&text, "%s%s", login->timestamp, login->settings.secret);
	good = login->step == 0 && EVP_Digest(text.ptr, text.len, digest, NULL, EVP_md5(), NULL) == 1;
	explicit_bzero(text.ptr, text.len);
	buf_clear(&text);
	if (!good)
		return false;
	buf_printf(response, "APOP %s ", login->settings.user);
	login_hex(digest, sizeof(digest), response);
	return true;
}

static bool user_pass(struct login *login, struct slice challenge, struct buf *response)
{
	(void)challenge;
	if (login->step > 1)
		return false;
	buf_printf(response, login->step == 0 ? "USER %s" : "PASS %s",
	    login->step == 0 ? login->settings.user : login->settings.secret);
	return true;
}

/* RFC 3501: what is not ASCII needs a literal. */
static bool needs_literal(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || (unsigned char)*text > 0x7e)
			return true;
	return false;
}

/* Appends the string, or announces it as a literal. True if it is there. */
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

/* Step 0: the command; 1: the user was a literal, here it is; 2: the password was one. */
static bool imap_login(struct login *login, struct slice challenge, struct buf *response)
{
	const char *user = login->settings.user, *secret = login->settings.secret;
	bool user_there = true;

	(void)challenge;
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
