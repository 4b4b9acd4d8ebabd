/*
 * The client's side of clamd's protocol (clamd(8)): INSTREAM in a session, without I/O.
 *
 * A session takes many messages over one connection: "zIDSESSION", then for each message "zINSTREAM", its bytes in chunks with their length
 * (four bytes, the most significant first), and an empty chunk. Replies end with a NUL and begin with the number of the command.
 */
#ifndef LANPOST_UPSTREAM_CLAMD_H
#define LANPOST_UPSTREAM_CLAMD_H

#include "base/buf.h"
#include "base/err.h"
#include "message/scan/scan_verdict.h"

#define CLAMD_CHUNK_MAX 65536
#define CLAMD_REPLY_MAX 1024

struct clamd {
	bool has_session;
	unsigned commands; /* sent so far */
	struct buf reply; /* what has come of it */
};

void clamd_init(struct clamd *clamd);
void clamd_clear(struct clamd *clamd);
/* Appends the commands that begin a message. */
void clamd_begin(struct clamd *clamd, struct buf *out);
/* Appends the length before a chunk, 1 to CLAMD_CHUNK_MAX bytes; 0 ends the message. */
void clamd_chunk(size_t len, struct buf *out);

enum clamd_result {
	CLAMD_MORE, /* the reply is not complete */
	CLAMD_DONE, /* the verdict is filled */
	CLAMD_TOO_LARGE, /* larger than its StreamMaxLength; it has closed the connection */
	CLAMD_FAILED, /* see the error; the connection is of no more use */
};
/* Takes received bytes. */
enum clamd_result clamd_feed(struct clamd *clamd, struct slice bytes, struct scan_verdict *verdict, struct error *error);

#endif
