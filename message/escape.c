#include "message/escape.h"

#include "base/alloc.h"

#include <stdlib.h>

static bool is_plain(unsigned char c)
{
	return c > 0x20 && c != 0x7F && c != '%';
}

void escape_append(struct buf *out, struct slice value)
{
	static const char digits[] = "0123456789abcdef";

	while (value.len > 0) {
		size_t run = 0;

		while (run < value.len && is_plain((unsigned char)value.ptr[run]))
			run++;
		buf_append(out, value.ptr, run);
		if (run < value.len) {
			unsigned char c = (unsigned char)value.ptr[run++];

			buf_append(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
		}
		value = slice_from(value, run);
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *escape_undo(struct slice word)
{
	char *out = xmalloc(word.len + 1);
	size_t used = 0;

	for (size_t i = 0; i < word.len; i++) {
		int high, low;

		if (word.ptr[i] != '%') {
			out[used++] = word.ptr[i];
			continue;
		}
		if (i + 2 >= word.len || (high = hex_digit(word.ptr[i + 1])) < 0 ||
		    (low = hex_digit(word.ptr[i + 2])) < 0 || (high == 0 && low == 0)) {
			free(out);
			return NULL;
		}
		out[used++] = (char)(high * 16 + low);
		i += 2;
	}
	out[used] = '\0';
	return out;
}
