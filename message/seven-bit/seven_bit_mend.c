#include "message/seven-bit/seven_bit_mend.h"

#include "message/transfer.h"

#define PIECE 16384
#define WIDTH 75 /* and the "=" of a soft line break */

static bool is_odd(char c)
{
	return (unsigned char)c >= 0x80 || c == '\0';
}

static bool has_odd(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_odd(text.ptr[i]))
			return true;
	return false;
}

static struct slice take_line(struct slice *rest)
{
	ptrdiff_t at = slice_find(*rest, '\n');
	struct slice line = slice_make(rest->ptr, at < 0 ? rest->len : (size_t)at + 1);

	*rest = slice_from(*rest, line.len);
	return line;
}

/* A buffer that collects bytes for fn. */
struct piece {
	seven_bit_fn fn;
	void *context;
	char bytes[PIECE];
	size_t len;
	int result;
};

static void flush(struct piece *piece)
{
	if (piece->len > 0 && piece->result == 0)
		piece->result = piece->fn(piece->context, slice_make(piece->bytes, piece->len));
	piece->len = 0;
}

static void put(struct piece *piece, char c)
{
	if (piece->len == sizeof(piece->bytes))
		flush(piece);
	piece->bytes[piece->len++] = c;
}

static void put_slice(struct piece *piece, struct slice bytes)
{
	flush(piece);
	if (bytes.len > 0 && piece->result == 0)
		piece->result = piece->fn(piece->context, bytes);
}

/* --- between parts */

static bool is_like_boundary(struct slice line)
{
	return line.len > 1 && line.ptr[0] == '-' && line.ptr[1] == '-';
}

bool seven_bit_can_mask(struct slice text)
{
	while (text.len > 0) {
		struct slice line = take_line(&text);

		if (is_like_boundary(line) && has_odd(line))
			return false;
	}
	return true;
}

int seven_bit_mask(struct slice text, seven_bit_fn fn, void *context)
{
	struct piece piece = {.fn = fn, .context = context};

	while (text.len > 0) {
		struct slice line = take_line(&text);

		if (is_like_boundary(line) || !has_odd(line)) {
			put_slice(&piece, line);
			continue;
		}
		for (size_t i = 0; i < line.len; i++)
			put(&piece, is_odd(line.ptr[i]) ? '?' : line.ptr[i]);
	}
	flush(&piece);
	return piece.result;
}

/* --- quoted-printable */

static void put_escape(struct piece *piece, char c)
{
	static const char digits[] = "0123456789ABCDEF";

	put(piece, '=');
	put(piece, digits[(unsigned char)c >> 4]);
	put(piece, digits[(unsigned char)c & 15]);
}

/* Bytes of the line end, including a soft line break before it. */
static size_t line_end(struct slice line)
{
	size_t end = line.len;

	if (end > 0 && line.ptr[end - 1] == '\n')
		end--;
	if (end > 0 && line.ptr[end - 1] == '\r')
		end--;
	for (size_t at = end; at > 0; at--) {
		char c = line.ptr[at - 1];

		if (c == '=')
			return line.len - at + 1;
		if (c != ' ' && c != '\t')
			break;
	}
	return line.len - end;
}

static void requote_line(struct piece *piece, struct slice line)
{
	size_t len = line.len - line_end(line), column = 0;
	bool was_broken = false;

	for (size_t at = 0; at < len;) {
		char c = line.ptr[at];
		bool is_escape = transfer_hex_byte(slice_make(line.ptr, len), at, '=') >= 0;
		bool escapes = is_odd(c) || (c == '=' && !is_escape);
		size_t width = escapes || is_escape ? 3 : 1;

		if (column + width > WIDTH) {
			put_slice(piece, SLICE_LITERAL("=\r\n"));
			column = 0;
			was_broken = true;
		}
		if (column == 0 && was_broken && (c == '-' || c == '.')) { /* so that no boundary and no single dot appears */
			escapes = true;
			width = 3;
		}
		if (escapes)
			put_escape(piece, c);
		else
			for (size_t i = 0; i < width; i++)
				put(piece, line.ptr[at + i]);
		at += is_escape ? 3 : 1;
		column += width;
	}
	put_slice(piece, slice_from(line, len));
}

int seven_bit_requote(struct slice body, seven_bit_fn fn, void *context)
{
	struct piece piece = {.fn = fn, .context = context};

	while (body.len > 0 && piece.result == 0) {
		struct slice line = take_line(&body);

		if (has_odd(line))
			requote_line(&piece, line);
		else
			put_slice(&piece, line);
	}
	flush(&piece);
	return piece.result;
}
