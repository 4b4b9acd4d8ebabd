/*
 * What each thread of a process is at, in memory that its parent shares: the parent can tell who is connected, and when the
 * process has died it still knows what its threads did.
 *
 * A board holds a bounded number of notes; threads for which there is no place go without. To note something costs no system
 * call. A process without a board, and a thread that has no note, may call all of this for nothing.
 */
#ifndef LANPOST_BASE_THREAD_ACTIVITY_H
#define LANPOST_BASE_THREAD_ACTIVITY_H

#include "base/buf.h"

struct thread_activity;

/* By the parent, before it forks. NULL if there is no memory for it. *fd, if fd is not NULL, is the caller's: a descriptor (CLOEXEC, or -1)
 * by which another program finds the same memory. */
struct thread_activity *thread_activity_new(int *fd);
/* By that program. NULL if it is no such memory. fd stays the caller's. */
struct thread_activity *thread_activity_open(int fd);
void thread_activity_free(struct thread_activity *board); /* NULL is fine */
/* By the child, which is not trusted afterwards: from now on the threads of this process write on that board (NULL: on none). */
void thread_activity_use(struct thread_activity *board);

/* Who this thread works for from now on: "smtp 192.168.1.5". */
void thread_activity_who(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* They have logged in under this name; the connection is encrypted. */
void thread_activity_login(const char *name);
void thread_activity_tls(void);
/* What it does for them: "MAIL". Never a secret. */
void thread_activity_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* It waits for the other side; it has heard something. */
void thread_activity_wait(void);
void thread_activity_resume(void);
/* Nothing more. */
void thread_activity_end(void);

/* By the parent: a line for each thread that was at work, then for those that waited, at most THREAD_ACTIVITY_LINES_MAX of them. Returns
 * how many notes there were. */
#define THREAD_ACTIVITY_LINES_MAX 20
size_t thread_activity_tell(const struct thread_activity *board, struct buf *out);

/* A note as its reader gets it. */
#define THREAD_ACTIVITY_TEXT_MAX 96
struct thread_activity_note {
	char who[THREAD_ACTIVITY_TEXT_MAX], login[THREAD_ACTIVITY_TEXT_MAX], step[THREAD_ACTIVITY_TEXT_MAX]; /* printable; "" for none */
	int64_t since; /* when thread_activity_who() was called, seconds since 1970 */
	int64_t heard; /* when it last had something to do (clock_now_ms) */
	bool has_tls, waits;
};
/* By the parent: copies up to `most` notes of a process that lives, none for NULL. Returns how many. */
size_t thread_activity_read(const struct thread_activity *board, struct thread_activity_note *notes, size_t most);
#define THREAD_ACTIVITY_PLACES 1024

#endif
