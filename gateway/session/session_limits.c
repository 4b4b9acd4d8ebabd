#include "gateway/session/session_limits.h"

#include "base/clock.h"
#include "base/log.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#define PACE_MS 20
#define FAREWELL_MS 30000 /* for work in progress when the time limit is reached */

/* All are lock-free atomics, so a signal handler may use them. */
static atomic_bool enough, fetched_enough, cancelled, has_begun;
static atomic_int reached;
static atomic_ullong bytes_came, bytes_promised;
static unsigned long long bytes_max;
static enum session_end bytes_end = END_BYTES; /* which limit bytes_max is */
static int64_t rate_max;
static _Atomic int64_t free_at_us; /* when the line is free for the next bytes */
/* Monotonic milliseconds, 0: never. Set before the first signal can come. */
static int64_t minutes_at, farewell_at, timeout_at;

static void reach(enum session_end end)
{
	int none = END_NONE;

	atomic_compare_exchange_strong(&reached, &none, (int)end);
	atomic_store(&fetched_enough, true);
	if (end != END_DAY) /* mail is still sent */
		atomic_store(&enough, true);
}

static void on_terminate(int signal_number)
{
	(void)signal_number;
	reach(END_CANCELLED);
	atomic_store(&cancelled, true);
}

static bool is_over(int64_t at, int64_t now)
{
	return at != 0 && now >= at;
}

static void set_alarm(int64_t now)
{
	const int64_t moments[] = {minutes_at, farewell_at, timeout_at};
	int64_t next = 0;

	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		if (moments[i] > now && (next == 0 || moments[i] < next))
			next = moments[i];
	if (next != 0)
		alarm((unsigned)((next - now + 999) / 1000));
}

static void on_alarm(int signal_number)
{
	int64_t now = clock_now_ms();

	(void)signal_number;
	if (is_over(minutes_at, now))
		reach(END_MINUTES);
	if (is_over(timeout_at, now))
		reach(END_TIMEOUT);
	if (is_over(farewell_at, now) || is_over(timeout_at, now))
		atomic_store(&cancelled, true);
	set_alarm(now);
}

void session_limits_start(const struct conf_line *line)
{
	struct sigaction action = {.sa_handler = on_terminate};
	int64_t now = clock_now_ms();

	bytes_max = (unsigned long long)line->max_bytes_per_session;
	rate_max = line->max_rate;
	minutes_at = line->max_seconds == 0 ? 0 : now + line->max_seconds * 1000;
	farewell_at = minutes_at == 0 ? 0 : minutes_at + FAREWELL_MS;
	timeout_at = line->session_timeout == 0 ? 0 : now + line->session_timeout * 1000;
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	set_alarm(now);
}

void session_limits_leave(int64_t bytes)
{
	if (bytes == 0)
		reach(END_DAY);
	if (bytes <= 0 || (bytes_max > 0 && bytes_max <= (unsigned long long)bytes))
		return;
	bytes_max = (unsigned long long)bytes;
	bytes_end = END_DAY;
}

const atomic_bool *session_limits_enough(void)
{
	return &enough;
}

const atomic_bool *session_limits_cancelled(void)
{
	return &cancelled;
}

const atomic_bool *session_limits_fetched_enough(void)
{
	return &fetched_enough;
}

/* One message is fetched in any case, or a large one would never be. */
enum fetch_leave session_limits_may_fetch(uint64_t size, bool can_wait, bool *is_first)
{
	unsigned long long before;

	*is_first = false;
	if (atomic_load(&fetched_enough))
		return FETCH_ENOUGH;
	*is_first = !atomic_exchange(&has_begun, true);
	before = atomic_fetch_add(&bytes_promised, size) + atomic_load(&bytes_came);
	if (bytes_max == 0 || *is_first || (before < bytes_max && size <= bytes_max - before))
		return FETCH_YES;
	atomic_fetch_sub(&bytes_promised, size);
	if (can_wait)
		return FETCH_LATER;
	log_info("event=session-limit bytes=%llu", before);
	reach(bytes_end);
	return FETCH_ENOUGH;
}

void session_limits_came(uint64_t bytes, uint64_t promised)
{
	atomic_fetch_add(&bytes_came, bytes);
	atomic_fetch_sub(&bytes_promised, promised);
}

/* Takes the time of these bytes; returns when it begins. */
static int64_t take_turn(uint64_t bytes, int64_t now_us)
{
	int64_t need = (int64_t)(bytes * 1000000 / (uint64_t)rate_max), before = atomic_load(&free_at_us), begin;

	do
		begin = before > now_us ? before : now_us;
	while (!atomic_compare_exchange_weak(&free_at_us, &before, begin + need));
	return begin + need;
}

int64_t session_limits_pace(uint64_t bytes)
{
	const struct timespec step = {.tv_nsec = PACE_MS * 1000000};
	int64_t begun = clock_now_ms(), until;

	if (rate_max == 0 || bytes == 0)
		return 0;
	until = take_turn(bytes, begun * 1000) / 1000;
	while (clock_now_ms() < until && !atomic_load(&cancelled))
		nanosleep(&step, NULL);
	return clock_now_ms() - begun;
}

enum session_end session_limits_reached(void)
{
	return (enum session_end)atomic_load(&reached);
}

bool session_limits_forgive(const struct error *error)
{
	enum session_end end = session_limits_reached();

	return error->class == ERROR_CANCELLED && (end == END_MINUTES || end == END_BYTES || end == END_DAY);
}
