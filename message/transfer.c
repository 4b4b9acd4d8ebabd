#include "message/transfer.h"

/* Value + 1 of each base64 character; 0 for all others. */
static const unsigned char base64_values[256] = {['A'] = 1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
    13,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
    24,
    25,
    26,
    ['a'] = 27,
    28,
    29,
    30,
    31,
    32,
    33,
    34,
    35,
    36,
    37,
    38,
    39,
    40,
    41,
    42,
    43,
    44,
    45,
    46,
    47,
    48,
    49,
    50,
    51,
    52,
    ['0'] = 53,
    54,
    55,
    56,
    57,
    58,
    59,
    60,
    61,
    62,
    ['+'] = 63,
    ['/'] = 64};

int transfer_base64(struct slice text, struct buf *out)
{
	size_t most = text.len / 4 * 3 + 3, start = out->len;
	unsigned bits = 0, count = 0;
	char *to;

	if (most > out->limit - out->len)
		most = out->limit - out->len;
	to = buf_reserve(out, most);
	for (size_t i = 0; i < text.len; i++) {
		unsigned value = base64_values[(unsigned char)text.ptr[i]];

		if (text.ptr[i] == '=')
			bits = count = 0;
		if (value == 0)
			continue;
		bits = (bits << 6 | (value - 1)) & 0xffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (out->len - start == most) {
			out->overflow = true;
			return -1;
		}
		*to++ = (char)(bits >> count & 0xff);
		out->len++;
	}
	return 0;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int transfer_hex_byte(struct slice text, size_t at, char mark)
{
	int high, low;

	if (text.ptr[at] != mark || text.len - at < 3)
		return -1;
	high = hex_value(text.ptr[at + 1]);
	low = hex_value(text.ptr[at + 2]);
	return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Bytes of the soft line break at text[at]: '=', blanks, a line end; 0 if it is not one. */
static size_t soft_break(struct slice text, size_t at)
{
	size_t end = at + 1;

	while (end < text.len && (text.ptr[end] == ' ' || text.ptr[end] == '\t'))
		end++;
	if (end < text.len && text.ptr[end] == '\r')
		end++;
	if (end < text.len && text.ptr[end] == '\n')
		return end + 1 - at;
	return end == text.len ? end - at : 0;
}

int transfer_quoted_printable(struct slice text, struct buf *out)
{
	for (size_t i = 0; i < text.len;) {
		const char *mark = memchr(text.ptr + i, '=', text.len - i);
		size_t plain = mark == NULL ? text.len - i : (size_t)(mark - text.ptr) - i, len;
		int byte;

		if (buf_append(out, text.ptr + i, plain) < 0)
			return -1;
		i += plain;
		if (mark == NULL)
			break;
		byte = transfer_hex_byte(text, i, '=');
		len = byte >= 0 ? 3 : soft_break(text, i);
		if (len == 0 || byte >= 0) {
			if (buf_append_byte(out, byte >= 0 ? (char)byte : '=') < 0)
				return -1;
			len = len == 0 ? 1 : len;
		}
		i += len;
	}
	return 0;
}
