/* Raw 8-bit text in header fields, encoded as encoded words (RFC 2047) and extended parameters (RFC 2231). */
#include "message/header.h"
#include "message/seven-bit/seven_bit.h"

#include "base/alloc.h"
#include "message/charset.h"
#include "message/decode.h"

#define FIELD_MAX (64u << 10) /* a longer one is not text for people */
#define PARAMETER_WIDTH 60

/* Fields that programs read, not people: they have no encoded words. */
static bool is_technical(struct slice name)
{
	static const char *const names[] = {"Received", "Date", "Message-ID", "In-Reply-To", "References",
	    "MIME-Version", "Content-Transfer-Encoding", "Content-ID", "DKIM-Signature", "Authentication-Results",
	    "Resent-Date", "Resent-Message-ID", "List-Id", "List-Unsubscribe", "List-Post", "Autocrypt", "ARC-Seal",
	    "ARC-Message-Signature", "ARC-Authentication-Results"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

/* Appends text as encoded words. Returns false, with nothing appended, if it needs none. */
static bool put_words(struct slice raw, struct slice charset, struct buf *out)
{
	struct buf text = BUF_INIT(raw.len * 8 + 64);
	size_t start = out->len;
	bool good = decode_text(raw, charset, &text) == 0 && !slice_is_ascii(buf_slice(&text)) &&
		    encode_text(buf_slice(&text), out) == 0;

	if (!good)
		out->len = start;
	buf_clear(&text);
	return good;
}

static bool encode_unstructured(const struct header_field *field, struct slice charset, struct buf *out)
{
	buf_append_slice(out, field->name);
	buf_append_text(out, ": ");
	if (!put_words(field->body, charset, out))
		return false;
	return buf_append_text(out, "\r\n") == 0;
}

/* --- address lists */

/* Bytes up to and including the end of the item that begins at text[0] with '"', '(' or '<'. */
static size_t enclosed(struct slice text)
{
	char open = text.ptr[0], close = open == '(' ? ')' : open == '<' ? '>' : '"';
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' && open != '<')
			i++;
		else if (text.ptr[i] == close && (open != '"' || i > 0) && (open != '(' || --depth == 0))
			return i + 1;
		else if (text.ptr[i] == '(' && open == '(')
			depth++;
	}
	return text.len;
}

/* Bytes of a display name at the front of text: words, quoted strings, white space. */
static size_t phrase_length(struct slice text)
{
	size_t at = 0;

	while (at < text.len && memchr("(<>,:;@", text.ptr[at], 7) == NULL)
		at += text.ptr[at] == '"' ? enclosed(slice_from(text, at)) : 1;
	return at < text.len ? at : text.len;
}

/* The text without quotes and backslashes. */
static void unquote(struct slice text, struct buf *out)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && text.ptr[i] == '\\' && i + 1 < text.len)
			i++;
		buf_append_byte(out, text.ptr[i]);
	}
}

static bool encode_phrase(struct slice phrase, struct slice charset, struct buf *out)
{
	struct slice text = slice_trim(phrase);
	size_t before = (size_t)(text.ptr - phrase.ptr);
	struct buf plain = BUF_INIT(text.len + 1);
	struct slice after = slice_from(phrase, before + text.len);
	bool good;

	buf_append(out, phrase.ptr, before);
	unquote(text, &plain);
	good = put_words(buf_slice(&plain), charset, out);
	if (after.len > 0)
		buf_append_slice(out, after);
	else
		buf_append_byte(out, ' ');
	buf_clear(&plain);
	return good;
}

static bool encode_comment(struct slice comment, struct slice charset, struct buf *out)
{
	bool is_closed = comment.len > 1 && comment.ptr[comment.len - 1] == ')';
	struct slice text = slice_make(comment.ptr + 1, comment.len - (is_closed ? 2 : 1));
	struct buf plain = BUF_INIT(text.len + 1);
	bool good;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '\\' && i + 1 < text.len)
			i++;
		buf_append_byte(&plain, text.ptr[i]);
	}
	buf_append_byte(out, '(');
	good = put_words(buf_slice(&plain), charset, out);
	buf_append_byte(out, ')');
	buf_clear(&plain);
	return good;
}

/* Takes one piece of a list off *rest. Returns false if it has bytes without a 7-bit form. */
static bool encode_piece(struct slice *rest, struct slice charset, struct buf *out)
{
	bool is_comment = rest->ptr[0] == '(', is_phrase = false;
	size_t len = 1;
	struct slice piece;

	if (is_comment || rest->ptr[0] == '<') {
		len = enclosed(*rest);
	} else if (memchr(">,:;@", rest->ptr[0], 5) == NULL) {
		len = phrase_length(*rest);
		is_phrase = len == rest->len || rest->ptr[len] != '@';
	}
	piece = slice_make(rest->ptr, len);
	*rest = slice_from(*rest, len);
	if (slice_is_ascii(piece))
		return buf_append_slice(out, piece) == 0;
	if (is_comment)
		return encode_comment(piece, charset, out);
	return is_phrase && encode_phrase(piece, charset, out);
}

static bool encode_addresses(const struct header_field *field, struct slice charset, struct buf *out)
{
	struct slice rest = slice_trim(field->body);

	buf_append_slice(out, field->name);
	buf_append_text(out, ": ");
	while (rest.len > 0)
		if (!encode_piece(&rest, charset, out))
			return false;
	return buf_append_text(out, "\r\n") == 0;
}

/* --- parameters */

static bool is_attribute_char(char c)
{
	char lower = ascii_lower(c);

	return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* name*=UTF-8''..., in numbered pieces if it is long. */
static void put_extended(struct slice name, struct slice utf8, struct buf *out)
{
	bool is_long = utf8.len * 3 > PARAMETER_WIDTH;
	size_t number = 0;

	for (size_t at = 0; at < utf8.len || number == 0; number++) {
		size_t start;

		if (is_long)
			buf_append_text(out, number > 0 ? ";\r\n " : "\r\n ");
		buf_append_slice(out, name);
		if (is_long)
			buf_printf(out, "*%zu", number);
		buf_printf(out, "*=%s", number == 0 ? "UTF-8''" : "");
		for (start = out->len; at < utf8.len && out->len - start < PARAMETER_WIDTH - 3; at++) {
			if (is_attribute_char(utf8.ptr[at]))
				buf_append_byte(out, utf8.ptr[at]);
			else
				buf_printf(out, "%%%02X", (unsigned char)utf8.ptr[at]);
		}
	}
}

/* `name="text"`. A boundary must stay equal to that in the body. */
static bool encode_parameter(struct slice item, struct slice charset, struct buf *out)
{
	struct buf plain = BUF_INIT(item.len + 1), utf8 = BUF_INIT(item.len * 8 + 64);
	struct slice value = item, name = slice_trim(slice_cut(&value, '='));
	bool good = value.ptr != NULL && slice_is_ascii(name) && slice_find(name, '*') < 0 && slice_find(value, '(') < 0 &&
		    !slice_is_nocase(name, "boundary");

	if (good) {
		unquote(slice_trim(value), &plain);
		good = charset_guess_to_utf8(charset, buf_slice(&plain), &utf8) == 0;
	}
	if (good)
		put_extended(name, buf_slice(&utf8), out);
	buf_clear(&plain);
	buf_clear(&utf8);
	return good;
}

static bool encode_parameters(const struct header_field *field, struct slice charset, struct buf *out)
{
	struct slice rest = slice_trim(field->body);
	bool is_value = true; /* the value comes first; parameters follow */

	buf_append_slice(out, field->name);
	buf_append_text(out, ": ");
	while (rest.len > 0) {
		size_t end = 0;
		struct slice item, trimmed;

		while (end < rest.len && rest.ptr[end] != ';')
			end += rest.ptr[end] == '"' ? enclosed(slice_from(rest, end)) : 1;
		item = slice_make(rest.ptr, end < rest.len ? end : rest.len);
		rest = slice_from(rest, item.len);
		trimmed = slice_trim(item);
		if (slice_is_ascii(item)) {
			buf_append_slice(out, item);
		} else {
			buf_append(out, item.ptr, (size_t)(trimmed.ptr - item.ptr));
			if (is_value || !encode_parameter(trimmed, charset, out))
				return false;
		}
		is_value = false;
		if (rest.len > 0) {
			buf_append_byte(out, ';');
			rest = slice_from(rest, 1);
		}
	}
	return buf_append_text(out, "\r\n") == 0;
}

void seven_bit_field(const struct header_field *field, struct slice charset, struct buf *out)
{
	size_t start = out->len;
	bool good = false;

	if (!slice_is_ascii(field->body) && slice_is_ascii(field->name) && field->raw.len <= FIELD_MAX) {
		if (slice_is_nocase(field->name, "Content-Type") || slice_is_nocase(field->name, "Content-Disposition"))
			good = encode_parameters(field, charset, out);
		else if (decode_is_address_field(field->name))
			good = encode_addresses(field, charset, out);
		else if (!is_technical(field->name))
			good = encode_unstructured(field, charset, out);
	}
	if (good && !out->overflow)
		return;
	out->len = start;
	buf_append_slice(out, field->raw);
}
