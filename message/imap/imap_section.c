#include "message/imap/imap_section.h"

#include "message/header.h"
#include "message/transfer.h"

#include <stdlib.h>

/* --- reading */

/* Cuts the next part's number and its dot off; false if the text does not begin with one. */
static bool take_number(struct slice *text, unsigned *number)
{
	struct slice rest = *text, digits;
	uint64_t value;

	digits = slice_cut(&rest, '.');
	if (!slice_number(digits, 1, MIME_PARTS_MAX, &value))
		return false;
	*number = (unsigned)value;
	*text = rest;
	return true;
}

/* "(From To)": names are atoms or strings without spaces, as clients send them. */
static bool read_fields(struct slice text, struct strlist *fields)
{
	text = slice_trim(text);
	if (text.len < 3 || text.ptr[0] != '(' || text.ptr[text.len - 1] != ')')
		return false;
	text = slice_make(text.ptr + 1, text.len - 2);
	while (text.len > 0) {
		struct slice name = slice_trim(slice_cut(&text, ' '));
		char *copy;

		if (name.len > 1 && name.ptr[0] == '"' && name.ptr[name.len - 1] == '"')
			name = slice_make(name.ptr + 1, name.len - 2);
		if (name.len == 0)
			continue;
		if (fields->count == IMAP_SECTION_FIELDS_MAX)
			return false;
		for (size_t i = 0; i < name.len; i++)
			if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f || strchr("\"\\(){:", name.ptr[i]) != NULL)
				return false;
		copy = slice_dup(name);
		strlist_add(fields, copy);
		free(copy);
	}
	return fields->count > 0;
}

static bool read_kind(struct slice text, struct imap_section *section)
{
	static const char fields[] = "HEADER.FIELDS", others[] = "HEADER.FIELDS.NOT";

	if (text.len == 0) {
		section->kind = IMAP_SECTION_WHOLE;
	} else if (slice_is_nocase(text, "HEADER")) {
		section->kind = IMAP_SECTION_HEADER;
	} else if (slice_is_nocase(text, "TEXT")) {
		section->kind = IMAP_SECTION_TEXT;
	} else if (slice_is_nocase(text, "MIME")) {
		section->kind = IMAP_SECTION_MIME;
		return section->depth > 0;
	} else if (slice_begins_nocase(text, others)) {
		section->kind = IMAP_SECTION_OTHERS;
		return read_fields(slice_from(text, sizeof(others) - 1), &section->fields);
	} else if (slice_begins_nocase(text, fields)) {
		section->kind = IMAP_SECTION_FIELDS;
		return read_fields(slice_from(text, sizeof(fields) - 1), &section->fields);
	} else {
		return false;
	}
	return true;
}

bool imap_section_read(struct slice text, struct imap_section *section)
{
	unsigned number;

	*section = (struct imap_section){.kind = IMAP_SECTION_WHOLE};
	while (text.len > 0 && take_number(&text, &number)) {
		if (section->depth == IMAP_SECTION_DEPTH_MAX)
			return false;
		section->numbers[section->depth++] = number;
		if (text.ptr != NULL && text.len == 0) /* "1." */
			return false;
	}
	if (read_kind(text, section))
		return true;
	imap_section_clear(section);
	return false;
}

void imap_section_clear(struct imap_section *section)
{
	strlist_clear(&section->fields);
}

void imap_section_name(const struct imap_section *section, struct buf *out)
{
	static const char *const names[] = {
	    [IMAP_SECTION_WHOLE] = "",
	    [IMAP_SECTION_HEADER] = "HEADER",
	    [IMAP_SECTION_FIELDS] = "HEADER.FIELDS",
	    [IMAP_SECTION_OTHERS] = "HEADER.FIELDS.NOT",
	    [IMAP_SECTION_TEXT] = "TEXT",
	    [IMAP_SECTION_MIME] = "MIME",
	};

	for (size_t i = 0; i < section->depth; i++)
		buf_printf(out, "%s%u", i > 0 ? "." : "", section->numbers[i]);
	if (section->depth > 0 && section->kind != IMAP_SECTION_WHOLE)
		buf_append_byte(out, '.');
	buf_append_text(out, names[section->kind]);
	for (size_t i = 0; i < section->fields.count; i++)
		buf_printf(out, "%s%s", i == 0 ? " (" : " ", section->fields.items[i]);
	if (section->fields.count > 0)
		buf_append_byte(out, ')');
}

bool imap_section_is_of_header(const struct imap_section *section)
{
	return section->depth == 0 && (section->kind == IMAP_SECTION_HEADER || section->kind == IMAP_SECTION_FIELDS ||
	                                  section->kind == IMAP_SECTION_OTHERS);
}

/* --- bytes */

static bool is_named(const struct imap_section *section, struct slice name)
{
	for (size_t i = 0; i < section->fields.count; i++)
		if (slice_is_nocase(name, section->fields.items[i]))
			return true;
	return false;
}

/* The chosen fields as they are, and the empty line that RFC 9051 section 6.4.5.1 wants after them. */
static struct slice choose_fields(struct slice header, const struct imap_section *section, struct buf *fields)
{
	bool named = section->kind == IMAP_SECTION_FIELDS;
	size_t start = fields->len;
	struct header_field field;
	struct header_walk walk;

	header_walk_init(&walk, header);
	while (header_walk_next(&walk, &field)) {
		if (is_named(section, field.name) != named)
			continue;
		buf_append_slice(fields, field.raw);
		if (field.raw.len > 0 && field.raw.ptr[field.raw.len - 1] != '\n')
			buf_append_text(fields, "\r\n");
	}
	buf_append_text(fields, "\r\n");
	return slice_from(buf_slice(fields), start);
}

struct slice imap_section_of_header(struct slice header, const struct imap_section *section, struct buf *fields)
{
	return section->kind == IMAP_SECTION_HEADER ? header : choose_fields(header, section, fields);
}

struct slice imap_section_bytes(const struct imap_tree *tree, const struct imap_section *section, struct buf *fields)
{
	const struct imap_part *part = imap_tree_find(tree, section->numbers, section->depth), *message;

	if (part == NULL)
		return SLICE_NONE;
	if (section->kind == IMAP_SECTION_MIME)
		return part->header;
	if (section->kind == IMAP_SECTION_WHOLE && section->depth > 0)
		return part->body;
	message = section->depth > 0 && !part->is_message ? NULL : section->depth > 0 ? part->child : part;
	if (message == NULL)
		return SLICE_NONE;
	if (section->kind == IMAP_SECTION_WHOLE)
		return slice_make(message->header.ptr, message->header.len + message->body.len);
	if (section->kind == IMAP_SECTION_TEXT)
		return message->body;
	return imap_section_of_header(message->header, section, fields);
}

enum imap_binary imap_section_binary(const struct imap_tree *tree, const struct imap_section *section, struct buf *out)
{
	const struct imap_part *part = imap_tree_find(tree, section->numbers, section->depth);
	struct slice encoding;

	if (part == NULL)
		return IMAP_BINARY_NONE;
	if (section->depth == 0) {
		buf_append(out, part->header.ptr, part->header.len + part->body.len);
		return IMAP_BINARY_FOUND;
	}
	encoding = mime_first_word(part->header, "Content-Transfer-Encoding");
	if (slice_is_nocase(encoding, "base64"))
		transfer_base64(part->body, out);
	else if (slice_is_nocase(encoding, "quoted-printable"))
		transfer_quoted_printable(part->body, out);
	else if (encoding.len == 0 || slice_is_nocase(encoding, "7bit") || slice_is_nocase(encoding, "8bit") ||
	         slice_is_nocase(encoding, "binary"))
		buf_append_slice(out, part->body);
	else
		return IMAP_BINARY_UNKNOWN_ENCODING;
	return IMAP_BINARY_FOUND;
}
