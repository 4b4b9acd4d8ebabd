#include "message/picture/picture_parts.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "message/attachment/attachment_odd.h"
#include "message/header.h"
#include "message/mime.h"

#define LINE_MAX_CHARACTERS 76 /* RFC 2045 section 6.8 */

/* --- the message as a whole */

/* Some programs end a line at a CR or an LF alone. */
static bool has_lone_line_end(struct slice message)
{
	for (size_t at = 0; at < message.len; at++) {
		const char *next = memchr(message.ptr + at, '\n', message.len - at);

		if (next == NULL)
			break;
		at = (size_t)(next - message.ptr);
		if (at == 0 || message.ptr[at - 1] != '\r')
			return true;
	}
	return attachment_has_lone_cr(message);
}

/* A signature covers the bytes, or the user has only passed them on. */
static bool is_settled(struct slice message)
{
	struct header_walk walk;
	struct header_field field;

	header_walk_init(&walk, message);
	while (header_walk_next(&walk, &field))
		if (slice_is_nocase(field.name, "DKIM-Signature") || slice_begins_nocase(field.name, "ARC-") ||
		    slice_begins_nocase(field.name, "Resent-"))
			return true;
	return false;
}

static bool has_signature_name(const struct mime_part *part)
{
	static const char *const endings[] = {".sig", ".sgn", ".p7s", ".p7m", ".asc"};
	struct buf name = BUF_INIT(64u << 10);
	bool found = false;

	mime_file_name(part, &name);
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		found = found || (name.len >= strlen(endings[i]) && slice_is_nocase(slice_from(buf_slice(&name), name.len - strlen(endings[i])), endings[i]));
	buf_clear(&name);
	return found;
}

/* Signatures and what is encrypted: a signature may be a part beside the photo that it is for. */
static bool is_sealed(const struct mime_part *part)
{
	static const char *const types[] = {"multipart/signed", "multipart/encrypted", "application/pgp-signature", "application/pgp-encrypted",
	    "application/pkcs7", "application/x-pkcs7", "application/cms"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (slice_begins_nocase(part->type, types[i]))
			return true;
	return has_signature_name(part);
}

/* --- one part */

static bool is_base64(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Whole groups; *padding: its `=` at the end. */
static bool is_group_line(struct slice line, size_t *padding)
{
	size_t len = line.len;

	*padding = 0;
	while (*padding < 2 && len > 0 && line.ptr[len - 1] == '=') {
		len--;
		(*padding)++;
	}
	for (size_t i = 0; i < len; i++)
		if (!is_base64(line.ptr[i]))
			return false;
	return len > 0 && line.len % 4 == 0 && line.len <= LINE_MAX_CHARACTERS;
}

/* Lines of one length, but for the last one. */
static bool read_text(struct picture_part *part)
{
	struct slice rest = part->text;
	size_t characters = 0, padding = 0;

	part->line = 0;
	while (rest.len > 0) {
		ptrdiff_t end = slice_find(rest, '\r');
		struct slice line = slice_make(rest.ptr, end < 0 ? rest.len : (size_t)end);

		if (padding > 0 || !is_group_line(line, &padding) || (part->line > 0 && line.len > part->line) ||
		    (end >= 0 && part->line > 0 && line.len != part->line))
			return false;
		part->line = part->line == 0 ? line.len : part->line;
		characters += line.len;
		rest = slice_from(rest, line.len + (end < 0 ? 0 : 2));
	}
	part->size = characters / 4 * 3 - padding;
	return characters > 0;
}

static void set_name(const struct mime_part *mime, struct picture_part *part)
{
	struct buf name = BUF_INIT(64u << 10);

	str_printable(part->name, sizeof(part->name), mime_file_name(mime, &name) ? buf_slice(&name) : mime->type);
	buf_clear(&name);
}

static bool read_part(const struct mime_part *mime, struct picture_part *part)
{
	struct header_field field;

	if (mime->is_container || (!slice_is_nocase(mime->type, "image/jpeg") && !slice_is_nocase(mime->type, "image/jpg")) ||
	    !slice_is_nocase(mime_first_word(mime->header, "Content-Transfer-Encoding"), "base64") ||
	    header_find(mime->header, "Content-MD5", &field))
		return false;
	part->text = slice_trim(mime->body);
	if (part->text.ptr != mime->body.ptr || part->text.len < 4 || memcmp(part->text.ptr, "/9j/", 4) != 0 || !read_text(part)) /* FF D8 FF */
		return false;
	set_name(mime, part);
	return true;
}

/* --- all of them */

struct place {
	bool is_next_attached; /* the next part is an attached message */
	bool in_attached;
	unsigned depth; /* of the outermost attached message */
};

/* Whether the part belongs to an attached message. */
static bool is_attached(struct place *place, const struct mime_part *part)
{
	bool goes_on = place->in_attached && part->depth > place->depth;

	if (place->is_next_attached && !goes_on)
		place->depth = part->depth;
	place->in_attached = place->is_next_attached || goes_on;
	place->is_next_attached = part->is_container && slice_begins_nocase(part->type, "message/");
	return place->in_attached;
}

bool picture_parts_find(struct slice message, struct picture_parts *parts)
{
	struct place place = {.in_attached = false};
	struct mime_walk walk;
	struct mime_part part;

	parts->count = 0;
	if (is_settled(message))
		return false;
	mime_walk_init(&walk, message);
	while (mime_walk_next(&walk, &part)) {
		if (is_sealed(&part) || attachment_part_is_odd(&part)) {
			parts->count = 0;
			return false;
		}
		if (!is_attached(&place, &part) && parts->count < PICTURE_PARTS_MAX && read_part(&part, &parts->items[parts->count]))
			parts->count++;
	}
	if (walk.is_cut || parts->count == 0 || has_lone_line_end(message))
		parts->count = 0;
	return parts->count > 0;
}

int picture_parts_encode(const struct picture_part *part, struct slice bytes, struct buf *out)
{
	size_t group = part->line / 4 * 3;

	while (bytes.len > 0) {
		struct slice line = slice_make(bytes.ptr, bytes.len < group ? bytes.len : group);

		if (base64_encode(line, out) != 0)
			return -1;
		bytes = slice_from(bytes, line.len);
		if (bytes.len > 0 && buf_append_text(out, "\r\n") != 0)
			return -1;
	}
	return 0;
}
