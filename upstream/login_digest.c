/* DIGEST-MD5 (RFC 2831), the client's side, without a security layer. Historic (RFC 6331): for servers that support
 * nothing better. */
#include "base/buf.h"
#include "upstream/login_priv.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define VALUE_MAX 1024

/* The value of `name=` in a challenge: a list of name=value or name="value", with commas. Returns false if it does
 * not exist. */
static bool find_value(struct slice challenge, const char *name, struct buf *value)
{
	for (size_t at = 0; at < challenge.len;) {
		size_t start = at, end;
		bool is_it, is_quoted;

		while (start < challenge.len && strchr(" ,\t\r\n", challenge.ptr[start]) != NULL)
			start++;
		for (end = start; end < challenge.len && challenge.ptr[end] != '=';)
			end++;
		is_it = slice_is_nocase(slice_make(challenge.ptr + start, end - start), name);
		at = end + 1;
		is_quoted = at < challenge.len && challenge.ptr[at] == '"';
		for (at += is_quoted; at < challenge.len && challenge.ptr[at] != (is_quoted ? '"' : ','); at++) {
			if (is_quoted && challenge.ptr[at] == '\\' && at + 1 < challenge.len)
				at++;
			if (is_it)
				buf_append_byte(value, challenge.ptr[at]);
		}
		at += is_quoted;
		if (is_it)
			return !value->overflow;
	}
	return false;
}

static void md5(struct slice text, unsigned char out[LOGIN_MD5_LEN])
{
	if (EVP_Digest(text.ptr, text.len, out, NULL, EVP_md5(), NULL) != 1)
		abort();
}

static void append_md5(struct buf *out, struct buf *text)
{
	unsigned char digest[LOGIN_MD5_LEN];

	md5(buf_slice(text), digest);
	login_hex(digest, sizeof(digest), out);
}

/* The hash of the user, the realm and the password, with both nonces, in hexadecimal. */
static bool append_a1(struct login *login, const char *realm, const char *nonce, struct buf *out)
{
	struct buf who = BUF_INIT(LOGIN_TEXT_MAX), text = BUF_SECRET(LOGIN_TEXT_MAX);
	bool good;

	buf_printf(&who, "%s:%s:", login->settings.user, realm);
	good = login_ask(login, LOGIN_MD5_BEHIND, buf_slice(&who), 0, &text);
	buf_printf(&text, ":%s:%s", nonce, login->nonce);
	append_md5(out, &text);
	buf_clear(&who);
	buf_clear(&text);
	return good;
}

/* RFC 2831 section 2.1.2.1; the server's proof has an empty method. */
static bool append_proof(struct login *login, const char *realm, const char *nonce, const char *method, const char *uri,
    struct buf *out)
{
	struct buf text = BUF_INIT(LOGIN_TEXT_MAX), a2 = BUF_INIT(VALUE_MAX);

	bool good = append_a1(login, realm, nonce, &text);

	buf_printf(&text, ":%s:00000001:%s:auth:", nonce, login->nonce);
	buf_printf(&a2, "%s:%s", method, uri);
	append_md5(&text, &a2);
	append_md5(out, &text);
	buf_clear(&text);
	buf_clear(&a2);
	return good;
}

static void append_quoted(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_append_byte(out, '\\');
		buf_append_byte(out, *value);
	}
	buf_append_byte(out, '"');
}

static bool append_response(struct login *login, const char *realm, const char *nonce, struct buf *response)
{
	const char *service = login->settings.protocol == LOGIN_POP3 ? "pop" : login->settings.protocol == LOGIN_IMAP ? "imap" : "smtp";
	struct buf uri = BUF_INIT(VALUE_MAX);
	bool good;

	buf_printf(&uri, "%s/%.*s", service, (int)strcspn(login->settings.host, ":"), login->settings.host);
	buf_append_text(response, "charset=utf-8,");
	append_quoted(response, "username", login->settings.user);
	buf_append_byte(response, ',');
	append_quoted(response, "realm", realm);
	buf_append_byte(response, ',');
	append_quoted(response, "nonce", nonce);
	buf_printf(response, ",nc=00000001,cnonce=\"%s\",", login->nonce);
	append_quoted(response, "digest-uri", buf_text(&uri));
	buf_append_text(response, ",response=");
	good = append_proof(login, realm, nonce, "AUTHENTICATE", buf_text(&uri), response);
	buf_append_text(response, ",qop=auth");
	buf_reset(&login->scram); /* the expected proof of the server */
	good = good && append_proof(login, realm, nonce, "", buf_text(&uri), &login->scram);
	buf_clear(&uri);
	return good;
}

bool login_digest_md5(struct login *login, struct slice challenge, struct buf *response)
{
	struct buf realm = BUF_INIT(VALUE_MAX), nonce = BUF_INIT(VALUE_MAX);
	bool good = true;

	if (login->step == 0) {
		login->is_proved = false;
		find_value(challenge, "realm", &realm);
		good = find_value(challenge, "nonce", &nonce) && memchr(buf_text(&nonce), '\0', nonce.len) == NULL;
		good = good && append_response(login, buf_text(&realm), buf_text(&nonce), response);
	} else {
		good = login->step == 1 && find_value(challenge, "rspauth", &nonce) &&
		       slice_equal(buf_slice(&nonce), buf_slice(&login->scram));
		login->is_proved = good;
	}
	buf_clear(&realm);
	buf_clear(&nonce);
	return good && !response->overflow;
}
