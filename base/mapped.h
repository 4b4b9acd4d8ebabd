/*
 * Files that are mapped into memory, and what happens when their bytes cannot be had.
 *
 * Another program may cut a file while it is read here, and a sector may turn bad; the kernel then sends SIGBUS. For the
 * mappings that are listed here the page reads as zeros instead and the mapping is marked as broken: one reader learns
 * that its message is not whole, and the process with everybody else's connections goes on.
 */
#ifndef LANPOST_BASE_MAPPED_H
#define LANPOST_BASE_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

/* Lists a mapping. Returns false where there is no place for it, and then it must not be read. For any thread. */
bool mapped_add(const void *at, size_t len);
/* Takes a mapping off the list, before it is unmapped. Returns false if it was not listed. */
bool mapped_remove(const void *at);
/* Whether these bytes are of a mapping that is listed. */
bool mapped_holds(const void *bytes);
/* False once a byte of the mapping that begins here could not be had. True for memory that is not listed. */
bool mapped_is_intact(const void *at);

#endif
