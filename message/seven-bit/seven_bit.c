#include "message/seven-bit/seven_bit.h"

#include "base/i18n.h"
#include "message/charset.h"
#include "message/decode.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/seven-bit/seven_bit_mend.h"
#include "message/transfer_encode.h"

#define LABEL "Content-Transfer-Encoding"
#define PIECE 16384
#define OUT_MAX (8 * PIECE)

enum action {
	ACTION_KEEP,
	ACTION_LABEL, /* only Content-Transfer-Encoding must be changed */
	ACTION_QUOTE,
	ACTION_BASE64,
	ACTION_REQUOTE, /* it is already quoted-printable, except for some bytes */
};

/* The state of a walk. */
struct converter {
	struct mime_walk walk;
	struct mime_part part;
	const char *done;   /* the text before is copied */
	bool is_message;    /* the part is a message, not a part of one */
	bool holds_message; /* the next one is */
	bool lacks_header;  /* the part is a message of a digest without a header of its own */
	bool in_signed;
	bool labels_stay; /* for a container: some of its parts stay at 8 bits */
	unsigned signed_depth;
	struct slice charset; /* of the message, for its raw headers */
	const char *end;      /* of the message */
	struct slice gap;     /* the text between this part and the one before */
	const char *gap_why;  /* NULL, or why that must stay unchanged */
	const char *why;      /* NULL, or why something stays at 8 bits */
};

/* --- the decision about a part */

static bool needs_encoding(struct slice body)
{
	return !slice_is_ascii(body) || slice_find(body, '\0') >= 0;
}

static bool says_eight_bit(struct slice encoding)
{
	return slice_is_nocase(encoding, "8bit") || slice_is_nocase(encoding, "binary");
}

/* The body already has an encoding, so its 8-bit bytes are damage, or of unknown meaning. */
static bool is_coded(struct slice encoding)
{
	return slice_is_nocase(encoding, "base64") || slice_begins_nocase(encoding, "x-") || slice_is_nocase(encoding, "uuencode");
}

/* The first reason is reported. */
static enum action keep(struct converter *converter, const char *why)
{
	if (converter->why == NULL)
		converter->why = why;
	return ACTION_KEEP;
}

/* Quoted-printable stays readable, and uses three bytes per non-ASCII byte; base64 uses four bytes for any three.
 * Lines may be slow, so Russian text gets the shorter encoding. */
static enum action shorter(struct slice text)
{
	size_t high = 0;

	for (size_t i = 0; i < text.len; i++)
		high += (unsigned char)text.ptr[i] >= 0x80;
	return high > text.len / 6 ? ACTION_BASE64 : ACTION_QUOTE;
}

static enum action judge_leaf(struct converter *converter, struct slice encoding)
{
	const struct mime_part *part = &converter->part;

	if (converter->lacks_header) /* new fields would become those of the part around it */
		return keep(converter, N_("a part has no header"));
	if (header_count(part->header, "Content-Type") > 1 || header_count(part->header, LABEL) > 1)
		return keep(converter, N_("a part has two Content-Type fields"));
	if (slice_is_nocase(encoding, "quoted-printable"))
		return ACTION_REQUOTE;
	if (is_coded(encoding))
		return keep(converter, N_("a part has 8-bit bytes in a 7-bit encoding"));
	if (slice_begins_nocase(part->type, "multipart/"))
		return keep(converter, N_("its parts cannot be separated"));
	/* RFC 2045 section 6.4; RFC 6532 section 3.7 has another rule for its own. */
	if (slice_begins_nocase(part->type, "message/") && !slice_begins_nocase(part->type, "message/global"))
		return keep(converter, N_("the type of a part must not be encoded"));
	return slice_begins_nocase(part->type, "text/") ? shorter(part->body) : ACTION_BASE64;
}

/* An encoding might change how the boundary is read. */
static bool has_odd_boundary(const struct mime_part *part)
{
	struct header_field field;

	return slice_begins_nocase(part->type, "multipart/") && header_find(part->header, "Content-Type", &field) &&
	       !slice_is_ascii(field.raw);
}

static enum action judge(struct converter *converter)
{
	const struct mime_part *part = &converter->part;
	struct slice encoding = mime_first_word(part->header, LABEL);

	if (converter->in_signed) {
		if (slice_is_ascii(part->header) && slice_is_ascii(part->body))
			return ACTION_KEEP;
		return keep(converter, N_("it is signed"));
	}
	if (has_odd_boundary(part))
		keep(converter, N_("its MIME boundary is not 7-bit"));
	if (!part->is_container && needs_encoding(part->body))
		return judge_leaf(converter, encoding);
	return says_eight_bit(encoding) && !(part->is_container && converter->labels_stay) ? ACTION_LABEL : ACTION_KEEP;
}

/* --- the walk */

static void converter_init(struct converter *converter, struct slice message)
{
	*converter = (struct converter){.done = message.ptr, .holds_message = true, .end = message.ptr + message.len};
	mime_walk_init(&converter->walk, message);
	converter->charset = decode_message_charset(message);
}

/* Whether the part after the current one may be signed: everything inside the first of the two parts is (RFC 1847 section
 * 2.1), but not the text before, between and after them. */
static bool is_signed_behind(const struct converter *converter)
{
	const struct mime_part *part = &converter->part;

	return converter->in_signed &&
	       (part->depth > converter->signed_depth + 1 || (part->is_container && part->depth > converter->signed_depth));
}

static void set_gap(struct converter *converter, const char *end, const char *why)
{
	converter->gap = slice_make(converter->done, (size_t)(end - converter->done));
	converter->gap_why = why;
}

/* The next part, and the gap before it; returns false after the last one, with the rest of the message as the
 * gap. */
static bool next_part(struct converter *converter)
{
	struct mime_part *part = &converter->part;
	const char *why = is_signed_behind(converter) ? N_("it is signed") : NULL;
	bool lacks_header = part->is_container && part->header.len == 0;
	struct slice charset;

	if (!mime_walk_next(&converter->walk, part)) {
		set_gap(converter, converter->end, converter->walk.ended ? why : N_("it has too many parts"));
		return false;
	}
	set_gap(converter, part->header.ptr, why);
	converter->in_signed = converter->in_signed && part->depth > converter->signed_depth;
	converter->done = part->header.ptr + part->header.len;
	if (part->body.len > 0)
		converter->done = part->body.ptr + part->body.len;
	converter->lacks_header = lacks_header;
	converter->is_message = converter->holds_message;
	converter->holds_message = part->is_container && slice_begins_nocase(part->type, "message/");
	charset = decode_message_charset(part->header);
	if (charset.len > 0)
		converter->charset = charset;
	return true;
}

/* The next parts are inside the current one. */
static void enter(struct converter *converter)
{
	if (converter->in_signed || !slice_is_nocase(converter->part.type, "multipart/signed"))
		return;
	converter->in_signed = converter->part.is_container;
	converter->signed_depth = converter->part.depth;
}

/* Whether the gap must be changed. */
static bool judge_gap(struct converter *converter)
{
	if (!needs_encoding(converter->gap))
		return false;
	if (converter->gap_why == NULL && seven_bit_can_mask(converter->gap))
		return true;
	keep(converter, converter->gap_why != NULL ? converter->gap_why : N_("a line between its "
	    "parts may be a MIME boundary"));
	return converter->gap_why == NULL;
}

/* Whether the part must be changed, apart from the labels of containers. */
static bool judge_part(struct converter *converter)
{
	return judge(converter) != ACTION_KEEP || (!converter->in_signed && !slice_is_ascii(converter->part.header));
}

enum seven_bit seven_bit_look(struct slice message, const char **why)
{
	struct converter converter;
	bool needed = false, has_labels = false;

	converter_init(&converter, message);
	converter.labels_stay = true;
	while (next_part(&converter)) {
		needed = judge_gap(&converter) || needed;
		needed = judge_part(&converter) || needed;
		has_labels = has_labels || (!converter.in_signed && says_eight_bit(mime_first_word(converter.part.header, LABEL)));
		enter(&converter);
	}
	needed = judge_gap(&converter) || needed;
	*why = converter.why == NULL ? "" : converter.why;
	if (converter.why != NULL)
		return needed ? SEVEN_BIT_PARTLY : SEVEN_BIT_UNSAFE;
	return needed || has_labels ? SEVEN_BIT_NEEDED : SEVEN_BIT_NEEDLESS;
}

/* --- writing */

static const char *label(enum action action)
{
	static const char *const labels[] = {
	    [ACTION_LABEL] = "7bit", [ACTION_QUOTE] = "quoted-printable", [ACTION_BASE64] = "base64"};

	return labels[action];
}

static bool changes_label(enum action action)
{
	return action != ACTION_KEEP && action != ACTION_REQUOTE;
}

/* The fields that the header lacks for the encoding to be understood. A message without MIME-Version is not
 * a MIME message. */
static void add_missing(const struct converter *converter, enum action action, struct buf *out)
{
	const struct mime_part *part = &converter->part;
	struct header_field field;

	if (converter->is_message && !header_find(part->header, "MIME-Version", &field))
		buf_append_text(out, "MIME-Version: 1.0\r\n");
	if (action == ACTION_LABEL)
		return;
	if (!header_find(part->header, "Content-Type", &field))
		buf_printf(out, "Content-Type: text/plain; charset=%s\r\n", charset_guess(part->body));
	if (!header_find(part->header, "Content-Transfer-Encoding", &field))
		buf_printf(out, "Content-Transfer-Encoding: %s\r\n", label(action));
}

/* Bytes of the empty line that ends a header, 0 if there is none. */
static size_t empty_line(struct slice header)
{
	size_t len = 0;

	if (header.len > 0 && header.ptr[header.len - 1] == '\n')
		len = header.len > 1 && header.ptr[header.len - 2] == '\r' ? 2 : 1;
	return len == header.len || header.ptr[header.len - len - 1] == '\n' ? len : 0;
}

static void put_header(const struct converter *converter, enum action action, struct buf *out)
{
	struct slice header = converter->part.header;
	const char *copied = header.ptr, *end = header.ptr + header.len - empty_line(header);
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		buf_append(out, copied, (size_t)(field.raw.ptr - copied));
		copied = field.raw.ptr + field.raw.len;
		if (has_odd_boundary(&converter->part) && slice_is_nocase(field.name, "Content-Type"))
			buf_append_slice(out, field.raw);
		else if (changes_label(action) && slice_is_nocase(field.name, LABEL))
			buf_printf(out, "%.*s: %s\r\n", SLICE_PRINT(field.name), label(action));
		else
			seven_bit_field(&field, converter->charset, out);
	}
	buf_append(out, copied, (size_t)(end - copied));
	if (changes_label(action))
		add_missing(converter, action, out);
	if (end < header.ptr + header.len)
		buf_append(out, end, (size_t)(header.ptr + header.len - end));
	else if (action == ACTION_QUOTE || action == ACTION_BASE64)
		buf_append_text(out, "\r\n");
}

static int put_encoded(struct slice body, enum action action, seven_bit_fn fn, void *context)
{
	struct buf out = BUF_INIT(OUT_MAX);
	struct transfer_encoder encoder;
	int result = 0;

	transfer_encoder_init(&encoder, action == ACTION_QUOTE ? TRANSFER_QUOTED_PRINTABLE : TRANSFER_BASE64);
	while (body.len > 0 && result == 0) {
		size_t len = body.len < PIECE ? body.len : PIECE;

		transfer_encode(&encoder, slice_make(body.ptr, len), &out);
		body = slice_from(body, len);
		if (body.len == 0)
			transfer_encode_end(&encoder, &out);
		result = fn(context, buf_slice(&out));
		buf_reset(&out);
	}
	buf_clear(&out);
	return result;
}

static int put_body(struct slice body, enum action action, seven_bit_fn fn, void *context)
{
	if (action == ACTION_QUOTE || action == ACTION_BASE64)
		return put_encoded(body, action, fn, context);
	return action == ACTION_REQUOTE ? seven_bit_requote(body, fn, context) : fn(context, body);
}

static int put_part(struct converter *converter, seven_bit_fn fn, void *context)
{
	const struct mime_part *part = &converter->part;
	enum action action = judge(converter);
	struct buf header = BUF_INIT(part->header.len * 16 + 4096);
	int result;

	if (converter->in_signed || (action == ACTION_KEEP && slice_is_ascii(part->header)))
		buf_append_slice(&header, part->header);
	else
		put_header(converter, action, &header);
	result = fn(context, buf_slice(&header));
	buf_clear(&header);
	return result != 0 ? result : put_body(part->body, action, fn, context);
}

static int put_gap(const struct converter *converter, seven_bit_fn fn, void *context)
{
	if (converter->gap_why != NULL || !needs_encoding(converter->gap))
		return fn(context, converter->gap);
	return seven_bit_mask(converter->gap, fn, context);
}

int seven_bit_convert(struct slice message, enum seven_bit verdict, seven_bit_fn fn, void *context)
{
	struct converter converter;

	converter_init(&converter, message);
	converter.labels_stay = verdict == SEVEN_BIT_PARTLY;
	while (next_part(&converter)) {
		if (put_gap(&converter, fn, context) != 0 || put_part(&converter, fn, context) != 0)
			return -1;
		enter(&converter);
	}
	return put_gap(&converter, fn, context);
}
