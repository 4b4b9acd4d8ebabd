#include "gateway/due.h"

#include "base/alloc.h"
#include "gateway/schedule.h"

#include <stdlib.h>

#define CLOCK_STEP 60 /* seconds; less than that is only a correction */

static bool has_own(const struct conf_account *account)
{
	return account->enabled && account->every >= 0;
}

void due_start(struct due *due, const struct conf *conf, int64_t now)
{
	*due = (struct due){.last = now, .seen = now};
	due->next = schedule_next(&conf->schedule, conf->schedule.every, now, now);
	due->last_own = xcalloc(conf->account_count + 1, sizeof(*due->last_own));
	due->next_own = xcalloc(conf->account_count + 1, sizeof(*due->next_own));
	for (size_t i = 0; i < conf->account_count; i++) {
		/* An account's own interval knows the hours, but not the times of `at`. */
		struct conf_schedule schedule = conf->schedule;

		schedule.at.count = 0;
		due->last_own[i] = now;
		if (has_own(&conf->accounts[i]))
			due->next_own[i] =
			    schedule_next(&schedule, conf->accounts[i].every, now, now);
	}
}

void due_clear(struct due *due)
{
	free(due->last_own);
	free(due->next_own);
	*due = (struct due){0};
}

int64_t due_next(const struct due *due, const struct conf *conf)
{
	int64_t next = due->next;

	for (size_t i = 0; i < conf->account_count; i++)
		if (due->next_own[i] != 0 && (next == 0 || due->next_own[i] < next))
			next = due->next_own[i];
	return next;
}

/* A clock that was set back must not put everything off by as much. */
static void notice_clock(struct due *due, const struct conf *conf, int64_t now)
{
	if (now + CLOCK_STEP < due->seen) {
		due_clear(due);
		due_start(due, conf, now);
	}
	due->seen = now;
}

bool due_take(struct due *due, const struct conf *conf, int64_t now,
    struct session_request *request)
{
	bool general, own = false;

	notice_clock(due, conf, now);
	general = due->next != 0 && due->next <= now;

	for (size_t i = 0; i < conf->account_count; i++) {
		const struct conf_account *account = &conf->accounts[i];
		struct conf_schedule schedule = conf->schedule;
		bool mine = due->next_own[i] != 0 && due->next_own[i] <= now;

		own = own || mine;
		if (mine || (general && account->enabled && !has_own(account)))
			strlist_add(&request->accounts, account->name);
		if (!mine)
			continue;
		schedule.at.count = 0;
		due->last_own[i] = now;
		due->next_own[i] = schedule_next(&schedule, account->every, now, now);
	}
	if (general) {
		due->last = now;
		due->next = schedule_next(&conf->schedule, conf->schedule.every, now, now);
	}
	/* No name means all: right when there is nothing but the queue to send. */
	request->fetch = request->accounts.count > 0;
	request->send = true;
	return general || own;
}
