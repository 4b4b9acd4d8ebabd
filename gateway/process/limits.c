#include "gateway/process/limits.h"

#include "base/log.h"

static bool set(int what, const struct rlimit *limit)
{
	if (setrlimit((__rlimit_resource_t)what, limit) == 0)
		return true;
	log_warn("event=limit-failed limit=%d", what);
	return false;
}

static bool get(int what, struct rlimit *limit)
{
	if (getrlimit((__rlimit_resource_t)what, limit) == 0)
		return true;
	log_warn("event=limit-failed limit=%d", what);
	return false;
}

bool limits_set(int what, rlim_t most)
{
	struct rlimit limit;

	if (!get(what, &limit))
		return false;
	limit.rlim_max = most < limit.rlim_max ? most : limit.rlim_max;
	limit.rlim_cur = limit.rlim_max;
	return set(what, &limit);
}

bool limits_cpu(rlim_t seconds)
{
	struct rusage used;
	struct rlimit limit;

	if (getrusage(RUSAGE_SELF, &used) != 0 || !get(RLIMIT_CPU, &limit))
		return false;
	limit.rlim_cur = (rlim_t)used.ru_utime.tv_sec + (rlim_t)used.ru_stime.tv_sec + 2 + seconds; /* both are rounded down to
	 * whole seconds */
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return set(RLIMIT_CPU, &limit);
}
