/*
 * Compression of a connection (RFC 4978): raw deflate in both directions, each flush a whole piece.
 *
 * What a peer sends is expanded a buffer at a time, so a bomb costs time of its own session and no memory.
 */
#ifndef LANPOST_BASE_DEFLATE_H
#define LANPOST_BASE_DEFLATE_H

#include "base/buf.h"

#include <sys/types.h>

struct deflate;

struct deflate *deflate_new(void);
void deflate_free(struct deflate *deflate); /* accepts NULL */

/* Appends the compressed form of the bytes, which the peer can expand at once. */
void deflate_compress(struct deflate *deflate, struct slice bytes, struct buf *out);

/* Where the next received bytes go: room for *len of them. Only when deflate_expand() has returned 0. */
char *deflate_room(struct deflate *deflate, size_t *len);
/* As many bytes have been put there. */
void deflate_received(struct deflate *deflate, size_t len);
/* Expands into room. Returns the number of bytes; 0: more must be received; -1: the peer has sent what is no deflate, or the end of it. */
ssize_t deflate_expand(struct deflate *deflate, char *room, size_t size);
/* Whether deflate_expand() may have bytes without receiving any. */
bool deflate_has_input(const struct deflate *deflate);

#endif
