#include "fetcher/digest.h"

#include "base/buf.h"
#include "base/file/fsx.h"
#include "message/attachment/attachment_odd.h"
#include "message/header.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE (4u << 20) /* bytes of a mapped file in memory at a time */

/* Received and the envelope fields distinguish copies of one message. Fields such as Status and X-UIDL change. */
static const char *const lasting[] = {"Message-ID", "Date", "From", "To", "Cc", "Subject", "Received",
    "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", NULL};
/* What all copies have, with all that decides how the body is read and whom an answer reaches: a forged copy may differ there alone. */
static const char *const common[] = {"Message-ID", "Date", "From", "To", "Cc", "Subject", "Sender", "Reply-To", "Mail-Reply-To", "Mail-Followup-To",
    "Disposition-Notification-To", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Encoding", "Content-Base",
    "Content-Location", NULL};

static bool is_one_of(const char *const *names, struct slice name)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

static uint64_t first_bits(const unsigned char *digest)
{
	uint64_t value = 0;

	for (size_t i = 0; i < 8; i++)
		value = value << 8 | digest[i];
	value &= INT64_MAX;
	return value == 0 ? 1 : value;
}

#define FIELDS_MAX (2 * DIGEST_HEADER_MAX)

static void collect(struct slice message, const char *const *names, struct buf *text)
{
	struct header_walk walk;
	struct header_field field;

	if (message.len > DIGEST_HEADER_MAX)
		message.len = DIGEST_HEADER_MAX;
	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field)) {
		if (!is_one_of(names, field.name))
			continue;
		buf_append_slice(text, field.name);
		buf_append_byte(text, ':');
		header_unfold(field.body, text);
		buf_append_byte(text, '\n');
	}
}

/* body: digest of the body, 0 if it does not count. */
static uint64_t digest_of(struct slice message, const char *const *names, uint64_t body)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf text = BUF_INIT(FIELDS_MAX);

	collect(message, names, &text);
	if (text.len == 0)
		return 0;
	if (body != 0)
		buf_append(&text, &body, sizeof(body));
	EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL);
	buf_clear(&text);
	return first_bits(digest);
}

uint64_t digest_of_header(struct slice message)
{
	return digest_of(message, lasting, 0);
}

/* Programs do not agree where a field or the header ends: what one of them takes for the beginning of the body is not a field here. */
static bool is_ambiguous(struct slice header)
{
	const char *at = header.ptr, *end = header.ptr + header.len;
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		if (field.raw.ptr != at || field.body.ptr != field.name.ptr + field.name.len + 1)
			return true;
		at = field.raw.ptr + field.raw.len;
	}
	return slice_trim(slice_make(at, (size_t)(end - at))).len > 0 || attachment_has_lone_cr(header) || memchr(header.ptr, '\0', header.len) != NULL;
}

/* Whether its header, up to the body, distinguishes a copy of the message from a forgery. */
static bool has_identity(struct slice header)
{
	struct header_field id;

	return header.len <= DIGEST_HEADER_MAX && header_find(header, "Message-ID", &id) && slice_trim(id.body).len > 0 && !is_ambiguous(header);
}

uint64_t digest_of_copies(struct slice message, uint64_t body)
{
	return has_identity(slice_make(message.ptr, header_length(message))) ? digest_of(message, common, body) : 0;
}

/* It fails only without memory (alloc.h), and two messages must not be taken for the same because of
 * that. */
static void must(bool good)
{
	if (!good)
		abort();
}

/* Of the text, if there is one, and the body, in pieces. */
static void digest_rest(struct slice text, struct slice body, unsigned char digest[EVP_MAX_MD_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
	if (text.len > 0)
		must(EVP_DigestUpdate(context, text.ptr, text.len) == 1);
	while (body.len > 0) {
		struct slice piece = slice_make(body.ptr, body.len < PIECE ? body.len : PIECE);

		must(EVP_DigestUpdate(context, piece.ptr, piece.len) == 1);
		fsx_let_go(piece);
		body = slice_from(body, piece.len);
	}
	must(EVP_DigestFinal_ex(context, digest, NULL) == 1);
	EVP_MD_CTX_free(context);
}

uint64_t digest_of_body(struct slice message)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	digest_rest(SLICE_NONE, slice_from(message, header_length(message)), digest);
	return first_bits(digest);
}

static void write_hex(const unsigned char *digest, char out[DIGEST_HEX_SIZE])
{
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

bool digest_of_identity(struct slice message, char out[DIGEST_HEX_SIZE])
{
	struct slice header = slice_make(message.ptr, header_length(message)), body = slice_from(message, header.len);
	struct buf text = BUF_INIT(FIELDS_MAX);
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (!has_identity(header))
		return false;
	while (body.len > 0 && (body.ptr[body.len - 1] == '\n' || body.ptr[body.len - 1] == '\r'))
		body.len--;
	collect(header, common, &text);
	buf_append_byte(&text, '\n'); /* a field is not taken for the body, nor the other way round */
	digest_rest(buf_slice(&text), body, digest);
	buf_clear(&text);
	write_hex(digest, out);
	return true;
}

bool digest_is_telling(struct slice header)
{
	struct header_field field;

	return header_find(header, "Message-ID", &field) || header_find(header, "Received", &field);
}

void digest_hex(struct slice bytes, char out[DIGEST_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_Digest(bytes.ptr == NULL ? "" : bytes.ptr, bytes.len, digest, NULL, EVP_sha256(), NULL);
	write_hex(digest, out);
}
