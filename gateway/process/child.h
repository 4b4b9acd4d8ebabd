/*
 * Child processes of the supervisor, each with a socket on which it reports its events as JSON lines
 * (base/net/ctl_wire.h): forked, or a separate program.
 */
#ifndef LANPOST_GATEWAY_CHILD_H
#define LANPOST_GATEWAY_CHILD_H

#include "base/net/ctl_wire.h"
#include "base/process/thread_activity.h"

#include <sys/types.h>

struct child {
	const char *name; /* "lan", "session": in the log */
	pid_t pid;	  /* 0: not running */
	int fd;		  /* our end of its event socket, -1 */
	struct ctl_reader reader;
	bool is_broken; /* no more events can be read */
	int64_t started;  /* monotonic ms */
	struct thread_activity *doing; /* the activity of its threads, also after its death; NULL: unknown */
};

/* The main function of the child; its result is the exit code. event_fd is its end of the
 * socket. */
typedef int (*child_fn)(void *context, int event_fd);

/* Forks. In the child: signals are unblocked, it dies with its parent, log lines carry its name, and every
 * descriptor that the supervisor marked with child_close_in_children() is closed. */
int child_start(struct child *child, const char *name, child_fn fn, void *context,
    struct error *error);
/* A program with its arguments (including argv[0]) and its descriptors, which get the numbers from CHILD_FDS on in this
 * order. */
struct child_program {
	int fd; /* of the program's file: the file that was opened at the start runs, also after an upgrade */
	const char *const *arguments; /* NULL-terminated */
	const int *fds;
	size_t fd_count;
};
enum {
	CHILD_FD_EVENTS = 3, /* the program's end of the event socket, */
	CHILD_FD_DOING,	     /* the memory for the notes of its threads (thread_activity_open()), */
	CHILD_FDS,	     /* and the descriptors of the particular program */
};
#define CHILD_NOT_STARTED 127 /* exit code: the program could not be run */
/* The same for a program. Otherwise it has only standard input (/dev/null), output and error, and of the environment only
 * the variables for the time zone and the log. */
int child_exec(struct child *child, const char *name, const struct child_program *program, struct error *error);
/* The next event, if there is one now; the caller owns it. */
bool child_take_event(struct child *child, json_t **object);
/* Of a child whose process has ended: its remaining events can be taken, and end. Others may have its socket, and would
 * send for ever. */
void child_take_no_more(struct child *child);
/* The descriptor for poll(): -1 if no more events can come. */
int child_poll_fd(const struct child *child);
/* Sends it a byte on its event socket, which means: look. */
void child_wake(const struct child *child);
/* Kills a running child that has closed its event socket or sent an invalid event: it is compromised or broken. */
void child_end_broken(struct child *child);
/* Ends a child with SIGTERM, after patience_ms with SIGKILL, and removes it. */
void child_end(struct child *child, int64_t patience_ms);
/* Removes a child that has been reaped: closes its socket. */
void child_gone(struct child *child);

/* Descriptors that only the supervisor may have (lock, control socket, clients): in a child they would keep a lock or a
 * client connection open. */
void child_close_in_children(int fd);
void child_closed(int fd);

#endif
