#include "gateway/supervisor/schedule.h"

#include <time.h>

#define DAYS_AHEAD 60 /* longer than weekends and long holidays */

/* Wall time of `seconds` after midnight, `days` days after the day of `now`; by mktime, so that a change
 * to or from summer time does not shift it. */
static int64_t at_time(int64_t now, int days, int64_t seconds, struct tm *day)
{
	time_t base = (time_t)now;
	struct tm tm;
	time_t result;

	localtime_r(&base, &tm);
	tm.tm_mday += days;
	tm.tm_hour = (int)(seconds / 3600);
	tm.tm_min = (int)(seconds / 60 % 60);
	tm.tm_sec = (int)(seconds % 60);
	tm.tm_isdst = -1;
	result = mktime(&tm);
	*day = tm;
	return (int64_t)result;
}

static bool is_holiday(const struct conf_schedule *schedule, const struct tm *tm)
{
	int64_t day = (tm->tm_mon + 1) * 100 + tm->tm_mday, date = (tm->tm_year + 1900) * 10000LL + day;

	for (size_t i = 0; i < schedule->holidays.count; i++)
		if (schedule->holidays.items[i] == day || schedule->holidays.items[i] == date)
			return true;
	return false;
}

static bool allowed_day(const struct conf_schedule *schedule, const struct tm *tm)
{
	return (schedule->days & 1u << tm->tm_wday) != 0 && !is_holiday(schedule, tm);
}

/* Whether that time is within `days` and `hours` and not on a holiday. */
static bool schedule_allows(const struct conf_schedule *schedule, int64_t wall)
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	localtime_r(&seconds, &tm);
	return allowed_day(schedule, &tm) && conf_hours_have(schedule->hours_from, schedule->hours_to, &tm);
}

int64_t schedule_next_allowed(const struct conf_schedule *schedule, int64_t wall)
{
	bool all_day = schedule->hours_from == schedule->hours_to;

	if (schedule_allows(schedule, wall))
		return wall;
	for (int days = 0; days <= DAYS_AHEAD; days++) {
		int64_t openings[] = {0, all_day ? 0 : schedule->hours_from};
		struct tm day;

		/* Midnight also begins an allowed period, for hours that extend over midnight. */
		for (int i = 0; i < 2; i++) {
			int64_t opening = at_time(wall, days, openings[i], &day);

			if (opening >= wall && schedule_allows(schedule, opening))
				return opening;
		}
	}
	return 0;
}

int64_t schedule_next_at(const struct conf_schedule *schedule, int64_t after)
{
	int64_t best = 0;

	for (int days = 0; days <= DAYS_AHEAD && best == 0; days++)
		for (size_t i = 0; i < schedule->at.count; i++) {
			struct tm day;
			int64_t when = at_time(after, days, schedule->at.items[i], &day);

			if (when > after && allowed_day(schedule, &day) && (best == 0 || when < best))
				best = when;
		}
	return best;
}

int64_t schedule_next_interval(const struct conf_schedule *schedule, int64_t every, int64_t last, int64_t now)
{
	if (every == 0)
		return 0;
	return schedule_next_allowed(schedule, last + every > now ? last + every : now);
}
