#include "message/dkim/dkim.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/i18n.h"
#include "message/dot.h"
#include "message/header.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>

#define FIELDS_MAX 200	    /* signed fields; repeated ones count each */
#define FIELD_MAX (1u << 20)
#define PIECE 16384
#define LINE_WIDTH 72

/* Fields that a reader sees or replies to. A field that is marked cannot be added later without breaking the
 * signature (RFC 6376 section 8.15). */
static const struct {
	const char *name;
	bool once_more;
} signed_fields[] = {
    {"From", true},
    {"Sender", false},
    {"Reply-To", true},
    {"To", true},
    {"Cc", true},
    {"Subject", true},
    {"Date", true},
    {"Message-ID", true},
    {"In-Reply-To", false},
    {"References", false},
    {"MIME-Version", false},
    {"Content-Type", true},
    {"Content-Transfer-Encoding", true},
    {"List-Id", false},
    {"List-Unsubscribe", false},
    {"Resent-From", false},
    {"Resent-To", false},
    {"Resent-Date", false},
};

/* --- the body, relaxed (RFC 6376 section 3.4.4) */

struct body_hash {
	EVP_MD_CTX *md;
	bool blank, started; /* white space is pending; this line has text */
	size_t empty_lines;  /* pending, written if anything follows */
	bool any;
};

static void hash(struct body_hash *body, const char *bytes, size_t len)
{
	EVP_DigestUpdate(body->md, bytes, len);
}

static void end_line(struct body_hash *body)
{
	body->blank = false;
	if (!body->started) {
		body->empty_lines++;
		return;
	}
	hash(body, "\r\n", 2);
	body->started = false;
}

static void owed(struct body_hash *body)
{
	for (; body->empty_lines > 0; body->empty_lines--)
		hash(body, "\r\n", 2);
	if (body->blank)
		hash(body, " ", 1);
	body->blank = false;
	body->started = body->any = true;
}

/* Converts line ends to CRLF. */
static void hash_text(struct body_hash *body, struct slice text)
{
	size_t at = 0;

	while (at < text.len) {
		size_t run = 0;

		while (at + run < text.len && strchr(" \t\r\n", text.ptr[at + run]) == NULL)
			run++;
		/* strchr finds NUL, too: it is a byte like any other. */
		while (at + run < text.len && text.ptr[at + run] == '\0')
			run++;
		if (run > 0) {
			owed(body);
			hash(body, text.ptr + at, run);
			at += run;
			continue;
		}
		if (text.ptr[at] == '\n')
			end_line(body);
		else if (text.ptr[at] != '\r')
			body->blank = true;
		at++;
	}
}

static int hash_body(struct slice text, unsigned char *digest)
{
	struct body_hash body = {.md = EVP_MD_CTX_new()};
	struct buf piece = BUF_INIT(4 * PIECE);
	struct dot_writer writer;
	int result;

	if (body.md == NULL || EVP_DigestInit_ex(body.md, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(body.md);
		return -1;
	}
	dot_writer_init(&writer, false);
	writer.is_plain = true;
	while (text.len > 0) {
		size_t len = text.len < PIECE ? text.len : PIECE;

		dot_write(&writer, slice_make(text.ptr, len), &piece);
		hash_text(&body, buf_slice(&piece));
		buf_reset(&piece);
		text = slice_from(text, len);
	}
	dot_write_end(&writer, &piece);
	hash_text(&body, buf_slice(&piece));
	result = EVP_DigestFinal_ex(body.md, digest, NULL) == 1 ? 0 : -1;
	EVP_MD_CTX_free(body.md);
	buf_clear(&piece);
	return result;
}

/* --- the header, relaxed (section 3.4.2) */

static void add_relaxed(struct slice name, struct slice body, struct buf *out)
{
	bool blank = false, started = false;

	for (size_t i = 0; i < name.len; i++)
		buf_append_byte(out, (char)tolower((unsigned char)name.ptr[i]));
	buf_append_byte(out, ':');
	for (size_t i = 0; i < body.len; i++) {
		char c = body.ptr[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == ' ' || c == '\t') {
			blank = started;
			continue;
		}
		if (blank)
			buf_append_byte(out, ' ');
		blank = false;
		started = true;
		buf_append_byte(out, c);
	}
}

static size_t find_fields(struct slice header, const char *name, struct header_field *fields, size_t room)
{
	struct header_walk walk;
	size_t count = 0;

	header_walk_init(&walk, header);
	while (count < room && header_walk_next(&walk, &fields[count]))
		count += slice_is_nocase(fields[count].name, name);
	return count;
}

/* The fields in canonical form, from the last to the first as in section 5.4.2, and their names for
 * h=. */
static void add_fields(struct slice header, struct buf *text, struct buf *names)
{
	struct header_field *fields = xcalloc(FIELDS_MAX, sizeof(*fields));

	for (size_t i = 0; i < ARRAY_LEN(signed_fields); i++) {
		const char *name = signed_fields[i].name;
		size_t count = find_fields(header, name, fields, FIELDS_MAX);

		for (size_t j = count; j > 0; j--) {
			add_relaxed(fields[j - 1].name, fields[j - 1].body, text);
			buf_append_text(text, "\r\n");
		}
		for (size_t j = 0; j < count + signed_fields[i].once_more; j++)
			buf_printf(names, "%s%s", names->len > 0 ? ":" : "", name);
	}
	free(fields);
}

/* --- the signature */

/* Text without blanks, folded where a line would be too long. */
static void add_folded(const char *text, struct buf *out)
{
	for (size_t len = strlen(text), at = 0; at < len; at += LINE_WIDTH)
		buf_printf(out, "%s%.*s", at > 0 ? "\r\n\t" : "", LINE_WIDTH, text + at);
}

/* The names, folded behind their colons. */
static void add_names(struct slice names, struct buf *out)
{
	size_t width = 3;

	while (names.len > 0) {
		struct slice name = slice_cut(&names, ':');

		if (width + name.len > LINE_WIDTH) {
			buf_append_text(out, "\r\n\t");
			width = 0;
		}
		buf_append_slice(out, name);
		if (names.len > 0)
			buf_append_byte(out, ':');
		width += name.len + 1;
	}
}

/* RFC 8463 section 3: Ed25519 also signs the hash. */
static int sign_text(const struct dkim_signer *signer, struct slice text, unsigned char *signature, size_t *len)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len;

	if (EVP_Digest(text.ptr, text.len, digest, &digest_len, EVP_sha256(), NULL) != 1)
		return -1;
	return signer->sign(signer->context, digest, signature, len);
}

/* The field up to "b="; *text gets the bytes to be signed. */
static int begin_field(const struct dkim_signer *signer, const struct dkim_message *message, struct buf *field, struct buf *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct buf names = BUF_INIT(65536);
	int result = hash_body(message->body, digest);

	add_fields(message->header, text, &names);
	buf_printf(field, "v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n\ts=%s; t=%lld; h=",
	    signer->is_ed25519 ? "ed25519-sha256" : "rsa-sha256", message->domain, message->selector, (long long)message->time);
	add_names(buf_slice(&names), field);
	buf_append_text(field, ";\r\n\tbh=");
	if (result == 0)
		result = base64_encode(slice_make((const char *)digest, 32), field);
	buf_append_text(field, ";\r\n\tb=");
	add_relaxed(SLICE_LITERAL("DKIM-Signature"), buf_slice(field), text);
	buf_clear(&names);
	return result;
}

int dkim_sign(const struct dkim_signer *signer, const struct dkim_message *message, struct buf *out, struct error *error)
{
	struct buf field = BUF_INIT(FIELD_MAX), text = BUF_INIT(4 * FIELD_MAX), base64 = BUF_INIT(4 * DKIM_SIGNATURE_MAX);
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len = sizeof(signature);
	int result = begin_field(signer, message, &field, &text);

	if (result == 0 && !field.overflow && !text.overflow)
		result = sign_text(signer, buf_slice(&text), signature, &len);
	if (result == 0)
		result = base64_encode(slice_make((const char *)signature, len), &base64);
	if (result == 0 && !field.overflow && !text.overflow) {
		add_folded(buf_text(&base64), &field);
		buf_append_text(out, "DKIM-Signature: ");
		buf_append_slice(out, buf_slice(&field));
		buf_append_text(out, "\r\n");
	} else {
		result = error_set(error, ERROR_PERMANENT, N_("cannot sign the message"));
	}
	buf_clear(&field);
	buf_clear(&text);
	buf_clear(&base64);
	return result;
}
