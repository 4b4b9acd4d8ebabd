#include "mail/seven_bit.h"

#include "base/alloc.h"
#include "mail/charset.h"
#include "mail/decode.h"
#include "mail/mime.h"
#include "mail/transfer_encode.h"

#define PIECE 16384
#define OUT_MAX (8 * PIECE)

enum action {
	ACTION_KEEP,
	ACTION_LABEL, /* only Content-Transfer-Encoding is not true any more */
	ACTION_QUOTE,
	ACTION_BASE64,
	ACTION_NONE, /* nothing that we may do */
};

/* Where a walk stands. */
struct converter {
	struct mime_walk walk;
	struct mime_part part;
	const char *done;   /* what comes before is copied */
	bool is_message;    /* the part is a message, not a part of one */
	bool holds_message; /* the next one is */
	bool in_signed;
	unsigned signed_depth;
	struct slice charset; /* of the message, for its raw headers */
	const char *why;
};

/* --- what is to be done with a part */

static bool needs_encoding(struct slice body)
{
	return !seven_bit_is(body) || (body.len > 0 && memchr(body.ptr, '\0', body.len) != NULL);
}

static bool is_doubled(struct slice header, const char *name)
{
	struct header_walk walk;
	struct header_field field;
	size_t count = 0;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field))
		count += slice_is_nocase(field.name, name);
	return count > 1;
}

static bool says_eight_bit(struct slice encoding)
{
	return slice_is_nocase(encoding, "8bit") || slice_is_nocase(encoding, "binary");
}

/* The body is in an encoding of its own already, so that its 8-bit bytes are damage, or mean we know not what. */
static bool is_coded(struct slice encoding)
{
	return slice_is_nocase(encoding, "base64") || slice_is_nocase(encoding, "quoted-printable") ||
	       slice_begins_nocase(encoding, "x-") || slice_is_nocase(encoding, "uuencode");
}

static enum action refuse(struct converter *converter, const char *why)
{
	converter->why = why;
	return ACTION_NONE;
}

/* Quoted-printable stays readable, and makes three bytes of one that is not ASCII; base64 four of any three. Lines may be
 * slow: Russian text takes the shorter way. */
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

	if (is_doubled(part->header, "Content-Type") || is_doubled(part->header, "Content-Transfer-Encoding"))
		return refuse(converter, "a part says twice what it is");
	if (is_coded(encoding))
		return refuse(converter, "a part has 8-bit bytes in an encoding that has none");
	if (slice_begins_nocase(part->type, "multipart/"))
		return refuse(converter, "its parts cannot be told apart");
	/* RFC 2045 section 6.4; RFC 6532 section 3.7 has another rule for its own. */
	if (slice_begins_nocase(part->type, "message/") && !slice_begins_nocase(part->type, "message/global"))
		return refuse(converter, "a part must not be encoded by its type");
	return slice_begins_nocase(part->type, "text/") ? shorter(part->body) : ACTION_BASE64;
}

static enum action judge(struct converter *converter)
{
	const struct mime_part *part = &converter->part;
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding");
	struct header_field field;

	if (converter->in_signed) {
		if (seven_bit_is(part->header) && seven_bit_is(part->body))
			return ACTION_KEEP;
		return refuse(converter, "it is signed");
	}
	if (slice_begins_nocase(part->type, "multipart/") && header_find(part->header, "Content-Type", &field) &&
	    !seven_bit_is(field.raw)) /* to encode it might change what the boundary is taken for */
		return refuse(converter, "what its parts are told apart by is not 7-bit");
	if (part->is_container && part->header.len == 0) /* of a digest: fields of the message in it would become its own */
		return refuse(converter, "a part has no header");
	if (!part->is_container && needs_encoding(part->body))
		return judge_leaf(converter, encoding);
	return says_eight_bit(encoding) ? ACTION_LABEL : ACTION_KEEP;
}

/* --- the walk */

static void converter_init(struct converter *converter, struct slice message)
{
	*converter = (struct converter){.done = message.ptr, .holds_message = true};
	mime_walk_init(&converter->walk, message);
	converter->charset = decode_message_charset(message);
}

/* The next part; *gap is what stands between it and the one before. */
static bool next_part(struct converter *converter, struct slice *gap)
{
	struct mime_part *part = &converter->part;
	struct slice charset;
	bool was_signed = converter->in_signed;

	if (!mime_walk_next(&converter->walk, part))
		return false;
	converter->in_signed = was_signed && part->depth > converter->signed_depth;
	*gap = slice_make(converter->done, (size_t)(part->header.ptr - converter->done));
	converter->done = part->header.ptr + part->header.len;
	if (part->body.len > 0)
		converter->done = part->body.ptr + part->body.len;
	converter->is_message = converter->holds_message;
	converter->holds_message = part->is_container && slice_begins_nocase(part->type, "message/");
	charset = decode_message_charset(part->header);
	if (charset.len > 0)
		converter->charset = charset;
	return true;
}

/* What follows is inside of the part just seen to. */
static void enter(struct converter *converter)
{
	if (converter->in_signed || !slice_is_nocase(converter->part.type, "multipart/signed"))
		return;
	converter->in_signed = converter->part.is_container;
	converter->signed_depth = converter->part.depth;
}

enum seven_bit seven_bit_look(struct slice message, const char **why)
{
	struct converter converter;
	bool needed = false;
	struct slice gap;

	*why = "";
	converter_init(&converter, message);
	while (next_part(&converter, &gap)) {
		enum action action = judge(&converter);

		if (action != ACTION_NONE && needs_encoding(gap))
			action = refuse(&converter, "there is 8-bit text between its parts");
		if (action == ACTION_NONE) {
			*why = converter.why;
			return SEVEN_BIT_UNSAFE;
		}
		needed = needed || action != ACTION_KEEP || !seven_bit_is(converter.part.header);
		enter(&converter);
	}
	gap = slice_make(converter.done, (size_t)(message.ptr + message.len - converter.done));
	if (!converter.walk.ended)
		*why = "it has too many parts";
	else if (needs_encoding(gap))
		*why = "there is 8-bit text behind its parts";
	if ((*why)[0] != '\0')
		return SEVEN_BIT_UNSAFE;
	return needed ? SEVEN_BIT_NEEDED : SEVEN_BIT_NEEDLESS;
}

/* --- writing */

static const char *label(enum action action)
{
	static const char *const labels[] = {
	    [ACTION_LABEL] = "7bit", [ACTION_QUOTE] = "quoted-printable", [ACTION_BASE64] = "base64"};

	return labels[action];
}

/* What the header lacks for the encoding to be understood. A message without MIME-Version is none of MIME's. */
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

/* Bytes of the empty line that ends a header, 0 if none does. */
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
		if (action != ACTION_KEEP && slice_is_nocase(field.name, "Content-Transfer-Encoding"))
			buf_printf(out, "%.*s: %s\r\n", SLICE_PRINT(field.name), label(action));
		else
			seven_bit_field(&field, converter->charset, out);
	}
	buf_append(out, copied, (size_t)(end - copied));
	if (action != ACTION_KEEP)
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

static int put_part(struct converter *converter, seven_bit_fn fn, void *context)
{
	const struct mime_part *part = &converter->part;
	enum action action = judge(converter);
	struct buf header = BUF_INIT(part->header.len * 16 + 4096);
	int result;

	if (converter->in_signed || (action == ACTION_KEEP && seven_bit_is(part->header)))
		buf_append_slice(&header, part->header);
	else
		put_header(converter, action, &header);
	result = fn(context, buf_slice(&header));
	buf_clear(&header);
	if (result != 0)
		return result;
	if (action == ACTION_QUOTE || action == ACTION_BASE64)
		return put_encoded(part->body, action, fn, context);
	return fn(context, part->body);
}

int seven_bit_convert(struct slice message, seven_bit_fn fn, void *context)
{
	struct converter converter;
	struct slice gap;

	converter_init(&converter, message);
	while (next_part(&converter, &gap)) {
		if (fn(context, gap) != 0 || put_part(&converter, fn, context) != 0)
			return -1;
		enter(&converter);
	}
	gap = slice_make(converter.done, (size_t)(message.ptr + message.len - converter.done));
	return fn(context, gap);
}
