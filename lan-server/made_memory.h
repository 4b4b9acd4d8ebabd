/*
 * Memory for what is made of messages: decoded parts, converted line ends, the notes of SORT and THREAD. The senders of mail decide how
 * much that is, and one user may have many sessions: so all of them together have a limit, and no user can have all of it.
 */
#ifndef LANPOST_LAN_SERVER_MADE_MEMORY_H
#define LANPOST_LAN_SERVER_MADE_MEMORY_H

#include "base/buf.h"

#define MADE_MEMORY_MAX (256u << 20)

/* From now on this thread serves a session of that user; NULL: of nobody. What it has taken is given back before. */
void made_memory_user(const char *user);
/* False: it would be too much, and nothing is taken. */
bool made_memory_take(size_t bytes);
void made_memory_give(size_t bytes);
/* Initialises a buffer for up to this many bytes, which are taken. False: as above; the buffer holds nothing. */
bool made_memory_buf(struct buf *buf, size_t most);
/* Frees such a buffer and gives its bytes back; it may be cleared again. */
void made_memory_clear(struct buf *buf);

#endif
