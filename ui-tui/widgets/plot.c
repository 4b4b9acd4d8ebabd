#include "ui-tui/widgets/plot.h"

#include "base/clock.h"
#include "spool/event.h"
#include "spool/origin.h"
#include "spool/storage/storage.h"

#include <string.h>
#include <time.h>

#define DAY 86400
#define WAITING_DAYS 2 /* a message that is sent today may have been accepted this long ago */

void plot_count(struct plot *plot, int64_t midnight, int64_t time, const char *event, const char *detail)
{
	bool is_in = event_find(event) == EVENT_ACCEPTED && origin_kind(detail) == ORIGIN_ACCOUNT;
	bool is_out = event_find(event) == EVENT_SENT;
	int64_t hour = (time - midnight) / 3600;
	unsigned *counts = is_in ? plot->in : plot->out;

	if ((!is_in && !is_out) || time < midnight || hour > 24)
		return;
	if (hour == 24) /* the day when clocks are set back */
		hour = 23;
	counts[hour]++;
	plot->in_total += is_in;
	plot->out_total += is_out;
	if (counts[hour] > plot->largest)
		plot->largest = counts[hour];
}

const char *plot_cell(unsigned value, unsigned largest, int rows, int row)
{
	static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	uint64_t full = largest == 0 ? 0 : ((uint64_t)value * (unsigned)rows * 8 + largest - 1) / largest;
	int64_t rest = (int64_t)full - row * 8;

	return eighths[rest < 0 ? 0 : rest > 8 ? 8 : rest];
}

struct count {
	struct plot *plot;
	int64_t midnight;
};

static void add_event(void *context, const struct journal_event *event)
{
	struct count *count = context;

	plot_count(count->plot, count->midnight, event->time_us / 1000000, event->event, event->detail);
}

void plot_today(struct plot *plot, struct state *state)
{
	time_t now = (time_t)clock_wall();
	struct count count = {plot, 0};
	struct error error;
	struct msgid floor;
	struct tm tm;

	*plot = (struct plot){0};
	localtime_r(&now, &tm);
	plot->hour = tm.tm_hour;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	count.midnight = mktime(&tm);
	floor = msgid_floor(count.midnight - WAITING_DAYS * DAY);
	if (state != NULL)
		state_journal_since(state, &floor, add_event, &count, &error);
}
