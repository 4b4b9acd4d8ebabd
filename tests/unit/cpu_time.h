/*
 * The processor time of this process, independent of other load. For tests that would run for minutes if
 * something were no longer linear, never for speed.
 */
#ifndef LANPOST_TESTS_CPU_TIME_H
#define LANPOST_TESTS_CPU_TIME_H

#include <stdint.h>
#include <time.h>

/* Sanitizers multiply all work, the thread sanitizer a hundred times, so the inputs are smaller instead. */
#ifndef __has_feature
#define __has_feature(feature) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HUGE_SHARE 64
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HUGE_SHARE 8
#else
#define HUGE_SHARE 1
#endif

static inline int64_t cpu_ms(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (int64_t)spent.tv_sec * 1000 + spent.tv_nsec / 1000000;
}

#endif
