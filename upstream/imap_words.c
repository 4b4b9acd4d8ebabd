#include "upstream/imap_words.h"

#define LITERAL_MAX (1ull << 34)

bool imap_words_take(struct slice *rest, const char *prefix)
{
	if (!slice_begins_nocase(*rest, prefix))
		return false;
	*rest = slice_from(*rest, strlen(prefix));
	return true;
}

bool imap_words_take_number(struct slice *rest, uint64_t max, uint64_t *value)
{
	size_t len = 0;

	while (len < rest->len && rest->ptr[len] >= '0' && rest->ptr[len] <= '9')
		len++;
	if (!slice_number(slice_make(rest->ptr, len), 0, max, value))
		return false;
	*rest = slice_from(*rest, len);
	return true;
}

static bool is_word_start(struct slice text, size_t at)
{
	return at == 0 || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '(';
}

bool imap_words_find_number(struct slice text, const char *name, uint64_t max, uint64_t *value)
{
	for (size_t at = 0; at < text.len; at++) {
		struct slice rest = slice_from(text, at);

		if (is_word_start(text, at) && imap_words_take(&rest, name) && imap_words_take(&rest, " "))
			return imap_words_take_number(&rest, max, value);
	}
	return false;
}

bool imap_words_have(struct slice text, const char *part)
{
	for (size_t at = 0; at < text.len; at++)
		if (slice_begins_nocase(slice_from(text, at), part))
			return true;
	return false;
}

bool imap_words_end_with_literal(struct slice line, uint64_t *size)
{
	ptrdiff_t open = -1;
	struct slice digits;

	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] == '{')
			open = (ptrdiff_t)i;
	if (open < 0 || line.ptr[line.len - 1] != '}')
		return false;
	digits = slice_make(line.ptr + open + 1, line.len - (size_t)open - 2);
	if (digits.len > 0 && digits.ptr[digits.len - 1] == '+')
		digits.len--;
	return slice_number(digits, 0, LITERAL_MAX, size);
}

/* A string behind its opening quote; moves *rest behind the closing one. */
static bool read_quoted(struct slice *rest, struct buf *out)
{
	for (size_t i = 0; i < rest->len; i++) {
		if (rest->ptr[i] == '"') {
			*rest = slice_from(*rest, i + 1);
			return !out->overflow;
		}
		if (rest->ptr[i] == '\\' && i + 1 < rest->len)
			i++;
		buf_append_byte(out, rest->ptr[i]);
	}
	return false;
}

static bool read_literal(struct slice *rest, struct buf *out)
{
	uint64_t size;

	if (!imap_words_take_number(rest, rest->len, &size))
		return false;
	imap_words_take(rest, "+");
	if (!imap_words_take(rest, "}\r\n") || size > rest->len)
		return false;
	buf_append_slice(out, slice_make(rest->ptr, (size_t)size));
	*rest = slice_from(*rest, (size_t)size);
	return !out->overflow;
}

bool imap_words_take_string(struct slice *rest, struct buf *out)
{
	if (imap_words_take(rest, "\""))
		return read_quoted(rest, out);
	return imap_words_take(rest, "{") && read_literal(rest, out);
}
