/*
 * Random bytes from the kernel, for identifiers and challenges.
 */
#ifndef LANPOST_BASE_RAND_H
#define LANPOST_BASE_RAND_H

#include <stddef.h>

/* Never fails: ends the process where the kernel has no randomness to give. */
void rand_bytes(void *out, size_t len);

#endif
