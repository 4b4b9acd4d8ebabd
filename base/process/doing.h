/*
 * What each thread of a process is at, in memory that its parent shares: the parent can tell who is connected, and when the
 * process has died it still knows what its threads did.
 *
 * A board holds a bounded number of notes; threads for which there is no place go without. To note something costs no system
 * call. A process without a board, and a thread that has no note, may call all of this for nothing.
 */
#ifndef LANPOST_BASE_DOING_H
#define LANPOST_BASE_DOING_H

#include "base/buf.h"

struct doing;

/* By the parent, before it forks. NULL if there is no memory for it. *fd, if fd is not NULL, is the caller's: a descriptor (CLOEXEC, or -1)
 * by which another program finds the same memory. */
struct doing *doing_new(int *fd);
/* By that program. NULL if it is no such memory. fd stays the caller's. */
struct doing *doing_open(int fd);
void doing_free(struct doing *board); /* NULL is fine */
/* By the child, which is not trusted afterwards: from now on the threads of this process write on that board (NULL: on none). */
void doing_use(struct doing *board);

/* Who this thread works for from now on: "smtp 192.168.1.5". */
void doing_who(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* They have logged in under this name; the connection is encrypted. */
void doing_login(const char *name);
void doing_tls(void);
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

/* A note as its reader gets it. */
#define DOING_TEXT_MAX 96
struct doing_note {
	char who[DOING_TEXT_MAX], login[DOING_TEXT_MAX], step[DOING_TEXT_MAX]; /* printable; "" for none */
	int64_t since; /* when doing_who() was called, seconds since 1970 */
	int64_t heard; /* when it last had something to do (clock_now_ms) */
	bool has_tls, waits;
};
/* By the parent: copies up to `most` notes of a process that lives, none for NULL. Returns how many. */
size_t doing_read(const struct doing *board, struct doing_note *notes, size_t most);
#define DOING_PLACES 1024

#endif
