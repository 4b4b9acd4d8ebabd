#include "gateway/report/line_use.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define MEGA (1024 * 1024)
#define COST_MAX (INT64_MAX / 4)

static const char key[] = "line-use";

void line_use_load(struct line_use *use, struct state *state, int64_t now)
{
	int64_t stored[STATE_NUMBERS_MAX] = {0}, today = clock_day(now);
	struct error error;

	if (state_numbers_get(state, key, stored, ARRAY_LEN(stored), &error) < 0)
		log_warnx("event=line-use-unknown reason=%s", LOG_ERROR(&error));
	*use = (struct line_use){.day = today, .month = today / 100, .rate = stored[7]};
	if (stored[0] == use->day)
		use->day_bytes = stored[1];
	if (stored[2] != use->month)
		return;
	use->month_bytes = stored[3];
	use->month_seconds = stored[4];
	use->month_sessions = stored[5];
	use->month_cost = stored[6];
}

static void store(const struct line_use *use, struct state *state)
{
	const int64_t numbers[STATE_NUMBERS_MAX] = {use->day, use->day_bytes, use->month, use->month_bytes, use->month_seconds,
	    use->month_sessions, use->month_cost, use->rate};
	struct error error;

	if (state_numbers_put(state, key, numbers, ARRAY_LEN(numbers), &error) != 0)
		log_warnx("event=line-use-not-stored reason=%s", LOG_ERROR(&error));
}

void line_use_add(struct line_use *use, struct state *state, const struct conf_line *line, uint64_t bytes, int64_t seconds, uint64_t rate)
{
	use->day_bytes += (int64_t)bytes;
	use->month_bytes += (int64_t)bytes;
	use->month_seconds += seconds;
	use->month_sessions++;
	use->month_cost += line_use_price(line, bytes, seconds);
	if (rate > 0) /* the last session counts as much as all before */
		use->rate = use->rate == 0 ? (int64_t)rate : (use->rate + (int64_t)rate) / 2;
	store(use, state);
}

static void take_left(int64_t limit, int64_t used, int64_t *left)
{
	int64_t rest = limit > used ? limit - used : 0;

	if (limit > 0 && (*left < 0 || rest < *left))
		*left = rest;
}

int64_t line_use_left(const struct line_use *use, const struct conf_line *line)
{
	int64_t left = -1;

	take_left(line->max_bytes_per_day, use->day_bytes, &left);
	take_left(line->max_bytes_per_month, use->month_bytes, &left);
	return left;
}

bool line_use_has_price(const struct conf_line *line)
{
	return line->price_per_mb > 0 || line->price_per_minute > 0 || line->price_per_session > 0;
}

int64_t line_use_price(const struct conf_line *line, uint64_t bytes, int64_t seconds)
{
	double price = (double)line->price_per_mb * (double)bytes / MEGA + (double)line->price_per_minute * (double)seconds / 60 +
		       (double)line->price_per_session;

	return price >= (double)COST_MAX ? COST_MAX : (int64_t)(price + 0.5);
}

const char *line_use_price_text(char out[LINE_PRICE_SIZE], int64_t price)
{
	int64_t cents = (price + LINE_PRICE_UNIT / 200) / (LINE_PRICE_UNIT / 100);

	snprintf(out, LINE_PRICE_SIZE, "%lld.%02lld", (long long)(cents / 100), (long long)(cents % 100));
	return out;
}
