#include "mail/fold.h"

#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

static int fold_ascii(struct slice text, struct buf *out)
{
	char *to = buf_reserve(out, text.len);

	if (to == NULL)
		return -1;
	for (size_t i = 0; i < text.len; i++)
		to[i] = ascii_lower(text.ptr[i]);
	out->len += text.len;
	return 0;
}

static int fold_unicode(struct slice text, struct buf *out)
{
	size_t len = 0;
	uint8_t *folded =
	    u8_casefold((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);
	int result;

	if (folded == NULL)
		return fold_ascii(text, out);
	result = buf_append(out, folded, len);
	free(folded);
	return result;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

int fold_text(struct slice text, struct buf *out)
{
	if (is_ascii(text))
		return fold_ascii(text, out);
	while (text.len > 0) {
		size_t good = 0, len;

		while (good < text.len && (len = utf8_char_len(slice_from(text, good))) > 0)
			good += len;
		if (good > 0 && fold_unicode(slice_make(text.ptr, good), out) < 0)
			return -1;
		text = slice_from(text, good);
		if (text.len == 0)
			break;
		if (buf_append_byte(out, text.ptr[0]) < 0)
			return -1;
		text = slice_from(text, 1);
	}
	return 0;
}
