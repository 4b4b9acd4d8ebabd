/* CRAM-MD5 and SCRAM-SHA-256: the password is not transmitted. */
#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/rand.h"

#include "lan-server/login/sasl_priv.h"

#include <stdlib.h>

#define NONCE_LEN 18 /* bytes, 24 characters of base64 */

/* --- CRAM-MD5 */

/* name SP digest; the name may contain blanks. */
static enum sasl_result cram_response(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	ptrdiff_t blank = slice_find_last(response, ' ');
	struct sasl_proof proof;

	(void)challenge;
	if (blank < 0 || slice_find(response, '\0') >= 0)
		return sasl_malformed(error);
	sasl->name = xstrndup(response.ptr, (size_t)blank);
	proof = (struct sasl_proof){buf_slice(&sasl->first), slice_from(response, (size_t)blank + 1)};
	if (sasl->hooks.digest(sasl->hooks.context, slice_of(sasl->name), SASL_DIGEST_CRAM_MD5, &proof, user, error) != 0)
		return SASL_FAILED;
	return SASL_DONE;
}

enum sasl_result sasl_cram_challenge(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	uint64_t number;

	(void)user;
	if (response.ptr != NULL)
		return sasl_malformed(error); /* RFC 4954 section 4: no initial response here */
	rand_bytes(&number, sizeof(number));
	buf_printf(&sasl->first, "<%llu.%lld@%s>", (unsigned long long)number,
	    (long long)clock_wall(), sasl->hostname);
	buf_append_slice(challenge, buf_slice(&sasl->first));
	sasl->step = cram_response;
	return SASL_CHALLENGE;
}

/* --- SCRAM-SHA-256 */

/* Takes "x=value," off the front; returns false if it is a different attribute. */
static bool take_attribute(struct slice *rest, char letter, struct slice *value)
{
	*value = slice_cut(rest, ',');
	if (value->len < 2 || value->ptr[0] != letter || value->ptr[1] != '=')
		return false;
	*value = slice_from(*value, 2);
	return true;
}

/* "=2C" is a comma, "=3D" an equals sign. New memory, NULL for any other use of '='. */
static char *unescape_name(struct slice text)
{
	struct buf name = BUF_INIT(SASL_TEXT_MAX);
	char *result = NULL;
	bool good = true;

	for (size_t i = 0; i < text.len && good; i++) {
		if (text.ptr[i] != '=') {
			buf_append_byte(&name, text.ptr[i]);
			continue;
		}
		good = i + 2 < text.len && (memcmp(text.ptr + i, "=2C", 3) == 0 ||
					       memcmp(text.ptr + i, "=3D", 3) == 0);
		if (good)
			buf_append_byte(&name, text.ptr[i + 1] == '2' ? ',' : '=');
		i += 2;
	}
	if (good)
		result = xstrdup(buf_text(&name));
	buf_clear(&name);
	return result;
}

/* The client's empty line after our signature: RFC 4954 and 5034 have no text for success. */
static enum sasl_result scram_end(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	(void)challenge;
	if (response.len > 0)
		return sasl_malformed(error);
	*user = sasl->user;
	return SASL_DONE;
}

/* "c=" gs2-header in base64, "r=" both nonces, "p=" proof. */
static bool read_final(const struct sasl *sasl, struct slice text, struct slice *without_proof,
    struct buf *proof)
{
	struct buf header = BUF_INIT(SASL_TEXT_MAX);
	struct slice rest = text, binding, nonce;
	ptrdiff_t comma = slice_find_last(text, ',');
	bool good;

	if (comma < 0)
		return false;
	*without_proof = slice_make(text.ptr, (size_t)comma);
	good = take_attribute(&rest, 'c', &binding) && base64_decode(binding, &header) &&
	       slice_equal(buf_slice(&header), buf_slice(&sasl->gs2_header)) &&
	       take_attribute(&rest, 'r', &nonce) && slice_equal(nonce, buf_slice(&sasl->nonce));
	buf_clear(&header);
	rest = slice_from(text, without_proof->len + 1);
	return good && slice_begins_nocase(rest, "p=") &&
	       base64_decode(slice_from(rest, 2), proof) && proof->len == SCRAM_KEY_LEN;
}

static enum sasl_result scram_final(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	struct buf message = BUF_INIT(4 * SASL_TEXT_MAX), bytes = BUF_INIT(SCRAM_TEXT_MAX);
	unsigned char signature[SCRAM_KEY_LEN];
	enum sasl_result result = SASL_FAILED;
	struct sasl_proof proof;
	struct slice without_proof;

	if (response.len == 0 || !read_final(sasl, response, &without_proof, &bytes)) {
		buf_clear(&bytes);
		return sasl_malformed(error);
	}
	buf_append_slice(&message, buf_slice(&sasl->first));
	buf_append_byte(&message, ',');
	buf_append_slice(&message, without_proof);
	proof = (struct sasl_proof){buf_slice(&message), buf_slice(&bytes)};
	if (sasl->hooks.scram_end(sasl->hooks.context, slice_of(sasl->name), &proof, signature, user, error) == 0) {
		sasl->user = *user;
		buf_append_text(challenge, "v=");
		base64_encode(slice_make((char *)signature, sizeof(signature)), challenge);
		sasl->step = scram_end;
		result = SASL_CHALLENGE;
	}
	buf_clear(&message);
	buf_clear(&bytes);
	return result;
}

/* Our half of the nonce, and the data that the client needs for its key. */
static void scram_challenge(struct sasl *sasl, struct slice client_nonce, struct buf *challenge)
{
	unsigned char random[NONCE_LEN];

	rand_bytes(random, sizeof(random));
	buf_append_slice(&sasl->nonce, client_nonce);
	base64_encode(slice_make((char *)random, sizeof(random)), &sasl->nonce);
	buf_append_text(challenge, "r=");
	buf_append_slice(challenge, buf_slice(&sasl->nonce));
	buf_append_text(challenge, ",s=");
	base64_encode(slice_make((const char *)sasl->scram.salt, sasl->scram.salt_len),
	    challenge);
	buf_printf(challenge, ",i=%u", sasl->scram.iterations);
	buf_append_byte(&sasl->first, ',');
	buf_append_slice(&sasl->first, buf_slice(challenge));
}

/* "n": no channel binding; "y": the client knows it and did not see that we offer it; "p=type" with the PLUS mechanism. A
 * "y" although we offered it means that an attacker has removed it from our list (RFC 5802 section 6). */
static bool is_binding_good(const struct sasl *sasl, struct slice flag)
{
	if (sasl->is_bound)
		return flag.len > 2 && slice_begins_nocase(flag, "p=");
	return slice_is(flag, "n") || slice_is(flag, "y");
}

/* Appends the session's channel binding to the header: both must be returned in "c=". */
static bool bind_channel(struct sasl *sasl, struct slice flag)
{
	unsigned char bytes[TLS_BINDING_MAX];
	size_t len;

	if (!sasl->is_bound)
		return true;
	len = sasl->hooks.binding == NULL ? 0 : sasl->hooks.binding(sasl->hooks.context, slice_from(flag, 2), bytes);
	buf_append(&sasl->gs2_header, bytes, len);
	return len > 0;
}

/* The client's first message (RFC 5802 section 7): a flag of channel binding, an authorization name, then "n=" name and "r=" nonce. */
struct client_first {
	struct slice binding, acting, bare, name, nonce;
};

static bool read_first(const struct sasl *sasl, struct slice response, struct client_first *first)
{
	struct slice rest = response;

	if (response.len == 0 || slice_find(response, '\0') >= 0)
		return false;
	first->binding = slice_cut(&rest, ',');
	first->acting = slice_cut(&rest, ',');
	first->bare = rest;
	return is_binding_good(sasl, first->binding) && rest.ptr != NULL && take_attribute(&rest, 'n', &first->name) &&
	       take_attribute(&rest, 'r', &first->nonce) && (first->acting.len == 0 || slice_begins_nocase(first->acting, "a="));
}

/* Checks a parsed message. Returns 0, or -1 with the reason if it is not allowed. */
static int check_first(const struct sasl *sasl, const struct client_first *first, struct error *error)
{
	if (first->acting.len > 0 && !slice_equal_nocase(slice_from(first->acting, 2), first->name))
		return error_set(error, ERROR_LOGIN, N_("The authorization identity must be the login name"));
	if (slice_is(first->binding, "y") && (sasl->offered & SASL_SCRAM_SHA_256_PLUS))
		return error_set(error, ERROR_LOGIN, N_("The list of mechanisms was changed on the way: "
		    "SCRAM-SHA-256-PLUS is offered"));
	return 0;
}

enum sasl_result sasl_scram_first(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error)
{
	struct client_first first;

	(void)user;
	if (!read_first(sasl, response, &first))
		return sasl_malformed(error);
	sasl->name = unescape_name(first.name);
	if (sasl->name == NULL)
		return sasl_malformed(error);
	if (check_first(sasl, &first, error) != 0)
		return SASL_FAILED;
	buf_append_slice(&sasl->gs2_header, slice_make(response.ptr, (size_t)(first.bare.ptr - response.ptr)));
	if (!bind_channel(sasl, first.binding)) {
		error_set(error, ERROR_PROTOCOL, N_("This TLS session does not support that channel "
		    "binding type"));
		return SASL_MALFORMED;
	}
	if (sasl->hooks.scram_begin(sasl->hooks.context, slice_of(sasl->name), &sasl->scram, error) != 0)
		return SASL_FAILED;
	buf_append_slice(&sasl->first, first.bare);
	scram_challenge(sasl, first.nonce, challenge);
	sasl->step = scram_final;
	return SASL_CHALLENGE;
}
