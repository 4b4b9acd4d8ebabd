#include "lan-server/made_memory.h"

#include <assert.h>
#include <stdatomic.h>

static atomic_size_t taken; /* by all sessions */

bool made_memory_take(size_t bytes)
{
	size_t before = atomic_fetch_add(&taken, bytes);

	if (bytes <= MADE_MEMORY_MAX && before <= MADE_MEMORY_MAX - bytes)
		return true;
	made_memory_give(bytes);
	return false;
}

void made_memory_give(size_t bytes)
{
	size_t before = atomic_fetch_sub(&taken, bytes);

	assert(before >= bytes); /* given as often as taken */
	(void)before;
}

bool made_memory_buf(struct buf *buf, size_t most)
{
	bool fits = made_memory_take(most);

	buf_init(buf, fits ? most : 0);
	return fits;
}

void made_memory_clear(struct buf *buf)
{
	made_memory_give(buf->limit);
	buf_clear(buf);
	buf_init(buf, 0);
}
