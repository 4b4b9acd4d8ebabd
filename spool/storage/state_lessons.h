/*
 * What scanners have learned, by the digest of the message: so that nothing is learned twice in a row.
 */
#ifndef LANPOST_SPOOL_STATE_LESSONS_H
#define LANPOST_SPOOL_STATE_LESSONS_H

#include "spool/storage/state.h"

#define STATE_LESSONS_MAX 20000 /* the last ones */

enum state_lesson { LESSON_UNKNOWN, LESSON_SPAM, LESSON_HAM };

/* What the message was learned as last. */
int state_lesson_get(struct state *state, const char *digest, enum state_lesson *lesson, struct error *error);
int state_lesson_put(struct state *state, const char *digest, bool is_spam, int64_t time, struct error *error);
/* Forgets those before this time, and all but the last STATE_LESSONS_MAX. */
int state_lessons_prune(struct state *state, int64_t before, struct error *error);

#endif
