#include "gateway/supervisor/queue_waiting.h"

#include "gateway/supervisor/schedule.h"
#include "spool/storage/storage.h"

int64_t queue_waiting_due(const struct conf *conf, int64_t now)
{
	const struct conf_schedule *schedule = &conf->schedule;
	int64_t many = schedule->when_queued, age = schedule->when_queued_for, oldest = now, count;

	if (many == 0 && age == 0)
		return 0;
	count = queue_waiting(SPOOL_OF(conf), many, &oldest);
	if (many > 0 && count >= many)
		return schedule_next_allowed(schedule, now);
	return count == 0 ? 0 : schedule_next_interval(schedule, age, oldest, now);
}
