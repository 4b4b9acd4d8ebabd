/* Computations with the secret: here, or by its keeper. */
#include "upstream/login_priv.h"

#include "base/alloc.h"
#include "upstream/secret_mask.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

static bool md5_behind(struct slice secret, struct slice with, struct buf *out)
{
	struct buf text = BUF_SECRET(LOGIN_TEXT_MAX);
	unsigned char digest[LOGIN_MD5_LEN];
	bool good = buf_append_slice(&text, with) == 0 && buf_append_slice(&text, secret) == 0 &&
		    EVP_Digest(buf_text(&text), text.len, digest, NULL, EVP_md5(), NULL) == 1 && buf_append(out, digest, sizeof(digest)) == 0;

	explicit_bzero(digest, sizeof(digest));
	buf_clear(&text);
	return good;
}

static bool hmac_md5(struct slice secret, struct slice with, struct buf *out)
{
	unsigned char digest[LOGIN_MD5_LEN];
	unsigned len = sizeof(digest);

	return HMAC(EVP_md5(), secret.ptr, (int)secret.len, (const unsigned char *)with.ptr, with.len, digest, &len) != NULL &&
	       buf_append(out, digest, len) == 0;
}

static bool salted(struct slice secret, const EVP_MD *md, struct slice with, unsigned iterations, struct buf *out)
{
	unsigned char key[EVP_MAX_MD_SIZE];
	int len = EVP_MD_get_size(md);
	bool good = iterations >= 1 && iterations <= LOGIN_ITERATIONS_MAX &&
		    PKCS5_PBKDF2_HMAC(secret.ptr, (int)secret.len, (const unsigned char *)with.ptr, (int)with.len, (int)iterations, md,
			len, key) == 1 &&
		    buf_append(out, key, (size_t)len) == 0;

	explicit_bzero(key, sizeof(key));
	return good;
}

static bool masked(struct slice secret, struct slice with, struct buf *out)
{
	struct buf text = BUF_SECRET(with.len + 1);
	bool good = buf_append_slice(&text, with) == 0;

	if (good)
		secret_mask(&text, secret);
	good = good && buf_append_slice(out, buf_slice(&text)) == 0;
	buf_clear(&text);
	return good;
}

bool login_secret_answer(const char *text, enum login_question question, struct slice with, unsigned iterations, struct buf *out)
{
	struct slice secret = slice_of(text);

	switch (question) {
	case LOGIN_SHOW:
		return buf_append_slice(out, secret) == 0;
	case LOGIN_HMAC_MD5:
		return hmac_md5(secret, with, out);
	case LOGIN_MD5_BEHIND:
		return md5_behind(secret, with, out);
	case LOGIN_SALTED_SHA_1:
		return salted(secret, EVP_sha1(), with, iterations, out);
	case LOGIN_SALTED_SHA_256:
		return salted(secret, EVP_sha256(), with, iterations, out);
	case LOGIN_MASK:
		return masked(secret, with, out);
	default:
		return false;
	}
}

bool login_ask(struct login *login, enum login_question question, struct slice with, unsigned iterations, struct buf *out)
{
	const struct login_keeper *keeper = login->settings.keeper;

	bool good = keeper == NULL ? login_secret_answer(login->settings.secret, question, with, iterations, out)
				   : keeper->answer(keeper->context, question, with, iterations, out);

	login->is_lost = login->is_lost || !good;
	return good;
}

const char *login_secret_text(struct login *login)
{
	struct buf text = BUF_SECRET(LOGIN_SECRET_MAX);

	if (login->settings.keeper == NULL)
		return login->settings.secret;
	if (login->seen == NULL && login_ask(login, LOGIN_SHOW, SLICE_NONE, 0, &text))
		login->seen = xstrdup(buf_text(&text));
	buf_clear(&text);
	return login->seen;
}

void login_secret_forget(struct login *login)
{
	if (login->seen != NULL)
		explicit_bzero(login->seen, strlen(login->seen));
	free(login->seen);
	login->seen = NULL;
}
