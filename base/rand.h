/*
 * Random bytes from the kernel, for identifiers and challenges.
 */
#ifndef LANPOST_BASE_RAND_H
#define LANPOST_BASE_RAND_H

#include <stddef.h>

/* Never fails: ends the process if the kernel provides no random bytes. */
void rand_bytes(void *out, size_t len);

#endif
