#include "message/decode.h"

#include "message/charset.h"
#include "message/transfer.h"

#define CHARSET_MAX 60

/* The position of the raw text in an address list: it decides how an encoded word is written. */
struct place_in_list {
	bool quoted, angle;
	size_t comments;
};

struct decoder {
	struct slice text;    /* unfolded */
	struct slice charset; /* of the message */
	struct buf *out;
	bool addresses;
	struct place_in_list place;
	/* The current run of encoded words of one charset. */
	struct slice run_charset;
	size_t run_start, run_end; /* its position in text; equal: none */
	struct buf run;
	/* The "?=" found last: a search from before it need not be repeated. */
	size_t end_from, end_at;
};

struct word {
	struct slice charset, text;
	char encoding; /* 'b' or 'q' */
	size_t end;    /* in the whole text */
};

/* --- writing */

int decode_append_clean(struct slice text, struct buf *out)
{
	while (text.len > 0) {
		size_t len = utf8_char_len(text);
		const unsigned char *c = (const unsigned char *)text.ptr;
		bool control = len == 1 && (c[0] < 0x20 || c[0] == 0x7f);

		control = control || (len == 2 && c[0] == 0xc2 && c[1] < 0xa0);
		if (len == 0  ? buf_append_text(out, "\xef\xbf\xbd") < 0
		    : control ? buf_append_byte(out, ' ') < 0
		              : buf_append(out, text.ptr, len) < 0)
			return -1;
		text = slice_from(text, len == 0 ? 1 : len);
	}
	return 0;
}

static bool has_any(struct slice text, const char *bytes)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '\0' && strchr(bytes, text.ptr[i]) != NULL)
			return true;
	return false;
}

static int append_escaped(struct slice text, const char *special, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '\0' && strchr(special, text.ptr[i]) != NULL &&
		    buf_append_byte(out, '\\') < 0)
			return -1;
		if (buf_append_byte(out, text.ptr[i]) < 0)
			return -1;
	}
	return 0;
}

/* Decoded text must not look like an address or a separator of its list. */
static int append_in_list(struct decoder *d, struct slice text)
{
	if (d->place.quoted)
		return append_escaped(text, "\"\\", d->out);
	if (d->place.comments > 0)
		return append_escaped(text, "()\\", d->out);
	if (!has_any(text, ",;:<>@\"()[]\\"))
		return buf_append_slice(d->out, text);
	if (buf_append_byte(d->out, '"') < 0 || append_escaped(text, "\"\\", d->out) < 0)
		return -1;
	return buf_append_byte(d->out, '"');
}

static void follow(struct place_in_list *place, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\\' && (place->quoted || place->comments > 0))
			i++;
		else if (c == '"' && place->comments == 0 && !place->angle)
			place->quoted = !place->quoted;
		else if (place->quoted)
			continue;
		else if (c == '(' && !place->angle)
			place->comments++;
		else if (c == ')' && place->comments > 0)
			place->comments--;
		else if (place->comments == 0 && (c == '<' || c == '>'))
			place->angle = c == '<';
	}
}

static int append_raw(struct decoder *d, struct slice text)
{
	struct buf utf8 = BUF_INIT(text.len * 4 + 64);
	int result;

	if (d->addresses)
		follow(&d->place, text);
	result = charset_guess_to_utf8(d->charset, text, &utf8);
	if (result == 0)
		result = decode_append_clean(buf_slice(&utf8), d->out);
	buf_clear(&utf8);
	return result;
}

/* --- encoded words */

static int decode_q(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		int byte = transfer_hex_byte(text, i, '=');
		char c = byte >= 0 ? (char)byte : text.ptr[i] == '_' ? ' ' : text.ptr[i];

		if (byte >= 0)
			i += 2;
		if (buf_append_byte(out, c) < 0)
			return -1;
	}
	return 0;
}

/* Position of the next "?=" from `from` on, SIZE_MAX if there is none. */
static size_t find_end(struct decoder *d, size_t from)
{
	ptrdiff_t found;

	if (from >= d->end_from && from <= d->end_at)
		return d->end_at;
	found = slice_search(slice_from(d->text, from), SLICE_LITERAL("?="));
	d->end_from = from;
	d->end_at = found < 0 ? SIZE_MAX : from + (size_t)found;
	return d->end_at;
}

/* Reads "=?charset*language?B?text?=" at `at`; blanks in text are tolerated. */
static bool read_word(struct decoder *d, size_t at, struct word *word)
{
	struct slice rest = slice_from(d->text, at + 2);
	size_t len = 0, start, end;
	ptrdiff_t star;

	while (len < rest.len && len < CHARSET_MAX && rest.ptr[len] > ' ' && rest.ptr[len] != '?')
		len++;
	if (len == 0 || rest.len < len + 3 || rest.ptr[len] != '?' || rest.ptr[len + 2] != '?')
		return false;
	word->encoding = ascii_lower(rest.ptr[len + 1]);
	if (word->encoding != 'b' && word->encoding != 'q')
		return false;
	start = at + 2 + len + 3;
	end = find_end(d, start);
	if (end == SIZE_MAX)
		return false;
	word->charset = slice_make(rest.ptr, len);
	star = slice_find(word->charset, '*'); /* RFC 2231 section 5 */
	if (star >= 0)
		word->charset.len = (size_t)star;
	word->text = slice_make(d->text.ptr + start, end - start);
	word->end = end + 2;
	return true;
}

/* Writes the current run; if its charset is unknown, the words stay unchanged. */
static int end_run(struct decoder *d)
{
	struct slice raw = slice_make(d->text.ptr + d->run_start, d->run_end - d->run_start);
	struct buf utf8 = BUF_INIT(d->run.len * 4 + 64), clean = BUF_INIT(d->run.len * 8 + 64);
	int result;

	if (raw.len == 0)
		return 0;
	if (slice_is_nocase(d->run_charset, "unknown-8bit")) /* RFC 1428 */
		result = charset_guess_to_utf8(d->charset, buf_slice(&d->run), &utf8);
	else
		result = charset_to_utf8(d->run_charset, buf_slice(&d->run), &utf8);
	if (result < 0) {
		result = append_raw(d, raw);
	} else if (!d->addresses) {
		result = decode_append_clean(buf_slice(&utf8), d->out);
	} else {
		result = decode_append_clean(buf_slice(&utf8), &clean);
		if (result == 0)
			result = append_in_list(d, buf_slice(&clean));
	}
	buf_clear(&utf8);
	buf_clear(&clean);
	buf_reset(&d->run);
	d->run_start = d->run_end = 0;
	return result;
}

static bool is_blank_span(struct slice text)
{
	return slice_trim(text).len == 0;
}

/* Takes a word that begins at `at`. Words of one charset are joined as bytes, so that a
 * character that is split over two of them is restored. */
static int take_word(struct decoder *d, size_t at, const struct word *word)
{
	if (d->run_end != d->run_start && !slice_equal_nocase(d->run_charset, word->charset) &&
	    end_run(d) < 0)
		return -1;
	if (d->run_end == d->run_start) {
		d->run_start = at;
		d->run_charset = word->charset;
	}
	d->run_end = word->end;
	return word->encoding == 'b' ? transfer_base64(word->text, &d->run)
	                             : decode_q(word->text, &d->run);
}

static int run_decoder(struct decoder *d)
{
	size_t plain = 0, at = 0; /* text before `plain` is written */

	while (at < d->text.len) {
		ptrdiff_t mark = slice_search(slice_from(d->text, at), SLICE_LITERAL("=?"));
		struct word word;
		struct slice between;

		if (mark < 0)
			break;
		at += (size_t)mark;
		if (!read_word(d, at, &word)) {
			at += 2;
			continue;
		}
		between = slice_make(d->text.ptr + plain, at - plain);
		if (d->run_end == d->run_start || !is_blank_span(between)) {
			if (end_run(d) < 0 || append_raw(d, between) < 0)
				return -1;
		}
		if (d->addresses && d->place.angle) { /* not a name: an address stays unchanged */
			if (append_raw(d, slice_make(d->text.ptr + at, word.end - at)) < 0)
				return -1;
		} else if (take_word(d, at, &word) < 0) {
			return -1;
		}
		at = plain = word.end;
	}
	if (end_run(d) < 0)
		return -1;
	return append_raw(d, slice_from(d->text, plain));
}

/* Printable ASCII without a mark of an encoded word is copied. */
static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~' ||
		    (text.ptr[i] == '=' && i + 1 < text.len && text.ptr[i + 1] == '?'))
			return false;
	return true;
}

static int decode(struct slice body, struct slice charset, bool addresses, struct buf *out)
{
	struct buf text = BUF_INIT(body.len + 1);
	struct decoder d = {.charset = charset, .out = out, .addresses = addresses, .end_from = 1};
	int result;

	if (header_unfold(body, &text) < 0)
		return -1;
	d.text = buf_slice(&text);
	if (is_plain(d.text)) { /* most fields are */
		result = buf_append_slice(out, d.text);
		buf_clear(&text);
		return result;
	}
	buf_init(&d.run, text.len + 1);
	result = text.len == 0 ? 0 : run_decoder(&d);
	buf_clear(&d.run);
	buf_clear(&text);
	return result;
}

int decode_text(struct slice body, struct slice charset, struct buf *out)
{
	return decode(body, charset, false, out);
}

int decode_addresses(struct slice body, struct slice charset, struct buf *out)
{
	return decode(body, charset, true, out);
}

static const char *const recipient_fields[] = {"To", "Cc", "Bcc", "Resent-To", "Resent-Cc",
    "Resent-Bcc", "Delivered-To", "X-Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To",
    "X-Rcpt-To", "X-Real-To", "Apparently-To", NULL};
static const char *const other_address_fields[] = {"From", "Sender", "Reply-To", "Resent-From",
    "Resent-Sender", "Resent-Reply-To", "Return-Path", "X-Envelope-From", "Errors-To",
    "Disposition-Notification-To", "Mail-Followup-To", NULL};

static bool is_one_of(struct slice name, const char *const *names)
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (slice_is_nocase(name, names[i]))
			return true;
	return false;
}

bool decode_is_recipient_field(struct slice name)
{
	return is_one_of(name, recipient_fields);
}

bool decode_is_address_field(struct slice name)
{
	return is_one_of(name, other_address_fields) || is_one_of(name, recipient_fields);
}

int decode_field(const struct header_field *field, struct slice charset, struct buf *out)
{
	if (decode_is_address_field(field->name))
		return decode_addresses(field->body, charset, out);
	return decode_text(field->body, charset, out);
}
