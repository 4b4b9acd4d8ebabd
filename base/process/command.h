/*
 * Commands of the configuration: run by /bin/sh with a time limit, output bounded.
 *
 * The command line comes only from the admin's files, never from a message or a peer.
 */
#ifndef LANPOST_BASE_COMMAND_H
#define LANPOST_BASE_COMMAND_H

#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>

/* Runs text and waits for its end. The command gets only the descriptors 0 (/dev/null), 1 and 2, and the environment of
 * environment_for_command(). Standard output is appended to *output until that is full, then the pipe is closed; standard
 * error is ours. Background processes survive the command (a dialer needs this). The whole process group is killed at the
 * time limit and (ERROR_CANCELLED) once *cancel is true; cancel may be NULL. Returns 0 with the exit code in *status (128
 * + signal for a death, but 0 if it died of printing too much); -1 if it could not be run or ran out of time. */
int command_run(const char *text, int seconds, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error);

#endif
