/*
 * What each thread of a process is at, in memory that its parent shares: when the process has died the parent can still tell.
 *
 * A board holds a bounded number of notes; threads for which there is no place go without. To note something costs no system
 * call. A process without a board, and a thread that has no note, may call all of this for nothing.
 */
#ifndef LANPOST_BASE_DOING_H
#define LANPOST_BASE_DOING_H

#include "base/buf.h"

struct doing;

/* By the parent, before it forks. NULL if there is no memory for it. */
struct doing *doing_new(void);
void doing_free(struct doing *board); /* NULL is fine */
/* By the child: from now on the threads of this process write on that board (NULL: on none). */
void doing_use(struct doing *board);

/* Who this thread works for: "smtp 192.168.1.5". */
void doing_who(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What it does for them: "MAIL". Never a secret. */
void doing_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* It waits for the other side; it has heard something. */
void doing_wait(void);
void doing_resume(void);
/* Nothing more. */
void doing_end(void);

/* By the parent: a line for each thread that was at work, then for those that waited, at most DOING_LINES_MAX of them. Returns
 * how many notes there were. */
#define DOING_LINES_MAX 20
size_t doing_tell(const struct doing *board, struct buf *out);

#endif
