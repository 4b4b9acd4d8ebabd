#include "base/net/deflate.h"

#include "base/alloc.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define LEVEL 6
#define OUR_WINDOW_BITS 13  /* 64 KiB of memory in all for what we send */
#define OUR_MEMORY_LEVEL 6
#define PEER_WINDOW_BITS 15 /* the peer may use the largest one */
#define RECEIVE_SIZE 8192

struct deflate {
	z_stream out, in;
	bool more; /* the last expansion filled the room: there may be more */
	unsigned char received[RECEIVE_SIZE];
};

struct deflate *deflate_new(void)
{
	struct deflate *deflate = xcalloc(1, sizeof(*deflate));

	if (deflateInit2(&deflate->out, LEVEL, Z_DEFLATED, -OUR_WINDOW_BITS, OUR_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK ||
	    inflateInit2(&deflate->in, -PEER_WINDOW_BITS) != Z_OK)
		abort(); /* no memory: as base/alloc.h */
	return deflate;
}

void deflate_free(struct deflate *deflate)
{
	if (deflate == NULL)
		return;
	deflateEnd(&deflate->out);
	inflateEnd(&deflate->in);
	free(deflate);
}

/* The names of zlib's function and of our parameters are the same. */
static int compress_step(z_stream *z)
{
	return deflate(z, Z_SYNC_FLUSH);
}

void deflate_compress(struct deflate *deflate, struct slice bytes, struct buf *out)
{
	z_stream *z = &deflate->out;
	int result;

	assert(bytes.len <= UINT_MAX);
	z->next_in = (unsigned char *)bytes.ptr;
	z->avail_in = (uInt)bytes.len;
	do {
		char *room = buf_reserve(out, RECEIVE_SIZE);

		assert(room != NULL);
		z->next_out = (unsigned char *)room;
		z->avail_out = RECEIVE_SIZE;
		result = compress_step(z);
		assert(result == Z_OK || result == Z_BUF_ERROR);
		out->len += RECEIVE_SIZE - z->avail_out;
	} while (z->avail_out == 0);
}

char *deflate_room(struct deflate *deflate, size_t *len)
{
	assert(deflate->in.avail_in == 0);
	*len = sizeof(deflate->received);
	return (char *)deflate->received;
}

void deflate_received(struct deflate *deflate, size_t len)
{
	assert(len <= sizeof(deflate->received));
	deflate->in.next_in = deflate->received;
	deflate->in.avail_in = (uInt)len;
}

ssize_t deflate_expand(struct deflate *deflate, char *room, size_t size)
{
	z_stream *z = &deflate->in;
	int result;

	z->next_out = (unsigned char *)room;
	z->avail_out = (uInt)size;
	result = inflate(z, Z_SYNC_FLUSH);
	if (result != Z_OK && result != Z_BUF_ERROR) /* Z_STREAM_END, too: nothing may follow it */
		return -1;
	deflate->more = z->avail_out == 0;
	return (ssize_t)(size - z->avail_out);
}

bool deflate_has_input(const struct deflate *deflate)
{
	return deflate->in.avail_in > 0 || deflate->more;
}
