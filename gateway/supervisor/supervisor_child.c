/* What the processes that the supervisor keeps running have in common: reports of a crash, and when they are started again. */
#include "gateway/supervisor/supervisor_priv.h"

int64_t supervisor_restart_delay(unsigned *crashes, bool was_healthy)
{
	int64_t delay;

	if (was_healthy)
		*crashes = 0;
	delay = *crashes == 0 ? 0 : 500 << (*crashes & 15);
	if (*crashes < 15)
		++*crashes;
	return delay < RESTART_MAX_MS ? delay : RESTART_MAX_MS;
}

int64_t supervisor_child_ended(const struct supervisor *supervisor, struct child *child, struct restarts *restarts, const struct crash *crash)
{
	bool was_healthy = clock_now_ms() - child->started > HEALTHY_MS;
	int64_t delay;

	if (!supervisor->stopping)
		crash_report(supervisor->conf, crash);
	child_gone(child);
	if (supervisor->stopping)
		return -1;
	delay = supervisor_restart_delay(&restarts->crashes, was_healthy);
	restarts->is_reported = true;
	restarts->at = clock_now_ms() + delay;
	return delay;
}

void supervisor_child_look(const struct supervisor *supervisor, const struct child *child, struct restarts *restarts, int64_t now)
{
	if (!restarts->is_reported || child->pid == 0 || now - child->started <= HEALTHY_MS)
		return;
	crash_recovered(supervisor->conf, child->name);
	restarts->is_reported = false;
}
