/*
 * What each thread of a process is doing, in memory shared with its parent: the parent knows who is connected, and when
 * the process has died it still knows what its threads did.
 *
 * A board has a bounded number of notes; threads beyond that number have none. Writing a note costs no system call. In a
 * process without a board, and for a thread without a note, these calls do nothing.
 */
#ifndef LANPOST_BASE_THREAD_ACTIVITY_H
#define LANPOST_BASE_THREAD_ACTIVITY_H

#include "base/buf.h"

struct thread_activity;

/* Creates a board; the parent calls it before it forks. Returns NULL if there is no memory. If fd is not NULL, *fd is a
 * descriptor (CLOEXEC, or -1) by which another program maps the same memory; the caller closes it. */
struct thread_activity *thread_activity_new(int *fd);
/* Maps the board in that program. Returns NULL if fd is not a board. fd remains the caller's. */
struct thread_activity *thread_activity_open(int fd);
void thread_activity_free(struct thread_activity *board); /* accepts NULL */
/* Called by the child, which is not trusted afterwards: the threads of this process write to this board from now on (NULL:
 * to none). */
void thread_activity_use(struct thread_activity *board);

/* The client that this thread works for from now on: "smtp 192.168.1.5". */
void thread_activity_who(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The client has logged in under this name; the connection is encrypted. */
void thread_activity_login(const char *name);
void thread_activity_tls(void);
/* What it is doing: "message 3 of 7". Never a secret. */
void thread_activity_step(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a client's command: "MAIL", printable. */
void thread_activity_command(const char *name);
/* The thread waits for the client; the thread has received something. */
void thread_activity_wait(void);
void thread_activity_resume(void);
/* The thread no longer works for a client. */
void thread_activity_end(void);

/* Called by the parent: one line per thread that was working, then per thread that waited, at most
 * THREAD_ACTIVITY_LINES_MAX. Returns the number of notes. */
#define THREAD_ACTIVITY_LINES_MAX 20
size_t thread_activity_tell(const struct thread_activity *board, struct buf *out);

/* A note as its reader sees it. */
#define THREAD_ACTIVITY_TEXT_MAX 96
struct thread_activity_note {
	char who[THREAD_ACTIVITY_TEXT_MAX], login[THREAD_ACTIVITY_TEXT_MAX], step[THREAD_ACTIVITY_TEXT_MAX]; /* printable; "" for none */
	int64_t since; /* when thread_activity_who() was called, seconds since 1970 */
	int64_t heard; /* when it was last active (clock_now_ms) */
	bool has_tls, waits;
};
/* Called by the parent: copies up to `most` notes of a running process, none for NULL. Returns their
 * number. */
size_t thread_activity_read(const struct thread_activity *board, struct thread_activity_note *notes, size_t most);
#define THREAD_ACTIVITY_PLACES 1024

#endif
