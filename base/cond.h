/*
 * Condition variables that wait by the monotonic clock, so that a change of the time of day neither ends a wait nor prolongs it.
 */
#ifndef LANPOST_BASE_COND_H
#define LANPOST_BASE_COND_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* For cond_wait_until(); pthread_cond_wait(), _signal() and _destroy() are as ever. */
void cond_init(pthread_cond_t *cond);
/* As pthread_cond_wait(), with a deadline (clock_now_ms). Returns false once it has passed; true may mean nothing at all. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_ms);

#endif
