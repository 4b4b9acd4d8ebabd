/*
 * Condition variables that use the monotonic clock: setting the system time neither ends nor extends a wait. Also for
 * asserts: whether a mutex is held.
 */
#ifndef LANPOST_BASE_COND_H
#define LANPOST_BASE_COND_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* For cond_wait_until(). pthread_cond_wait(), _signal() and _destroy() are used as usual. */
void cond_init(pthread_cond_t *cond);
/* As pthread_cond_wait(), with a deadline (clock_now_ms). Returns false after the deadline; true may be a spurious
 * wakeup. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);

/* For asserts in functions that leave the locking to their callers: false if nobody holds the mutex, which must not be a recursive
 * one. That another thread holds it is not noticed. One atomic instruction. */
static inline bool cond_is_locked(const pthread_mutex_t *lock)
{
	return pthread_mutex_trylock((pthread_mutex_t *)(uintptr_t)lock) == EBUSY;
}

#endif
