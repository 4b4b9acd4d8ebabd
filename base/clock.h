/*
 * Time: the wall clock for people and mail, the monotonic clock for waiting.
 *
 * Deadlines are absolute, in monotonic milliseconds: a peer that sends a byte now and then does
 * not extend them.
 */
#ifndef LANPOST_BASE_CLOCK_H
#define LANPOST_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

int64_t clock_now_ms(void);			    /* monotonic */
int64_t clock_steady(void);			    /* seconds; monotonic, and continues while the machine sleeps */
int64_t clock_wall_us(void);			    /* since 1970 */
static inline int64_t clock_wall(void)
{
	return clock_wall_us() / 1000000;
}
/* The first of two deadlines. */
static inline int64_t clock_earlier(int64_t one, int64_t other)
{
	return one < other ? one : other;
}
/* For poll(2): milliseconds left until deadline, at least 0, at most INT_MAX. */
int clock_left_ms(int64_t deadline);

/* The local date as a number: 20261123. */
int64_t clock_day(int64_t wall);
/* RFC 5322 section 3.3 date in local time: "Mon, 23 Nov 2026 09:15:00 +0300". Returns out. */
char *clock_rfc5322(char *out, size_t size, int64_t wall);

#endif
