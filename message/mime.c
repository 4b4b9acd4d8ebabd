#include "message/mime.h"

#include "base/alloc.h"
#include "message/charset.h"
#include "message/decode.h"
#include "message/header.h"
#include "message/html.h"
#include "message/transfer.h"

/* --- fields of a part */

/* Comments in front (RFC 5322 section 3.2.2), with those in them. One without an end is all of the value. */
static struct slice skip_comments(struct slice value)
{
	size_t at = 0, depth = 0;

	for (; at < value.len && (depth > 0 || memchr(" \t\r\n(", value.ptr[at], 5) != NULL); at++) {
		depth += value.ptr[at] == '(';
		depth -= value.ptr[at] == ')' && depth > 0;
		at += value.ptr[at] == '\\' && at + 1 < value.len;
	}
	return slice_from(value, at);
}

struct slice mime_first_word(struct slice header, const char *name)
{
	struct header_field field;
	struct slice value;
	size_t len = 0;

	if (!header_find(header, name, &field))
		return SLICE_NONE;
	value = skip_comments(field.body);
	while (len < value.len && value.ptr[len] > ' ' && value.ptr[len] != ';' &&
	       value.ptr[len] != '(')
		len++;
	return slice_make(value.ptr, len);
}

static struct slice type_of(struct slice header, bool in_digest)
{
	struct slice type = mime_first_word(header, "Content-Type");

	if (type.len > 0 && slice_find(type, '/') > 0)
		return type;
	/* RFC 2046 section 5.1.5. "Content-Type: text" was once allowed. */
	return in_digest && type.len == 0 ? SLICE_LITERAL("message/rfc822")
	                                  : SLICE_LITERAL("text/plain");
}

static bool is_encoded(struct slice header)
{
	struct slice encoding = mime_first_word(header, "Content-Transfer-Encoding");

	return slice_is_nocase(encoding, "base64") || slice_is_nocase(encoding, "quoted-printable");
}

/* *too_long: the parameter exists, but is longer than the limit. */
static bool read_boundary(struct slice header, struct mime_boundary *boundary, bool *too_long)
{
	struct buf text = BUF_INIT(64u << 10);
	struct header_field field;
	bool found = header_find(header, "Content-Type", &field) &&
	             decode_parameter(field.body, "boundary", &text);
	size_t len = text.len;

	while (found && len > 0 && text.ptr[len - 1] == ' ') /* RFC 2046 section 5.1.1 */
		len--;
	*too_long = (found && len > sizeof(boundary->text)) || text.overflow;
	found = found && len > 0 && len <= sizeof(boundary->text);
	if (found) {
		memcpy(boundary->text, text.ptr, len);
		boundary->len = len;
	}
	buf_clear(&text);
	return found;
}

/* --- the walk */

void mime_walk_init(struct mime_walk *walk, struct slice message)
{
	walk->rest = message;
	walk->depth = 0;
	walk->count = 0;
	walk->ended = walk->in_message = walk->is_cut = false;
	memset(walk->closed, 0, sizeof(walk->closed));
}

static size_t line_length(struct slice text)
{
	ptrdiff_t at = slice_find(text, '\n');

	return at < 0 ? text.len : (size_t)at + 1;
}

/* The open boundary that this line is: its level from 1 on, 0 for none. */
static unsigned boundary_level(const struct mime_walk *walk, struct slice line, bool *closes)
{
	if (line.len < 3 || line.ptr[0] != '-' || line.ptr[1] != '-')
		return 0;
	for (unsigned level = walk->depth; level > 0; level--) {
		const struct mime_boundary *open = &walk->open[level - 1];
		struct slice rest;

		if (line.len < open->len + 2 || memcmp(line.ptr + 2, open->text, open->len) != 0)
			continue;
		rest = slice_trim(slice_from(line, open->len + 2));
		*closes = rest.len == 2 && memcmp(rest.ptr, "--", 2) == 0;
		if (rest.len == 0 || *closes)
			return level;
	}
	return 0;
}

/* A boundary ends the parts of its own multipart, and of all that are in it. */
static void note_closed(struct mime_walk *walk, unsigned level, const char *line)
{
	for (unsigned depth = level; depth <= walk->depth; depth++)
		walk->closed[depth] = line;
}

/* Skips lines up to and including the boundary that begins the next part; returns the text
 * before the first boundary, without the line end that belongs to the boundary. */
static struct slice take_body(struct mime_walk *walk)
{
	struct slice body = walk->rest;
	bool found = false;

	while (walk->rest.len > 0) {
		struct slice line = slice_make(walk->rest.ptr, line_length(walk->rest));
		bool closes = false;
		unsigned level = boundary_level(walk, line, &closes);

		walk->rest = slice_from(walk->rest, line.len);
		if (level == 0)
			continue;
		if (!found)
			body.len = (size_t)(line.ptr - body.ptr);
		found = true;
		note_closed(walk, level, line.ptr);
		walk->depth = closes ? level - 1 : level;
		if (!closes)
			break;
		if (walk->depth == 0) /* the rest is an epilogue */
			walk->rest = SLICE_NONE;
	}
	walk->ended = walk->rest.ptr == NULL || walk->rest.len == 0;
	if (found && body.len > 0 && body.ptr[body.len - 1] == '\n')
		body.len -= body.len > 1 && body.ptr[body.len - 2] == '\r' ? 2 : 1;
	return body;
}

static bool is_field(struct slice line)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, line);
	return header_walk_next(&walk, &field);
}

/* Up to and including the empty line. A boundary also ends the header, and so does a first line
 * that is not a field. */
static struct slice take_header(struct mime_walk *walk)
{
	struct slice header = walk->rest;

	while (walk->rest.len > 0) {
		struct slice line = slice_make(walk->rest.ptr, line_length(walk->rest));
		bool closes, is_first = line.ptr == header.ptr;

		if (boundary_level(walk, line, &closes) > 0)
			break;
		if (is_first && walk->count > 0 && slice_trim(line).len > 0 && !is_field(line))
			break;
		walk->rest = slice_from(walk->rest, line.len);
		if (line.ptr[0] == '\n' || (line.len == 2 && line.ptr[0] == '\r'))
			break;
	}
	header.len -= walk->rest.len;
	return header;
}

/* Opens a multipart: its first part is next. Returns false if its boundary does not occur: then
 * its content is its body. */
static bool enter(struct mime_walk *walk, struct mime_part *part)
{
	struct mime_boundary *boundary = &walk->open[walk->depth < MIME_DEPTH_MAX ? walk->depth : 0];
	unsigned level = walk->depth + 1;
	bool too_long = false;

	if (walk->depth == MIME_DEPTH_MAX || !read_boundary(part->header, boundary, &too_long)) {
		walk->is_cut = walk->is_cut || too_long || walk->depth == MIME_DEPTH_MAX;
		return false;
	}
	boundary->is_digest = slice_is_nocase(part->type, "multipart/digest");
	walk->depth = level;
	part->body = take_body(walk);
	if (!walk->ended && walk->depth == level)
		part->body.len = 0; /* a preamble */
	return true;
}

bool mime_walk_next(struct mime_walk *walk, struct mime_part *part)
{
	bool in_digest =
	    walk->depth > 0 && !walk->in_message && walk->open[walk->depth - 1].is_digest;

	if (walk->ended || walk->count >= MIME_PARTS_MAX) {
		walk->is_cut = walk->is_cut || !walk->ended;
		return false;
	}
	*part = (struct mime_part){.depth = walk->depth};
	part->header = take_header(walk);
	walk->count++;
	walk->in_message = false;
	part->type = type_of(part->header, in_digest);
	if (slice_begins_nocase(part->type, "multipart/")) {
		if (enter(walk, part)) {
			part->is_container = part->body.len == 0;
			return true;
		}
	} else if (slice_begins_nocase(part->type, "message/rfc822") && !is_encoded(part->header) &&
	           walk->rest.len > 0) {
		part->is_container = walk->in_message = true; /* that message is the next part */
		return true;
	}
	part->body = take_body(walk);
	return true;
}

/* --- what a part is */

bool mime_file_name(const struct mime_part *part, struct buf *out)
{
	struct header_field field;
	size_t start = out->len;

	if (header_find(part->header, "Content-Disposition", &field))
		decode_parameter(field.body, "filename", out);
	if (out->len == start && header_find(part->header, "Content-Type", &field))
		decode_parameter(field.body, "name", out);
	return out->len > start;
}

/* Parts that programs add, not people. */
static bool is_technical(struct slice type)
{
	static const char *const types[] = {"application/pgp-signature",
	    "application/pgp-encrypted", "application/pkcs7-signature",
	    "application/x-pkcs7-signature", "message/delivery-status",
	    "message/disposition-notification"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (slice_is_nocase(type, types[i]))
			return true;
	return false;
}

static bool has_file_name(const struct mime_part *part)
{
	struct buf name = BUF_INIT(64u << 10);
	bool found = mime_file_name(part, &name);

	buf_clear(&name);
	return found;
}

/* The text types that mail programs show even if the part has a file name. */
static bool is_readable(struct slice type)
{
	return slice_is_nocase(type, "text/plain") || slice_is_nocase(type, "text/html");
}

bool mime_is_attachment(const struct mime_part *part)
{
	struct slice disposition = mime_first_word(part->header, "Content-Disposition");
	struct header_field field;
	bool has_id = header_find(part->header, "Content-ID", &field);

	if (is_technical(part->type))
		return false;
	if (slice_is_nocase(disposition, "attachment"))
		return true;
	/* The images of an HTML message have an id by which the text shows them. */
	if (has_id)
		return false;
	if (has_file_name(part))
		return disposition.len > 0 || !is_readable(part->type);
	return !part->is_container && !slice_begins_nocase(part->type, "text/") &&
	       !slice_begins_nocase(part->type, "multipart/") &&
	       !slice_begins_nocase(part->type, "message/");
}

bool mime_is_shown_text(const struct mime_part *part)
{
	/* A multipart that is not a container names a boundary that does not occur. */
	if (part->is_container ||
	    (!slice_begins_nocase(part->type, "text/") && !slice_begins_nocase(part->type, "multipart/")))
		return false;
	if (part->depth == 0)
		return true;
	if (is_readable(part->type))
		return !slice_is_nocase(mime_first_word(part->header, "Content-Disposition"), "attachment");
	return !mime_is_attachment(part);
}

/* --- text */

static bool is_html(struct slice type)
{
	return slice_is_nocase(type, "text/html") || slice_is_nocase(type, "application/xhtml+xml");
}

static void decode_transfer(const struct mime_part *part, struct slice body, struct buf *out)
{
	struct slice encoding = mime_first_word(part->header, "Content-Transfer-Encoding");

	if (slice_is_nocase(encoding, "base64")) {
		transfer_base64(body, out);
	} else if (slice_is_nocase(encoding, "quoted-printable")) {
		transfer_quoted_printable(body, out);
	} else {
		buf_append(out, body.ptr, body.len < out->limit ? body.len : out->limit);
		out->overflow = body.len > out->limit;
	}
}

static void to_utf8(struct slice charset, struct slice bytes, struct buf *out)
{
	if (charset.len == 0 || charset_to_utf8(charset, bytes, out) < 0)
		charset_guess_to_utf8(SLICE_NONE, bytes, out);
}

int mime_text(const struct mime_part *part, struct buf *out)
{
	size_t room = out->limit - out->len;
	struct slice body = part->body;
	struct buf bytes = BUF_INIT(room), utf8 = BUF_INIT(room * 4 + 64);
	bool is_cut;

	if (body.len >
	    room * 4) /* base64 and soft line breaks shrink when decoded, HTML perhaps much more */
		body.len = room * 4;
	decode_transfer(part, body, &bytes);
	to_utf8(decode_message_charset(part->header), buf_slice(&bytes), &utf8);
	is_cut = body.len < part->body.len || bytes.overflow;
	if (is_html(part->type)) {
		is_cut = html_to_text(buf_slice(&utf8), out) < 0 || is_cut;
	} else {
		is_cut = is_cut || utf8.len > room;
		buf_append(out, utf8.ptr, utf8.len < room ? utf8.len : room);
	}
	buf_clear(&bytes);
	buf_clear(&utf8);
	return is_cut ? -1 : 0;
}
