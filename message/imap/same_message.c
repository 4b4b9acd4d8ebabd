#include "message/imap/same_message.h"

#include "base/buf.h"
#include "message/decode.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/transfer.h"

#define FIELD_MAX 2000
#define DECODED_MAX (8u << 20) /* of one part; larger ones are compared as they are */

/* --- headers */

static bool read_field(struct slice message, const char *name, struct buf *out)
{
	struct header_field field;

	return header_find(message, name, &field) && header_unfold(field.body, out) == 0 && out->len > 0;
}

/* required: false also if neither has it; otherwise a field that only one of them has is no difference. */
static bool same_field(struct slice a, struct slice b, const char *name, bool required)
{
	struct buf one = BUF_INIT(FIELD_MAX), other = BUF_INIT(FIELD_MAX);
	bool in_one = read_field(a, name, &one), in_other = read_field(b, name, &other);
	bool same = in_one && in_other ? slice_equal(buf_slice(&one), buf_slice(&other)) : !required;

	buf_clear(&one);
	buf_clear(&other);
	return same;
}

/* A message that was sent on keeps its Message-ID; each time is a message of its own. */
static bool same_resending(struct slice a, struct slice b)
{
	return header_count(a, "Resent-Date") == header_count(b, "Resent-Date") && same_field(a, b, "Resent-Message-ID", false) &&
	       same_field(a, b, "Resent-Date", false);
}

bool same_message_header(struct slice a, struct slice b)
{
	return same_field(a, b, "Message-ID", true) && same_field(a, b, "Date", false) && same_resending(a, b);
}

/* --- contents */

static struct slice without_end(struct slice text)
{
	while (text.len > 0 && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static struct slice next_line(struct slice *text)
{
	struct slice line = slice_cut(text, '\n');

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Ends of lines, and empty lines at the end, do not count. */
static bool same_lines(struct slice a, struct slice b)
{
	a = without_end(a);
	b = without_end(b);
	while (a.len > 0 && b.len > 0)
		if (!slice_equal(next_line(&a), next_line(&b)))
			return false;
	return a.len == b.len;
}

/* Without a known encoding the bytes stay as they are. */
static void decode(const struct mime_part *part, struct buf *out)
{
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding");

	if (slice_is_nocase(encoding, "base64"))
		transfer_base64(part->body, out);
	else if (slice_is_nocase(encoding, "quoted-printable"))
		transfer_quoted_printable(part->body, out);
	else
		buf_append_slice(out, part->body);
}

static bool same_decoded(const struct mime_part *a, const struct mime_part *b)
{
	struct buf one = BUF_INIT(DECODED_MAX), other = BUF_INIT(DECODED_MAX);
	bool is_text = slice_begins_nocase(a->type, "text/"), same;

	decode(a, &one);
	decode(b, &other);
	same = !one.overflow && !other.overflow &&
	       (is_text ? same_lines(buf_slice(&one), buf_slice(&other)) : slice_equal(buf_slice(&one), buf_slice(&other)));
	buf_clear(&one);
	buf_clear(&other);
	return same;
}

static bool same_body(const struct mime_part *a, const struct mime_part *b)
{
	struct slice encoding = mime_first_word(a->header, "Content-Transfer-Encoding");

	return (same_lines(a->body, b->body) &&
		   slice_equal_nocase(encoding, mime_first_word(b->header, "Content-Transfer-Encoding"))) ||
	       same_decoded(a, b);
}

static bool read_parameter(const struct mime_part *part, const char *name, struct buf *out)
{
	struct header_field field;

	return header_find(part->header, "Content-Type", &field) && decode_parameter(field.body, name, out);
}

static bool same_charset(const struct mime_part *a, const struct mime_part *b)
{
	struct buf one = BUF_INIT(FIELD_MAX), other = BUF_INIT(FIELD_MAX);
	bool in_one = read_parameter(a, "charset", &one), in_other = read_parameter(b, "charset", &other);
	bool same = !in_one || !in_other || slice_equal_nocase(buf_slice(&one), buf_slice(&other));

	buf_clear(&one);
	buf_clear(&other);
	return same;
}

static bool same_part(const struct mime_part *a, const struct mime_part *b)
{
	return a->depth == b->depth && a->is_container == b->is_container && slice_equal_nocase(a->type, b->type) && same_charset(a, b) &&
	       same_field(a->header, b->header, "Content-ID", false) && (a->is_container || same_body(a, b));
}

static bool same_parts(struct slice a, struct slice b)
{
	struct mime_walk one, other;
	struct mime_part part, counterpart;
	bool is_there, is_also;

	mime_walk_init(&one, a);
	mime_walk_init(&other, b);
	do {
		is_there = mime_walk_next(&one, &part);
		is_also = mime_walk_next(&other, &counterpart);
		if (is_there != is_also || (is_there && !same_part(&part, &counterpart)))
			return false;
	} while (is_there);
	return !one.is_cut && !other.is_cut;
}

bool same_message_content(struct slice a, struct slice b)
{
	return (same_field(a, b, "Content-Type", false) && same_field(a, b, "Content-Transfer-Encoding", false) &&
		   same_lines(slice_from(a, header_length(a)), slice_from(b, header_length(b)))) ||
	       same_parts(a, b);
}
