#include "lan-server/made_memory.h"

#include "base/alloc.h"
#include "base/map.h"

#include <assert.h>
#include <pthread.h>

/* The more is taken, the less one user may have: at most three quarters of all, and three quarters of what that leaves for the next one. */
#define SHARE 3

struct share {
	size_t taken;
};

static struct {
	pthread_mutex_t lock;
	size_t taken;	  /* by all sessions */
	struct map users; /* name -> share; those that have ever logged in are few */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct share *mine; /* NULL: no user's */

void made_memory_user(const char *user)
{
	mine = NULL;
	if (user == NULL)
		return;
	pthread_mutex_lock(&all.lock);
	mine = map_get(&all.users, slice_of(user));
	if (mine == NULL) {
		mine = xcalloc(1, sizeof(*mine));
		map_put(&all.users, slice_of(user), mine);
	}
	pthread_mutex_unlock(&all.lock);
}

/* With the lock held. What a user takes first has only the limit of all: it may be one large message. */
static bool fits(size_t bytes)
{
	size_t left = MADE_MEMORY_MAX - all.taken;

	return bytes <= left && (mine == NULL || mine->taken == 0 || mine->taken + bytes <= SHARE * (left - bytes));
}

bool made_memory_take(size_t bytes)
{
	bool taken;

	pthread_mutex_lock(&all.lock);
	taken = fits(bytes);
	if (taken) {
		all.taken += bytes;
		if (mine != NULL)
			mine->taken += bytes;
	}
	pthread_mutex_unlock(&all.lock);
	return taken;
}

void made_memory_give(size_t bytes)
{
	pthread_mutex_lock(&all.lock);
	assert(all.taken >= bytes && (mine == NULL || mine->taken >= bytes)); /* given as often as taken, by the same user */
	all.taken -= bytes;
	if (mine != NULL)
		mine->taken -= bytes;
	pthread_mutex_unlock(&all.lock);
}

bool made_memory_buf(struct buf *buf, size_t most)
{
	bool fits_in = made_memory_take(most);

	buf_init(buf, fits_in ? most : 0);
	return fits_in;
}

void made_memory_clear(struct buf *buf)
{
	if (buf->limit == 0)
		return; /* nothing was taken, mostly */
	made_memory_give(buf->limit);
	buf_clear(buf);
	buf_init(buf, 0);
}
