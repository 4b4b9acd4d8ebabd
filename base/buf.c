#include "base/buf.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *buf, size_t limit)
{
	*buf = (struct buf){.limit = limit};
}

void buf_clear(struct buf *buf)
{
	bool is_secret = buf->is_secret;

	if (is_secret && buf->ptr != NULL)
		explicit_bzero(buf->ptr, buf->capacity);
	free(buf->ptr);
	buf_init(buf, buf->limit);
	buf->is_secret = is_secret;
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->overflow = false;
}

static void grow(struct buf *buf, size_t capacity)
{
	char *before = buf->ptr;

	if (!buf->is_secret) {
		buf->ptr = xrealloc(before, capacity);
	} else {
		buf->ptr = xmalloc(capacity);
		if (buf->len > 0)
			memcpy(buf->ptr, before, buf->len);
		if (before != NULL)
			explicit_bzero(before, buf->capacity);
		free(before);
	}
	buf->capacity = capacity;
}

char *buf_reserve(struct buf *buf, size_t more)
{
	if (more > buf->limit || buf->len > buf->limit - more) {
		buf->overflow = true;
		return NULL;
	}
	if (buf->len + more + 1 > buf->capacity) {
		size_t capacity = buf->capacity < 128 ? 128 : buf->capacity;

		while (capacity < buf->len + more + 1)
			capacity *= 2;
		if (capacity - 1 > buf->limit) /* whose owner may have counted it */
			capacity = buf->limit + 1;
		grow(buf, capacity);
	}
	return buf->ptr + buf->len;
}

int buf_append(struct buf *buf, const void *bytes, size_t len)
{
	char *room = buf_reserve(buf, len);

	if (room == NULL)
		return -1;
	if (len > 0)
		memcpy(room, bytes, len);
	buf->len += len;
	return 0;
}

int buf_append_slice(struct buf *buf, struct slice slice)
{
	return buf_append(buf, slice.ptr, slice.len);
}

int buf_append_text(struct buf *buf, const char *text)
{
	return buf_append(buf, text, strlen(text));
}

int buf_append_byte(struct buf *buf, char byte)
{
	return buf_append(buf, &byte, 1);
}

int buf_append_number(struct buf *buf, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return buf_append(buf, digits + at, sizeof(digits) - at);
}

int buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int len, result = -1;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len >= 0) {
		result = buf_append(buf, text, (size_t)len);
		if (buf->is_secret)
			explicit_bzero(text, (size_t)len);
		free(text);
	}
	return result;
}

void buf_consume(struct buf *buf, size_t len)
{
	if (len == 0)
		return;
	memmove(buf->ptr, buf->ptr + len, buf->len - len);
	buf->len -= len;
}

const char *buf_text(struct buf *buf)
{
	if (buf->ptr == NULL) {
		buf->ptr = xmalloc(128);
		buf->capacity = 128;
	}
	buf->ptr[buf->len] = '\0';
	return buf->ptr;
}

char *buf_take(struct buf *buf)
{
	char *text;

	buf_text(buf);
	text = buf->ptr;
	*buf = (struct buf){.limit = buf->limit, .is_secret = buf->is_secret};
	return text;
}
