/*
 * Files that are mapped into memory, and the handling of bytes that cannot be read.
 *
 * Another program may truncate a file while it is read here, and a sector may become unreadable; the kernel then
 * sends SIGBUS. For the mappings that are listed here, the page is read as zeros and the mapping is marked as broken:
 * one reader is informed that its message is incomplete, and the process with all other connections continues.
 */
#ifndef LANPOST_BASE_MAPPED_H
#define LANPOST_BASE_MAPPED_H

#include <stdbool.h>
#include <stddef.h>

/* Adds a mapping to the list. Returns false if the list is full; then the mapping must not be read. For any
 * thread. */
bool mapped_add(const void *at, size_t len);
/* Removes a mapping from the list, before it is unmapped. Returns false if it was not listed. */
bool mapped_remove(const void *at);
/* Whether these bytes belong to a listed mapping. */
bool mapped_holds(const void *bytes);
/* False if a byte of the mapping that begins here could not be read. True for memory that is not listed. */
bool mapped_is_intact(const void *at);

#endif
