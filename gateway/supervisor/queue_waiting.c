#include "gateway/supervisor/queue_waiting.h"

#include "base/alloc.h"
#include "gateway/supervisor/schedule.h"
#include "spool/layout.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_envelope(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".env") == 0;
}

/* Counts up to `most`; *oldest is the time of the oldest one seen. */
static int64_t count_waiting(DIR *dir, int64_t most, int64_t *oldest)
{
	struct dirent *entry;
	int64_t count = 0;

	while ((most == 0 || count < most) && (entry = readdir(dir)) != NULL) {
		struct stat status;

		if (!is_envelope(entry->d_name) || fstatat(dirfd(dir), entry->d_name, &status, 0) != 0)
			continue;
		if (count++ == 0 || status.st_mtime < *oldest)
			*oldest = status.st_mtime;
	}
	return count;
}

int64_t queue_waiting_due(const struct conf *conf, int64_t now)
{
	const struct conf_schedule *schedule = &conf->schedule;
	int64_t many = schedule->when_queued, age = schedule->when_queued_for, oldest = now, count;
	char *path;
	DIR *dir;

	if (many == 0 && age == 0)
		return 0;
	path = layout_queue(SPOOL_OF(conf), QUEUE_ACTIVE);
	dir = opendir(path);
	free(path);
	if (dir == NULL)
		return 0;
	count = count_waiting(dir, many, &oldest);
	closedir(dir);
	if (many > 0 && count >= many)
		return schedule_next_allowed(schedule, now);
	return count == 0 ? 0 : schedule_next_interval(schedule, age, oldest, now);
}
