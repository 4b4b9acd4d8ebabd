#include "lan-server/login/sasl_priv.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/i18n.h"

#include <stdlib.h>

enum sasl_result sasl_malformed(struct error *error)
{
	error_set(error, ERROR_PROTOCOL, N_("Invalid base64 data, or incomplete response"));
	return SASL_MALFORMED;
}

static enum sasl_result log_in(struct sasl *sasl, struct slice name, struct slice password,
    const char **user, struct error *error)
{
	if (sasl->hooks.login(sasl->hooks.context, name, password, user, error) == 0)
		return SASL_DONE;
	return SASL_FAILED;
}

/* --- PLAIN: authorization NUL authentication NUL password; no user may act for another */

static enum sasl_result plain(struct sasl *sasl, struct slice response, struct buf *challenge,
    const char **user, struct error *error)
{
	struct slice rest = response;
	struct slice acting = slice_cut(&rest, '\0'), name = slice_cut(&rest, '\0');

	(void)challenge;
	if (rest.ptr == NULL || slice_find(rest, '\0') >= 0)
		return sasl_malformed(error);
	if (acting.len > 0 && !slice_equal_nocase(acting, name)) {
		error_set(error, ERROR_LOGIN, N_("The authorization identity must be the login name"));
		return SASL_FAILED;
	}
	return log_in(sasl, name, rest, user, error);
}

/* --- LOGIN: never standardized, but used everywhere */

static enum sasl_result login_password(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	(void)challenge;
	return log_in(sasl, slice_of(sasl->name), response, user, error);
}

static enum sasl_result login_name(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	(void)user;
	(void)error;
	sasl->name = slice_find(response, '\0') >= 0 ? xstrdup("") : slice_dup(response);
	sasl->step = login_password;
	buf_append_text(challenge, "Password:");
	return SASL_CHALLENGE;
}

static enum sasl_result login_begin(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	if (response.ptr != NULL) /* not specified, but used: the name is sent at once */
		return login_name(sasl, response, challenge, user, error);
	sasl->step = login_name;
	buf_append_text(challenge, "Username:");
	return SASL_CHALLENGE;
}

/* --- the frame */

static const struct mechanism {
	const char *name;
	unsigned bit;
	bool client_first;
	sasl_step_fn *step;
} mechanisms[] = {
    /* Best first: many clients use the first one that they know. */
    {"SCRAM-SHA-256-PLUS", SASL_SCRAM_SHA_256_PLUS, true, sasl_scram_first},
    {"SCRAM-SHA-256", SASL_SCRAM_SHA_256, true, sasl_scram_first},
    {"CRAM-MD5", SASL_CRAM_MD5, false, sasl_cram_challenge},
    {"PLAIN", SASL_PLAIN, true, plain},
    {"LOGIN", SASL_LOGIN, false, login_begin},
};

void sasl_list(unsigned offered, struct buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		if (!(offered & mechanisms[i].bit))
			continue;
		buf_printf(out, "%s%s", between, mechanisms[i].name);
		between = " ";
	}
}

void sasl_begin(struct sasl **out, const struct sasl_hooks *hooks, const char *hostname,
    unsigned offered, struct slice mechanism)
{
	*out = NULL;
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		const struct mechanism *found = &mechanisms[i];
		struct sasl *sasl;

		if (!(offered & found->bit) || !slice_is_nocase(mechanism, found->name))
			continue;
		sasl = xcalloc(1, sizeof(*sasl));
		sasl->hooks = *hooks;
		sasl->hostname = hostname;
		sasl->step = found->step;
		sasl->offered = offered;
		sasl->is_bound = found->bit == SASL_SCRAM_SHA_256_PLUS;
		sasl->client_first = found->client_first;
		buf_init(&sasl->first, SASL_TEXT_MAX);
		buf_init(&sasl->nonce, SASL_TEXT_MAX);
		buf_init(&sasl->gs2_header, SASL_TEXT_MAX);
		*out = sasl;
		return;
	}
}

void sasl_free(struct sasl *sasl)
{
	if (sasl == NULL)
		return;
	free(sasl->name);
	buf_clear(&sasl->first);
	buf_clear(&sasl->nonce);
	buf_clear(&sasl->gs2_header);
	free(sasl);
}

static enum sasl_result run_step(struct sasl *sasl, struct slice line, struct buf *challenge,
    const char **user, struct error *error)
{
	struct buf response = BUF_INIT(SASL_TEXT_MAX);
	bool empty = line.len == 0 || (!sasl->started && slice_is(line, "="));
	enum sasl_result result = SASL_MALFORMED;

	buf_reserve(&response, 1); /* an empty response is also a response: its ptr is not NULL */
	if (line.ptr == NULL)
		result = sasl->step(sasl, SLICE_NONE, challenge, user, error);
	else if (empty || base64_decode(line, &response))
		result = sasl->step(sasl, buf_slice(&response), challenge, user, error);
	else
		sasl_malformed(error);
	explicit_bzero(response.ptr, response.capacity);
	buf_clear(&response);
	return result;
}

enum sasl_result sasl_step(struct sasl *sasl, struct slice line, struct buf *challenge,
    const char **user, struct error *error)
{
	struct buf plain_text = BUF_INIT(SASL_TEXT_MAX);
	enum sasl_result result;

	buf_reset(challenge);
	if (!sasl->started && line.ptr == NULL && sasl->client_first) {
		sasl->started = true;
		return SASL_CHALLENGE; /* an empty one */
	}
	if (sasl->started && slice_is(line, "*")) {
		error_set(error, ERROR_CANCELLED, N_("Login cancelled"));
		return SASL_MALFORMED;
	}
	result = run_step(sasl, line, &plain_text, user, error);
	sasl->started = true;
	base64_encode(buf_slice(&plain_text), challenge);
	buf_clear(&plain_text);
	return result;
}
