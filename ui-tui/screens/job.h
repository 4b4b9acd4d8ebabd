/*
 * The code of a verb, run in a child process: what it prints is caught, and it may become another user or exit as it
 * likes.
 */
#ifndef LANPOST_UI_TUI_JOB_H
#define LANPOST_UI_TUI_JOB_H

#include "base/buf.h"
#include "ui-tui/command/cli.h"

#include <sys/types.h>

struct job {
	pid_t pid;
	int fd; /* -1: it has ended */
	struct buf output;
	int exit; /* once it has ended */
};

/* fn's result is the exit code; input (may be NULL) is what it reads as standard input. Returns NULL if no process can
 * be had. End it with job_free(). */
struct job *job_start(int (*fn)(void *context), void *context, const char *input);
/* Takes what it has printed. */
void job_serve(struct job *job);
/* Ends it, however far it is. */
void job_free(struct job *job);

/* A job_start() function that runs a verb. */
struct job_verb {
	struct cli cli;
	int (*run)(struct cli *cli);
	bool each; /* for each word by itself */
};
int job_run_verb(void *context);

#endif
