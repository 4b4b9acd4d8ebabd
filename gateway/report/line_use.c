#include "gateway/report/line_use.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEGA (1024 * 1024)
#define COST_MAX (INT64_MAX / 4)

/* The first had room for no more. */
static const char key[] = "line-use", ways_key[] = "line-use-ways";

/* Reads the row of the newest session. If it is of another month, it is put aside, and what was put aside of this one is read: a clock that was wrong
 * for a while (a computer without a battery, before it has the time) must not set the sums to 0. at: where the row has its month. */
static void load_row(struct state *state, const char *name, size_t at, int64_t month, int64_t *row, size_t count)
{
	struct error error = ERROR_INIT;
	int result = state_numbers_get(state, name, row, count, &error);
	int64_t other = row[at];

	if (result >= 0 && other != 0 && other != month) {
		char *before = xasprintf("%s-%lld", name, (long long)other), *now = xasprintf("%s-%lld", name, (long long)month);

		result = state_numbers_put(state, before, row, count, &error);
		if (result == 0)
			result = state_numbers_get(state, now, row, count, &error);
		free(before);
		free(now);
	}
	if (result < 0)
		log_warnx("event=line-use-unknown reason=%s", LOG_ERROR(&error));
}

static void load_ways(struct line_use *use, struct state *state)
{
	int64_t stored[6] = {0};

	load_row(state, ways_key, 3, use->month, stored, ARRAY_LEN(stored));
	if (stored[0] == use->day)
		use->day_ways = (struct remote_bytes){(uint64_t)stored[1], (uint64_t)stored[2]};
	if (stored[3] == use->month)
		use->month_ways = (struct remote_bytes){(uint64_t)stored[4], (uint64_t)stored[5]};
}

void line_use_load(struct line_use *use, struct state *state, int64_t now)
{
	int64_t stored[STATE_NUMBERS_MAX] = {0}, today = clock_day(now), rate;
	struct error error;

	state_numbers_get(state, key, stored, ARRAY_LEN(stored), &error); /* load_row() reports a failure */
	rate = stored[7];
	load_row(state, key, 2, today / 100, stored, ARRAY_LEN(stored));
	*use = (struct line_use){.day = today, .month = today / 100, .rate = rate};
	if (stored[0] == use->day)
		use->day_bytes = stored[1];
	load_ways(use, state);
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
	const int64_t ways[] = {use->day, (int64_t)use->day_ways.received, (int64_t)use->day_ways.sent, use->month,
	    (int64_t)use->month_ways.received, (int64_t)use->month_ways.sent};
	struct error error;

	if (state_numbers_put(state, key, numbers, ARRAY_LEN(numbers), &error) != 0 ||
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
