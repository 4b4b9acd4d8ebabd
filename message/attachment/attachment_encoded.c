#include "message/attachment/attachment_encoded.h"

#include "message/transfer.h"

/* What a line begins. */
enum kind { NO_FILE, UUENCODED, BASE64, YENC };

static bool takes(struct slice *line, const char *start)
{
	size_t len = strlen(start);

	if (line->len <= len || memcmp(line->ptr, start, len) != 0)
		return false;
	*line = slice_from(*line, len);
	return true;
}

/* "begin 644 run.exe", "begin-base64 644 run.exe", "=ybegin line=128 size=9 name=run.exe". *name is in the line. */
static enum kind begins(struct slice line, struct slice *name)
{
	enum kind kind = takes(&line, "begin ") ? UUENCODED : takes(&line, "begin-base64 ") ? BASE64 : takes(&line, "=ybegin ") ? YENC : NO_FILE;
	ptrdiff_t at;

	if (kind == YENC) {
		at = slice_search(line, SLICE_LITERAL("name="));
		line = at < 0 ? SLICE_NONE : slice_from(line, (size_t)at + 5);
	} else if (kind != NO_FILE) {
		line = slice_trim(line);
		slice_cut(&line, ' ');
	}
	*name = slice_trim(line);
	return name->len > 0 ? kind : NO_FILE;
}

static bool ends(enum kind kind, struct slice line)
{
	return kind == UUENCODED ? slice_is(line, "end") : kind == BASE64 ? slice_is(line, "====") : slice_begins_nocase(line, "=yend");
}

/* --- lines of content */

static unsigned six_bits(struct slice line, size_t at)
{
	return at < line.len ? ((unsigned char)line.ptr[at] - ' ') & 63u : 0; /* blanks at the end of a line get lost */
}

static void append_uuencoded(struct slice line, struct buf *bytes)
{
	size_t len = six_bits(line, 0);

	for (size_t at = 1; len > 0; at += 4) {
		unsigned bits = six_bits(line, at) << 18 | six_bits(line, at + 1) << 12 | six_bits(line, at + 2) << 6 | six_bits(line, at + 3);
		const char three[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
		size_t count = len < 3 ? len : 3;

		buf_append(bytes, three, count);
		len -= count;
	}
}

static void append_yenc(struct slice line, struct buf *bytes)
{
	for (size_t i = 0; i < line.len; i++) {
		bool is_escaped = line.ptr[i] == '=' && i + 1 < line.len;

		i += is_escaped;
		buf_append_byte(bytes, (char)((unsigned char)line.ptr[i] - 42 - (is_escaped ? 64 : 0)));
	}
}

static void append_line(enum kind kind, struct slice line, struct buf *bytes)
{
	if (kind == UUENCODED)
		append_uuencoded(line, bytes);
	else if (kind == YENC && !slice_begins_nocase(line, "=ypart "))
		append_yenc(line, bytes);
	else if (kind == BASE64)
		transfer_base64(line, bytes);
}

static struct slice without_cr(struct slice line)
{
	return line.len > 0 && line.ptr[line.len - 1] == '\r' ? slice_make(line.ptr, line.len - 1) : line;
}

/* Up to the end of the file, or to the beginning of another one, which remains. */
static void take_content(enum kind kind, struct slice *text, struct buf *bytes)
{
	while (text->len > 0) {
		struct slice rest = *text, line = without_cr(slice_cut(&rest, '\n')), name;

		if (begins(slice_trim(line), &name) != NO_FILE)
			return;
		*text = rest;
		if (ends(kind, slice_trim(line)))
			return;
		append_line(kind, line, bytes);
	}
}

bool attachment_encoded_next(struct slice *text, struct buf *name, struct buf *bytes)
{
	buf_reset(name);
	buf_reset(bytes);
	while (text->len > 0) {
		struct slice found;
		enum kind kind = begins(slice_trim(slice_cut(text, '\n')), &found);

		if (kind == NO_FILE)
			continue;
		buf_append_slice(name, found);
		take_content(kind, text, bytes);
		return true;
	}
	return false;
}
