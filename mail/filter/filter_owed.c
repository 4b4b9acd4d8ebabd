#include "mail/filter/filter_owed.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST "filter-owed-first" /* the first one ever: written once */
#define LAST "filter-owed-last"	  /* the newest one: written when a message is not scanned */
#define DONE "filter-owed-done"	  /* all before it are scanned: written by sessions only */
#define SLACK 60		  /* between the note and the delivery */

static int64_t get(struct state *state, const char *key)
{
	struct error error;
	int64_t time = 0;

	if (state_numbers_get(state, key, &time, 1, &error) < 0)
		log_warnx("event=filter-owed-unreadable reason=%s", LOG_ERROR(&error));
	return time;
}

static void put(struct state *state, const char *key, int64_t time)
{
	struct error error;

	if (state_numbers_put(state, key, &time, 1, &error) != 0)
		log_warnx("event=filter-owed-not-noted reason=%s", LOG_ERROR(&error));
}

/* No value is read, changed and written again: several processes may note at the same time. */
void filter_owed_note(struct state *state)
{
	int64_t now = clock_wall();

	if (get(state, FIRST) == 0)
		put(state, FIRST, now);
	if (get(state, LAST) != now)
		put(state, LAST, now);
}

int64_t filter_owed_since(struct state *state)
{
	int64_t last = get(state, LAST), done = get(state, DONE);

	if (last == 0 || last < done - SLACK)
		return 0;
	return (done > 0 ? done : get(state, FIRST)) - SLACK;
}

void filter_owed_done(struct state *state, int64_t since)
{
	put(state, DONE, since);
}
