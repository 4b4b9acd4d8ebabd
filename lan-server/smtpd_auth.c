/*
 * AUTH PLAIN (RFC 4616) and AUTH LOGIN, as extension of SMTP (RFC 4954).
 */
#include "base/alloc.h"

#include "lan-server/smtpd_priv.h"

#include <openssl/evp.h>
#include <stdlib.h>

#define BAD_LOGINS_MAX 5

/* Decodes base64 into new memory, which the caller wipes and frees with forget(). Strict: whole
 * groups, padding only at the end. "=" alone is the empty string. */
static bool decode(struct slice text, struct slice *plain)
{
	unsigned char *bytes;
	int len;

	if (slice_is(text, "="))
		text.len = 0;
	if (text.len % 4 != 0 || text.len > SMTPD_LINE_MAX)
		return false;
	bytes = xmalloc(text.len / 4 * 3 + 1);
	len = text.len == 0
	          ? 0
	          : EVP_DecodeBlock(bytes, (const unsigned char *)text.ptr, (int)text.len);
	if (len < 0) {
		free(bytes);
		return false;
	}
	/* EVP_DecodeBlock counts the padding in. */
	for (size_t i = text.len; i > 0 && i + 2 > text.len && text.ptr[i - 1] == '='; i--)
		len--;
	*plain = slice_make((char *)bytes, (size_t)len);
	return true;
}

static void forget(struct slice *secret)
{
	if (secret->ptr != NULL)
		explicit_bzero((char *)secret->ptr, secret->len);
	free((char *)secret->ptr);
	*secret = SLICE_NONE;
}

static enum smtpd_effect login_failed(struct smtpd *smtpd, const struct error *error)
{
	smtpd_reply_error(smtpd, error, 535, "5.7.8");
	if (++smtpd->bad_logins < BAD_LOGINS_MAX)
		return SMTPD_CONTINUE;
	smtpd_reply(smtpd, "421 4.7.0 Too many failed logins, goodbye");
	return SMTPD_CLOSE;
}

static enum smtpd_effect log_in(struct smtpd *smtpd, struct slice name, struct slice password)
{
	struct smtpd_hooks *hooks = &smtpd->options.hooks;
	struct error error = ERROR_INIT;

	smtpd->state = SMTPD_READY;
	if (hooks->login(hooks->context, name, password, &smtpd->user, &error) != 0) {
		smtpd->user = NULL;
		return login_failed(smtpd, &error);
	}
	smtpd_reply(smtpd, "235 2.7.0 Welcome");
	return SMTPD_CONTINUE;
}

static enum smtpd_effect bad_response(struct smtpd *smtpd)
{
	smtpd->state = SMTPD_READY;
	smtpd_reply(smtpd, "501 5.5.2 Not valid base64, or not the parts it needs");
	return smtpd_mistake(smtpd);
}

/* authorization NUL authentication NUL password; nobody may act for another. */
static enum smtpd_effect plain_response(struct smtpd *smtpd, struct slice text)
{
	struct slice plain = SLICE_NONE, rest, acting, name;
	enum smtpd_effect effect;

	if (!decode(text, &plain))
		return bad_response(smtpd);
	rest = plain;
	acting = slice_cut(&rest, '\0');
	name = slice_cut(&rest, '\0');
	if (rest.ptr == NULL || slice_find(rest, '\0') >= 0) {
		effect = bad_response(smtpd);
	} else if (acting.len > 0 && !slice_equal_nocase(acting, name)) {
		struct error error = ERROR_INIT;

		smtpd->state = SMTPD_READY;
		error_set(&error, ERROR_LOGIN, "You may log in as yourself only");
		effect = login_failed(smtpd, &error);
	} else {
		effect = log_in(smtpd, name, rest);
	}
	forget(&plain);
	return effect;
}

static enum smtpd_effect login_name(struct smtpd *smtpd, struct slice text)
{
	struct slice plain = SLICE_NONE;

	if (!decode(text, &plain))
		return bad_response(smtpd);
	free(smtpd->login_name);
	smtpd->login_name = slice_find(plain, '\0') >= 0 ? xstrdup("") : slice_dup(plain);
	forget(&plain);
	smtpd->state = SMTPD_AUTH_LOGIN_WORD;
	smtpd_reply(smtpd, "334 UGFzc3dvcmQ6"); /* Password: */
	return SMTPD_CONTINUE;
}

static enum smtpd_effect login_word(struct smtpd *smtpd, struct slice text)
{
	struct slice plain = SLICE_NONE;
	enum smtpd_effect effect;

	if (!decode(text, &plain))
		return bad_response(smtpd);
	effect = log_in(smtpd, slice_of(smtpd->login_name), plain);
	forget(&plain);
	return effect;
}

static const struct mechanism {
	const char *name;
	enum smtpd_state state; /* in which its first response is awaited */
	const char *challenge;  /* for that response, in base64 */
	enum smtpd_effect (*response)(struct smtpd *smtpd, struct slice text);
} mechanisms[] = {
    {"PLAIN", SMTPD_AUTH_PLAIN, "", plain_response},
    {"LOGIN", SMTPD_AUTH_LOGIN_NAME, "VXNlcm5hbWU6", login_name}, /* Username: */
};

enum smtpd_effect smtpd_cmd_auth(struct smtpd *smtpd, struct slice arg)
{
	struct slice initial = arg;
	struct slice name = slice_cut(&initial, ' ');

	if (smtpd->user != NULL) {
		smtpd_reply(smtpd, "503 5.5.1 You are logged in already");
		return smtpd_mistake(smtpd);
	}
	initial = slice_trim(initial);
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		if (!slice_is_nocase(name, mechanisms[i].name))
			continue;
		if (initial.len > 0)
			return mechanisms[i].response(smtpd, initial);
		smtpd->state = mechanisms[i].state;
		smtpd_reply(smtpd, "334 %s", mechanisms[i].challenge);
		return SMTPD_CONTINUE;
	}
	smtpd_reply(smtpd, "504 5.5.4 Unknown mechanism: PLAIN and LOGIN are offered");
	return smtpd_mistake(smtpd);
}

enum smtpd_effect smtpd_auth_response(struct smtpd *smtpd, struct slice line)
{
	if (slice_is(line, "*")) {
		smtpd->state = SMTPD_READY;
		smtpd_reply(smtpd, "501 5.7.0 Login cancelled");
		return smtpd_mistake(smtpd);
	}
	if (smtpd->state == SMTPD_AUTH_LOGIN_WORD)
		return login_word(smtpd, line);
	return smtpd->state == SMTPD_AUTH_PLAIN ? plain_response(smtpd, line)
	                                        : login_name(smtpd, line);
}
