/*
 * Parameters of Content-Type and similar fields (RFC 2045 section 5.1, RFC 2231).
 */
#include "base/alloc.h"
#include "message/charset.h"
#include "message/decode.h"
#include "message/transfer.h"

#include <stdlib.h>

#define PIECES_MAX 200

static size_t skip_quotes(struct slice text, size_t at)
{
	for (at++; at < text.len && text.ptr[at] != '"'; at++)
		if (text.ptr[at] == '\\' && at + 1 < text.len)
			at++;
	return at < text.len ? at + 1 : text.len;
}

bool decode_next_parameter(struct slice *rest, struct decode_raw_parameter *parameter)
{
	while (rest->len > 0) {
		size_t end = 0;
		struct slice item;
		ptrdiff_t equals;

		while (end < rest->len && rest->ptr[end] != ';')
			end = rest->ptr[end] == '"' ? skip_quotes(*rest, end) : end + 1;
		item = slice_make(rest->ptr, end);
		*rest = slice_from(*rest, end + 1);
		equals = slice_find(item, '=');
		if (equals <= 0)
			continue;
		parameter->name = slice_trim(slice_make(item.ptr, (size_t)equals));
		parameter->value = slice_trim(slice_from(item, (size_t)equals + 1));
		parameter->quoted = parameter->value.len > 0 && parameter->value.ptr[0] == '"';
		return true;
	}
	return false;
}

int decode_append_value(const struct decode_raw_parameter *parameter, struct buf *out)
{
	struct slice value = parameter->value;

	if (!parameter->quoted)
		return buf_append_slice(out, value);
	for (size_t i = 1; i < value.len && value.ptr[i] != '"'; i++) {
		if (value.ptr[i] == '\\' && i + 1 < value.len)
			i++;
		if (value.ptr[i] != '\r' && value.ptr[i] != '\n' &&
		    buf_append_byte(out, value.ptr[i]) < 0)
			return -1;
	}
	return 0;
}

static int append_percent(struct slice value, struct buf *out)
{
	for (size_t i = 0; i < value.len; i++) {
		int byte = transfer_hex_byte(value, i, '%');

		if (buf_append_byte(out, byte >= 0 ? (char)byte : value.ptr[i]) < 0)
			return -1;
		if (byte >= 0)
			i += 2;
	}
	return 0;
}

/* One `name*N` or `name*N*` (RFC 2231 section 3); a `name*` is the only piece of its value. */
struct piece {
	struct decode_raw_parameter parameter;
	uint64_t number;
	size_t order; /* order of appearance, for pieces of the same number */
	bool percent;
};

/* The pieces found of one parameter. */
struct gathering {
	struct decode_raw_parameter plain; /* `name` */
	bool has_plain, is_cut; /* is_cut: there are more pieces */
	struct piece *pieces;
	size_t count;
};

/* The part of a name after `name*`: "", "0", "0*". Returns false if it is not one. */
static bool read_suffix(struct slice suffix, struct piece *piece)
{
	piece->number = 0;
	piece->percent = suffix.len == 0 || suffix.ptr[suffix.len - 1] == '*';
	if (suffix.len > 0 && piece->percent)
		suffix.len--;
	return suffix.len == 0 || slice_number(suffix, 0, UINT32_MAX, &piece->number);
}

static void gather(struct gathering *g, const char *name, const struct decode_raw_parameter *parameter)
{
	size_t len = strlen(name);
	struct piece piece = {.parameter = *parameter, .order = g->count};

	if (!slice_begins_nocase(parameter->name, name))
		return;
	if (parameter->name.len == len) {
		if (!g->has_plain) /* the first of two counts */
			g->plain = *parameter;
		g->has_plain = true;
		return;
	}
	if (parameter->name.ptr[len] != '*' || !read_suffix(slice_from(parameter->name, len + 1), &piece))
		return;
	g->is_cut = g->is_cut || g->count == PIECES_MAX || piece.number >= PIECES_MAX;
	if (g->count == PIECES_MAX)
		return;
	ARRAY_GROW(g->pieces, g->count);
	g->pieces[g->count++] = piece;
}

static int by_number(const void *a, const void *b)
{
	const struct piece *one = a, *other = b;

	if (one->number != other->number)
		return one->number < other->number ? -1 : 1;
	return one->order < other->order ? -1 : 1;
}

/* charset'language'text: reduces it to the text and returns the charset; SLICE_NONE if it has
 * another form. */
static struct slice take_charset(struct slice *value)
{
	struct slice rest = *value, charset = slice_cut(&rest, '\'');

	if (rest.ptr == NULL || slice_find(rest, '\'') < 0)
		return SLICE_NONE;
	slice_cut(&rest, '\'');
	*value = rest;
	return charset;
}

/* The bytes of all pieces in their order. Of two with one number the first counts. */
static struct slice join(struct gathering *g, struct buf *bytes)
{
	struct slice charset = SLICE_NONE;

	qsort(g->pieces, g->count, sizeof(*g->pieces), by_number);
	for (size_t i = 0; i < g->count; i++) {
		const struct piece *piece = &g->pieces[i];
		struct slice value = piece->parameter.value;

		if (i > 0 && piece->number == g->pieces[i - 1].number)
			continue;
		if (!piece->percent) {
			decode_append_value(&piece->parameter, bytes);
			continue;
		}
		if (piece->parameter.quoted) /* occurs, though not allowed */
			value = slice_make(value.ptr + 1, value.len - (value.len > 1 ? 2 : 1));
		if (i == 0)
			charset = take_charset(&value);
		append_percent(value, bytes);
	}
	return charset;
}

/* The extended form has priority over the plain one, which is there for old programs. */
bool decode_parameter(struct slice body, const char *name, struct buf *out)
{
	struct gathering g = {.count = 0};
	struct buf bytes = BUF_INIT(body.len + 1), utf8 = BUF_INIT(body.len * 4 + 64);
	struct slice rest = body, charset;
	struct decode_raw_parameter parameter;

	slice_cut(&rest, ';');
	while (decode_next_parameter(&rest, &parameter))
		gather(&g, name, &parameter);
	charset = g.count > 0 ? join(&g, &bytes) : SLICE_NONE;
	if (g.count == 0 && g.has_plain)
		decode_append_value(&g.plain, &bytes);
	if (charset.len > 0) {
		if (charset_to_utf8(charset, buf_slice(&bytes), &utf8) < 0)
			charset_guess_to_utf8(SLICE_NONE, buf_slice(&bytes), &utf8);
		decode_append_clean(buf_slice(&utf8), out);
	} else {
		decode_text(buf_slice(&bytes), SLICE_NONE, out);
	}
	out->overflow = out->overflow || g.is_cut;
	buf_clear(&bytes);
	buf_clear(&utf8);
	free(g.pieces);
	return g.count > 0 || g.has_plain;
}

struct slice decode_charset_parameter(struct slice body)
{
	struct decode_raw_parameter parameter;
	struct slice rest = body;

	slice_cut(&rest, ';');
	while (decode_next_parameter(&rest, &parameter)) {
		struct slice value = parameter.value;

		if (!slice_is_nocase(parameter.name, "charset"))
			continue;
		if (parameter.quoted)
			value = slice_make(value.ptr + 1, value.len - 1);
		for (size_t i = 0; i < value.len; i++)
			if (memchr("\"; \t\r\n(", value.ptr[i], 7) != NULL)
				value.len = i;
		return value;
	}
	return SLICE_NONE;
}

struct slice decode_message_charset(struct slice message)
{
	struct header_field field;

	if (!header_find(message, "Content-Type", &field))
		return SLICE_NONE;
	return decode_charset_parameter(field.body);
}
