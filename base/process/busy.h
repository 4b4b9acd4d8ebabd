/*
 * A sign that a process is busy with something, which other processes can see. It ends with the process.
 *
 * Setting it and looking at it need no disk access, and a process that looks does not disturb one that sets it.
 */
#ifndef LANPOST_BASE_BUSY_H
#define LANPOST_BASE_BUSY_H

#include "base/err.h"

#include <stdbool.h>

/* Opens or creates the file of the sign, which is not set yet. Returns a descriptor for busy_set(), or -1. */
int busy_open(const char *path, struct error *error);
/* Sets or removes the sign of this process. */
void busy_set(int fd, bool is_busy);
/* Whether a process has set the sign; false also if there is no such file. */
bool busy_is_set(const char *path);

#endif
