#include "gateway/supervisor/session_due.h"

#include "base/alloc.h"
#include "gateway/supervisor/schedule.h"

#include <stdlib.h>

#define CLOCK_STEP 3600 /* seconds; a clock set back by less does not repeat a time of day */

static bool has_own(const struct conf_account *account)
{
	return account->enabled && account->every >= 0;
}

void session_due_start(struct session_due *due, const struct conf *conf, struct moment now)
{
	*due = (struct session_due){.seen = now.wall, .last = now.steady};
	due->last_own = xcalloc(conf->account_count + 1, sizeof(*due->last_own));
	for (size_t i = 0; i < conf->account_count; i++)
		due->last_own[i] = now.steady;
}

void session_due_clear(struct session_due *due)
{
	free(due->last_own);
	*due = (struct session_due){0};
}

static int64_t earlier(int64_t one, int64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

/* The wall clock time of then, if the clock had not been set since. */
static int64_t wall_of(int64_t steady, struct moment now)
{
	return now.wall - (now.steady - steady);
}

static int64_t next_general(const struct session_due *due, const struct conf *conf, struct moment now)
{
	const struct conf_schedule *schedule = &conf->schedule;

	return earlier(schedule_next_interval(schedule, schedule->every, wall_of(due->last, now), now.wall),
	    schedule_next_at(schedule, due->seen));
}

/* An account's own interval knows the hours, but not the times of `at`. */
static int64_t next_own(const struct session_due *due, const struct conf *conf, size_t account, struct moment now)
{
	if (!has_own(&conf->accounts[account]))
		return 0;
	return schedule_next_interval(&conf->schedule, conf->accounts[account].every,
	    wall_of(due->last_own[account], now), now.wall);
}

int64_t session_due_next(const struct session_due *due, const struct conf *conf, struct moment now)
{
	int64_t next = next_general(due, conf, now);

	for (size_t i = 0; i < conf->account_count; i++)
		next = earlier(next, next_own(due, conf, i, now));
	return next;
}

static bool is_due(int64_t next, struct moment now)
{
	return next != 0 && next <= now.wall;
}

bool session_due_take(struct session_due *due, const struct conf *conf, struct moment now, struct session_request *request)
{
	bool general, own = false;

	if (now.wall + CLOCK_STEP < due->seen)
		due->seen = now.wall;
	general = is_due(next_general(due, conf, now), now);
	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];
		bool mine = is_due(next_own(due, conf, i, now), now);

		own = own || mine;
		if (mine || (general && account->enabled && !has_own(account)))
			strlist_add(&request->accounts, account->name);
		if (mine)
			due->last_own[i] = now.steady;
	}
	if (general)
		due->last = now.steady;
	if (now.wall > due->seen)
		due->seen = now.wall;
	/* An empty list means all: right if there is only the queue to send. */
	request->fetch = request->accounts.count > 0;
	request->send = true;
	return general || own;
}
