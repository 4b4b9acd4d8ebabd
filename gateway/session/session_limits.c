#include "gateway/session/session_limits.h"

#include "base/clock.h"
#include "base/log.h"

#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACE_MS 20
#define FAREWELL_MS 30000 /* for work in progress when the time limit is reached */

/* All are lock-free atomics, so a signal handler may use them. */
static atomic_bool enough, fetched_enough, cancelled, has_begun;
static atomic_int reached;
static atomic_bool has_sent;
static atomic_ullong bytes_received, bytes_sent, bytes_promised; /* of accounts */
static atomic_ullong bytes_to_send; /* of messages that were begun */
static struct line_room rooms[LINE_WAYS];
static const struct remote_wire *smarthosts;
static _Atomic(const char *) fetch_ended_by, send_ended_by;
static int64_t rate_max;
static _Atomic int64_t free_at_us; /* when the line is free for the next bytes */
/* Monotonic milliseconds, 0: never. Set before the first signal can come. */
static int64_t minutes_at, farewell_at, timeout_at;

static void reach(enum session_end end)
{
	int none = END_NONE;

	atomic_compare_exchange_strong(&reached, &none, (int)end);
	atomic_store(&fetched_enough, true);
	if (end != END_BYTES) /* mail is still sent */
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

	rate_max = line->max_rate;
	minutes_at = line->max_seconds == 0 ? 0 : now + line->max_seconds * 1000;
	farewell_at = minutes_at == 0 ? 0 : minutes_at + FAREWELL_MS;
	timeout_at = line->session_timeout == 0 ? 0 : now + line->session_timeout * 1000;
	sigaction(SIGTERM, &action, NULL);
	action.sa_handler = on_alarm;
	sigaction(SIGALRM, &action, NULL);
	set_alarm(now);
}

static void end_by_bytes(const char *limit)
{
	const char *none = NULL;

	atomic_compare_exchange_strong(&fetch_ended_by, &none, limit);
	reach(END_BYTES);
}

void session_limits_leave(const struct line_room left[LINE_WAYS], const struct remote_wire *wire)
{
	memcpy(rooms, left, sizeof(rooms));
	smarthosts = wire;
	for (enum line_way way = LINE_TOGETHER; way <= LINE_RECEIVED; way++)
		if (rooms[way].limit != NULL && rooms[way].bytes == 0)
			end_by_bytes(rooms[way].limit);
	if (rooms[LINE_SENT].limit != NULL && rooms[LINE_SENT].bytes == 0)
		atomic_store(&send_ended_by, rooms[LINE_SENT].limit);
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

static uint64_t used_of(enum line_way way)
{
	uint64_t received = atomic_load(&bytes_received), sent = atomic_load(&bytes_sent), out = 0, begun = atomic_load(&bytes_to_send);

	if (smarthosts != NULL) {
		received += atomic_load(&smarthosts->received);
		out = atomic_load(&smarthosts->sent);
	}
	sent += out > begun ? out : begun; /* what is under way counts as sent */
	return way == LINE_RECEIVED ? received : way == LINE_SENT ? sent : received + sent;
}

/* That would be exceeded by that many more; the one that leaves least. NULL: none. */
static const char *exceeded(enum line_way first, enum line_way last, uint64_t more)
{
	uint64_t least = UINT64_MAX;
	const char *limit = NULL;

	for (enum line_way way = first; way <= last; way++) {
		uint64_t used = used_of(way), left = rooms[way].bytes > used ? rooms[way].bytes - used : 0;

		if (rooms[way].limit == NULL || more <= left || left >= least)
			continue;
		least = left;
		limit = rooms[way].limit;
	}
	return limit;
}

static void log_limit(const char *limit)
{
	log_info("event=session-limit limit=%s received=%llu sent=%llu", limit, (unsigned long long)used_of(LINE_RECEIVED),
	    (unsigned long long)used_of(LINE_SENT));
}

/* One message is fetched in any case, or a large one would never be. */
enum fetch_leave session_limits_may_fetch(uint64_t size, bool can_wait, bool *is_first)
{
	const char *limit;

	*is_first = false;
	if (atomic_load(&fetched_enough))
		return FETCH_ENOUGH;
	*is_first = !atomic_exchange(&has_begun, true);
	limit = exceeded(LINE_TOGETHER, LINE_RECEIVED, atomic_fetch_add(&bytes_promised, size) + (size == 0 ? 1 : size));
	if (limit == NULL || *is_first)
		return FETCH_YES;
	atomic_fetch_sub(&bytes_promised, size);
	if (can_wait)
		return FETCH_LATER;
	log_limit(limit);
	end_by_bytes(limit);
	return FETCH_ENOUGH;
}

const char *session_limits_used_up(bool *alone)
{
	const char *limit = exceeded(LINE_TOGETHER, LINE_RECEIVED, 1);

	*alone = !atomic_load(&has_begun);
	if (limit == NULL)
		return NULL;
	log_limit(limit);
	end_by_bytes(limit);
	return limit;
}

void session_limits_came(struct remote_bytes bytes, uint64_t promised)
{
	atomic_fetch_add(&bytes_received, bytes.received);
	atomic_fetch_add(&bytes_sent, bytes.sent);
	atomic_fetch_sub(&bytes_promised, promised);
}

const char *session_limits_fetch_ended_by(void)
{
	static const char *const settings[] = {[END_MINUTES] = "max_minutes", [END_TIMEOUT] = "session_timeout", [END_BYTES] = NULL};
	const char *limit = atomic_load(&fetch_ended_by);

	return limit != NULL ? limit : settings[session_limits_reached()];
}

/* As with fetching, one message in any case. */
bool session_limits_may_send(uint64_t size)
{
	const char *none = NULL, *limit;

	if (session_limits_send_ended_by() != NULL)
		return false;
	limit = exceeded(LINE_SENT, LINE_SENT, size);
	if (limit == NULL || !atomic_exchange(&has_sent, true)) {
		atomic_store(&has_sent, true);
		atomic_fetch_add(&bytes_to_send, size);
		return true;
	}
	if (atomic_compare_exchange_strong(&send_ended_by, &none, limit))
		log_limit(limit);
	return false;
}

void session_limits_not_sent(uint64_t size)
{
	atomic_fetch_sub(&bytes_to_send, size);
}

const char *session_limits_send_ended_by(void)
{
	return atomic_load(&send_ended_by);
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

	return error->class == ERROR_CANCELLED && (end == END_MINUTES || end == END_BYTES);
}
