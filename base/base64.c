#include "base/base64.h"

#include <limits.h>
#include <openssl/evp.h>

int base64_encode(struct slice bytes, struct buf *out)
{
	char *room;

	if (bytes.len == 0)
		return 0;
	if (bytes.len > INT_MAX / 2)
		return -1;
	room = buf_reserve(out, (bytes.len + 2) / 3 * 4 + 1); /* OpenSSL adds a NUL */
	if (room == NULL)
		return -1;
	out->len += (size_t)EVP_EncodeBlock(
	    (unsigned char *)room, (const unsigned char *)bytes.ptr, (int)bytes.len);
	return 0;
}

static size_t count_padding(struct slice text)
{
	size_t count = 0;

	while (count < 2 && text.ptr[text.len - 1 - count] == '=')
		count++;
	return count;
}

bool base64_decode(struct slice text, struct buf *out)
{
	size_t padding;
	char *room;
	int len;

	if (text.len == 0)
		return true;
	if (text.len % 4 != 0 || text.len > INT_MAX / 2)
		return false;
	padding = count_padding(text);
	/* EVP_DecodeBlock accepts padding anywhere, and blanks around the text. */
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || (text.ptr[i] == '=' && i < text.len - padding))
			return false;
	room = buf_reserve(out, text.len / 4 * 3);
	if (room == NULL)
		return false;
	len = EVP_DecodeBlock((unsigned char *)room, (const unsigned char *)text.ptr, (int)text.len);
	if (len < 0)
		return false;
	out->len += (size_t)len - padding; /* EVP_DecodeBlock counts the padding as bytes */
	return true;
}
