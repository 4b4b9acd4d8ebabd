/*
 * A byte buffer that grows up to a limit.
 *
 * An append that would exceed the limit changes nothing, returns -1 and sets `overflow`, so a
 * caller may append many times and check once at the end.
 */
#ifndef LANPOST_BASE_BUF_H
#define LANPOST_BASE_BUF_H

#include "base/str.h"

struct buf {
	char *ptr;
	size_t len, capacity, limit;
	bool overflow;
	bool is_secret; /* the content is wiped when it leaves memory: on growth and on clearing */
};

#define BUF_INIT(max) {.limit = (max)}
#define BUF_SECRET(max) {.limit = (max), .is_secret = true}

void buf_init(struct buf *buf, size_t limit);
void buf_clear(struct buf *buf); /* frees the memory; keeps the limit and the secret flag */
void buf_reset(struct buf *buf); /* empties the buffer and resets the overflow flag; keeps the memory */
/* Makes room for `more` bytes after len and returns where they go, NULL past the limit. */
char *buf_reserve(struct buf *buf, size_t more);
int buf_append(struct buf *buf, const void *bytes, size_t len);
int buf_append_slice(struct buf *buf, struct slice slice);
int buf_append_text(struct buf *buf, const char *text);
int buf_append_byte(struct buf *buf, char byte);
/* In decimal; quicker than buf_printf(). */
int buf_append_number(struct buf *buf, uint64_t number);
int buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_consume(struct buf *buf, size_t len); /* drops bytes at the front */
/* The content as a C string, owned by the buffer, valid until the next change. */
const char *buf_text(struct buf *buf);
/* The same in memory that the caller frees; the buffer is empty afterwards. */
char *buf_take(struct buf *buf);

static inline struct slice buf_slice(const struct buf *buf)
{
	return (struct slice){buf->ptr, buf->len};
}

#endif
