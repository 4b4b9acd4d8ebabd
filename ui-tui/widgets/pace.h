/*
 * How often a screen refreshes its data: in a large office reading takes time, and must not use all of it.
 */
#ifndef LANPOST_UI_TUI_PACE_H
#define LANPOST_UI_TUI_PACE_H

#include "base/clock.h"

#include <stdbool.h>

#define PACE_SHARE 20 /* reading uses at most this fraction of the time */

struct pace {
	int64_t began, ended; /* clock_now_ms() */
};

static inline bool pace_is_due(const struct pace *pace, int64_t every_ms)
{
	int64_t pause = (pace->ended - pace->began) * PACE_SHARE;

	return clock_now_ms() - pace->ended >= (pause > every_ms ? pause : every_ms);
}

static inline void pace_begin(struct pace *pace)
{
	pace->began = clock_now_ms();
}

static inline void pace_end(struct pace *pace)
{
	pace->ended = clock_now_ms();
}

#endif
