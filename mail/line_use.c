#include "mail/line_use.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEGA (1024 * 1024)
#define COST_MAX (INT64_MAX / 4)

/* The first had room for no more. The third has days that were put aside. */
static const char key[] = "line-use", ways_key[] = "line-use-ways", days_key[] = "line-use-days";

enum { OF_DAY, OF_DAY_BYTES, OF_MONTH, OF_MONTH_BYTES, OF_SECONDS, OF_SESSIONS, OF_COST, OF_RATE, ROW_SIZE };
enum { WAYS_DAY, WAYS_DAY_RECEIVED, WAYS_DAY_SENT, WAYS_MONTH, WAYS_MONTH_RECEIVED, WAYS_MONTH_SENT, WAYS_SIZE };
enum { ASIDE_DAY, ASIDE_BYTES, ASIDE_RECEIVED, ASIDE_SENT, ASIDE_SIZE };
#define ASIDE_DAYS 2

/* A clock that is wrong for a while (a computer without a battery, before it has the time) must not set the sums to 0. So the row of a month, or the
 * sums of a day, that is not this one is put aside before it is written over, and what was put aside of this one counts again. */

static char *month_key(const char *name, int64_t month)
{
	return xasprintf("%s-%lld", name, (long long)month);
}

/* Of the newest session; if that was in another month, what was put aside of this one. at: where the row has its month. */
static void load_row(struct state *state, const char *name, size_t at, int64_t month, int64_t *row, size_t count)
{
	struct error error = ERROR_INIT;
	int result = state_numbers_get(state, name, row, count, &error);

	if (result >= 0 && row[at] != 0 && row[at] != month) {
		char *aside = month_key(name, month);

		result = state_numbers_get(state, aside, row, count, &error);
		free(aside);
	}
	if (result < 0)
		log_warnx("event=line-use-unknown reason=%s", LOG_ERROR(&error));
}

/* If the row of the month has another day. */
static void load_day_aside(struct line_use *use, struct state *state)
{
	int64_t days[ASIDE_DAYS * ASIDE_SIZE];
	struct error error;

	if (state_numbers_get(state, days_key, days, ARRAY_LEN(days), &error) < 0) {
		log_warnx("event=line-use-unknown reason=%s", LOG_ERROR(&error));
		return;
	}
	for (const int64_t *day = days; day < days + ARRAY_LEN(days); day += ASIDE_SIZE) {
		if (day[ASIDE_DAY] != use->day)
			continue;
		use->day_bytes = day[ASIDE_BYTES];
		use->day_ways = (struct remote_bytes){(uint64_t)day[ASIDE_RECEIVED], (uint64_t)day[ASIDE_SENT]};
	}
}

static void load_ways(struct line_use *use, struct state *state)
{
	int64_t stored[WAYS_SIZE] = {0};

	load_row(state, ways_key, WAYS_MONTH, use->month, stored, ARRAY_LEN(stored));
	if (stored[WAYS_DAY] == use->day)
		use->day_ways = (struct remote_bytes){(uint64_t)stored[WAYS_DAY_RECEIVED], (uint64_t)stored[WAYS_DAY_SENT]};
	if (stored[WAYS_MONTH] == use->month)
		use->month_ways = (struct remote_bytes){(uint64_t)stored[WAYS_MONTH_RECEIVED], (uint64_t)stored[WAYS_MONTH_SENT]};
}

void line_use_load(struct line_use *use, struct state *state, int64_t now)
{
	int64_t stored[ROW_SIZE] = {0}, today = clock_day(now), rate;
	struct error error;

	state_numbers_get(state, key, stored, ARRAY_LEN(stored), &error); /* load_row() reports a failure */
	rate = stored[OF_RATE];
	load_row(state, key, OF_MONTH, today / 100, stored, ARRAY_LEN(stored));
	*use = (struct line_use){.day = today, .month = today / 100, .rate = rate};
	load_ways(use, state);
	if (stored[OF_DAY] == use->day)
		use->day_bytes = stored[OF_DAY_BYTES];
	else
		load_day_aside(use, state);
	if (stored[OF_MONTH] != use->month)
		return;
	use->month_bytes = stored[OF_MONTH_BYTES];
	use->month_seconds = stored[OF_SECONDS];
	use->month_sessions = stored[OF_SESSIONS];
	use->month_cost = stored[OF_COST];
}

/* --- storing */

/* The last ones, each once. */
static int put_day_aside(struct state *state, const int64_t day[ASIDE_SIZE], struct error *error)
{
	int64_t days[ASIDE_DAYS * ASIDE_SIZE], kept[ASIDE_DAYS * ASIDE_SIZE] = {0};
	size_t count = ASIDE_SIZE;

	if (state_numbers_get(state, days_key, days, ARRAY_LEN(days), error) < 0)
		return -1;
	memcpy(kept, day, ASIDE_SIZE * sizeof(*day));
	for (const int64_t *old = days; old < days + ARRAY_LEN(days) && count < ARRAY_LEN(kept); old += ASIDE_SIZE)
		if (old[ASIDE_DAY] != day[ASIDE_DAY]) {
			memcpy(kept + count, old, ASIDE_SIZE * sizeof(*old));
			count += ASIDE_SIZE;
		}
	return state_numbers_put(state, days_key, kept, ARRAY_LEN(kept), error);
}

static int put_month_aside(struct state *state, const char *name, int64_t month, const int64_t *row, size_t count, struct error *error)
{
	char *aside = month_key(name, month);
	int result = state_numbers_put(state, aside, row, count, error);

	free(aside);
	return result;
}

static int put_aside(const struct line_use *use, struct state *state, struct error *error)
{
	int64_t row[ROW_SIZE] = {0}, ways[WAYS_SIZE] = {0};
	bool has_ways;

	if (state_numbers_get(state, key, row, ARRAY_LEN(row), error) < 0 || state_numbers_get(state, ways_key, ways, ARRAY_LEN(ways), error) < 0)
		return -1;
	has_ways = ways[WAYS_DAY] == row[OF_DAY];
	if (row[OF_DAY] != 0 && row[OF_DAY] != use->day &&
	    put_day_aside(state,
	        (const int64_t[ASIDE_SIZE]){row[OF_DAY], row[OF_DAY_BYTES], has_ways ? ways[WAYS_DAY_RECEIVED] : 0, has_ways ? ways[WAYS_DAY_SENT] : 0},
	        error) != 0)
		return -1;
	if (row[OF_MONTH] != 0 && row[OF_MONTH] != use->month && put_month_aside(state, key, row[OF_MONTH], row, ARRAY_LEN(row), error) != 0)
		return -1;
	if (ways[WAYS_MONTH] == 0 || ways[WAYS_MONTH] == use->month)
		return 0;
	return put_month_aside(state, ways_key, ways[WAYS_MONTH], ways, ARRAY_LEN(ways), error);
}

static void store(const struct line_use *use, struct state *state)
{
	const int64_t numbers[ROW_SIZE] = {use->day, use->day_bytes, use->month, use->month_bytes, use->month_seconds, use->month_sessions,
	    use->month_cost, use->rate};
	const int64_t ways[WAYS_SIZE] = {use->day, (int64_t)use->day_ways.received, (int64_t)use->day_ways.sent, use->month,
	    (int64_t)use->month_ways.received, (int64_t)use->month_ways.sent};
	struct error error;

	if (put_aside(use, state, &error) != 0 || state_numbers_put(state, key, numbers, ARRAY_LEN(numbers), &error) != 0 ||
	    state_numbers_put(state, ways_key, ways, ARRAY_LEN(ways), &error) != 0)
		log_warnx("event=line-use-not-stored reason=%s", LOG_ERROR(&error));
}

static void add(struct remote_bytes *sum, struct remote_bytes more)
{
	sum->received += more.received;
	sum->sent += more.sent;
}

void line_use_add(struct line_use *use, struct state *state, const struct conf_line *line, struct remote_bytes bytes, int64_t seconds,
    uint64_t rate)
{
	uint64_t all = bytes.received + bytes.sent;

	use->day_bytes += (int64_t)all;
	use->month_bytes += (int64_t)all;
	add(&use->day_ways, bytes);
	add(&use->month_ways, bytes);
	use->month_seconds += seconds;
	use->month_sessions++;
	use->month_cost += line_use_price(line, all, seconds);
	if (rate > 0) /* the last session counts as much as all before */
		use->rate = use->rate == 0 ? (int64_t)rate : (use->rate + (int64_t)rate) / 2;
	store(use, state);
}

void line_use_rooms(const struct line_use *use, bool counts_days, const struct conf_line *line, struct line_room rooms[LINE_WAYS])
{
	const struct {
		const char *name;
		enum line_way way;
		bool is_of_session;
		int64_t limit;
		uint64_t used;
	} limits[] = {
	    {"max_bytes_per_session", LINE_TOGETHER, true, line->max_bytes_per_session, 0},
	    {"max_bytes_per_day", LINE_TOGETHER, false, line->max_bytes_per_day, (uint64_t)use->day_bytes},
	    {"max_bytes_per_month", LINE_TOGETHER, false, line->max_bytes_per_month, (uint64_t)use->month_bytes},
	    {"max_received_per_session", LINE_RECEIVED, true, line->max_received_per_session, 0},
	    {"max_received_per_day", LINE_RECEIVED, false, line->max_received_per_day, use->day_ways.received},
	    {"max_received_per_month", LINE_RECEIVED, false, line->max_received_per_month, use->month_ways.received},
	    {"max_sent_per_session", LINE_SENT, true, line->max_sent_per_session, 0},
	    {"max_sent_per_day", LINE_SENT, false, line->max_sent_per_day, use->day_ways.sent},
	    {"max_sent_per_month", LINE_SENT, false, line->max_sent_per_month, use->month_ways.sent},
	};

	memset(rooms, 0, LINE_WAYS * sizeof(*rooms));
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct line_room *room = &rooms[limits[i].way];
		uint64_t limit = (uint64_t)limits[i].limit, left = limit > limits[i].used ? limit - limits[i].used : 0;

		if (limit > 0 && (counts_days || limits[i].is_of_session) && (room->limit == NULL || left <= room->bytes))
			*room = (struct line_room){limits[i].name, left};
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

const char *line_use_waits_for(const char *limit)
{
	return ends_with(limit, "_per_day") ? N_("the next day") : ends_with(limit, "_per_month") ? N_("the next month") : N_("the next session");
}

int64_t line_use_until(const char *limit, int64_t now)
{
	time_t seconds = (time_t)now;
	struct tm tm;

	if (line_use_is_of_session(limit))
		return 0;
	localtime_r(&seconds, &tm);
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	if (ends_with(limit, "_per_day")) {
		tm.tm_mday++;
	} else {
		tm.tm_mday = 1;
		tm.tm_mon++;
	}
	return (int64_t)mktime(&tm);
}

bool line_use_is_of_session(const char *limit)
{
	return !ends_with(limit, "_per_day") && !ends_with(limit, "_per_month");
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
