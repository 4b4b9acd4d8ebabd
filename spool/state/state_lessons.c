/* The table of lessons: what scanners have learned. */
#include "spool/storage/state_lessons.h"

#include "spool/state/state_priv.h"

int state_lesson_get(struct state *state, const char *digest, enum state_lesson *lesson, struct error *error)
{
	int64_t number;
	int result = state_number(state,
	    state_statement(state, error, "SELECT CASE is_spam WHEN 0 THEN 2 ELSE 1 END FROM lesson WHERE digest = ?", "t", digest), &number, error);

	*lesson = number == 1 ? LESSON_SPAM : number == 2 ? LESSON_HAM : LESSON_UNKNOWN;
	return result;
}

int state_lesson_put(struct state *state, const char *digest, bool is_spam, int64_t time, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error, "INSERT OR REPLACE INTO lesson VALUES (?, ?, ?)", "tii", digest, (int64_t)is_spam, time), error);
}

int state_lessons_prune(struct state *state, int64_t before, struct error *error)
{
	return state_finish(state,
	    state_statement(state, error,
		"DELETE FROM lesson WHERE time < ? OR digest IN (SELECT digest FROM lesson ORDER BY time DESC, digest LIMIT -1 OFFSET ?)", "ii", before,
		(int64_t)STATE_LESSONS_MAX),
	    error);
}
