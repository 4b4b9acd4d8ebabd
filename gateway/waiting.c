#include "gateway/waiting.h"

#include "base/alloc.h"

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

bool waiting_is_enough(const struct conf *conf, int64_t now)
{
	int64_t many = conf->schedule.when_queued, age = conf->schedule.when_queued_for, count = 0;
	char *path;
	DIR *dir;
	struct dirent *entry;
	bool enough = false;

	if (many == 0 && age == 0)
		return false;
	path = xasprintf("%s/queue/active", conf->gateway.spool);
	dir = opendir(path);
	free(path);
	while (dir != NULL && !enough && (entry = readdir(dir)) != NULL) {
		struct stat status;

		if (!is_envelope(entry->d_name))
			continue;
		count++;
		enough = (many > 0 && count >= many) ||
			 (age > 0 && fstatat(dirfd(dir), entry->d_name, &status, 0) == 0 && now - status.st_mtime >= age);
	}
	if (dir != NULL)
		closedir(dir);
	return enough;
}
