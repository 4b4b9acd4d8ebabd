/*
 * Runs the code of a verb in a child process: its output is captured, and it may change its user or exit.
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
	int exit; /* after its end */
};

/* fn's result is the exit code; input (may be NULL) is its standard input. Returns NULL if no process can be
 * created. The caller calls job_free(). */
struct job *job_start(int (*fn)(void *context), void *context, const char *input);
/* Reads its output. */
void job_serve(struct job *job);
/* Ends it, even if it is still running. */
void job_free(struct job *job);

/* A job_start() function that runs a verb. */
struct job_verb {
	struct cli cli;
	int (*run)(struct cli *cli);
	bool each; /* for each word separately */
};
int job_run_verb(void *context);

#endif
