/*
 * Immutable texts in anonymous memory, for another process that gets the descriptor (memfd_create(2)).
 */
#ifndef LANPOST_BASE_SEALED_H
#define LANPOST_BASE_SEALED_H

#include "base/buf.h"
#include "base/err.h"

/* Returns a descriptor (CLOEXEC), or -1. name: for /proc. */
int sealed_new(const char *name, struct slice text, struct error *error);
/* Appends the whole text to out. */
int sealed_read(int fd, struct buf *out, struct error *error);

#endif
