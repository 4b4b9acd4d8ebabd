/*
 * Condition variables that use the monotonic clock: setting the system time neither ends nor extends a wait.
 */
#ifndef LANPOST_BASE_COND_H
#define LANPOST_BASE_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* For cond_wait_until(). pthread_cond_wait(), _signal() and _destroy() are used as usual. */
void cond_init(pthread_cond_t *cond);
/* As pthread_cond_wait(), with a deadline (clock_now_ms). Returns false after the deadline; true may be a spurious
 * wakeup. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);

#endif
