/*
 * Continues a message whose transfer was cut, so that each byte is paid for once (IMAP: a part of BODY[]; POP3 cannot).
 *
 * The received bytes are kept in the spool (spool/partial.h) as the server sent them: in pieces, at the latest every few seconds, and when
 * the connection ends. The next connection requests the rest, and a few bytes before it, which must be the same. The size that the server
 * announced for the whole message is kept, too: the rest must have exactly the missing bytes. If anything differs, what was kept is removed,
 * and the message is fetched whole. A cut that brought the message forward is not held against it (fetch_reconnect.c).
 */
#ifndef LANPOST_FETCHER_FETCH_PARTIAL_H
#define LANPOST_FETCHER_FETCH_PARTIAL_H

#include "base/buf.h"
#include "base/err.h"

struct fetch;
struct partial;
struct plan_item;

#define FETCH_OVERLAP 512 /* bytes that are fetched twice, for comparison */
#define FETCH_PROGRESS 4096 /* bytes that make a cut connection worth its cost */
struct fetch_partial {
	struct partial *file;	/* NULL: nothing is kept yet */
	struct buf pending;	/* received, and not kept yet */
	struct buf mended;	/* of a message that is continued: the last bytes, with CRLF */
	bool keeps;		/* the message is kept */
	uint64_t whole;		/* bytes as the server counts them */
	uint64_t came, gained;	/* of these, so far: in all, and by this connection */
	int64_t kept_at;	/* clock_now_ms() */
	bool is_rest;		/* the message is continued */
	bool is_useless;	/* the rest does not belong to what was kept */
	bool after_cr;
	char overlap[FETCH_OVERLAP]; /* the last kept bytes */
	size_t overlap_len, overlap_at;
};

/* After the plan: finds what is kept of its messages (item->kept), and removes what is of no use any more. */
void fetch_partial_find(struct fetch *fetch);
/* Requests the message, or the rest of it. */
bool fetch_partial_ask(struct fetch *fetch, const struct plan_item *item);
/* The server refuses the rest: the message is requested whole. */
void fetch_partial_refused(struct fetch *fetch, struct plan_item *item);
/* The data of the message begins; size: as the server announces it. */
int fetch_partial_begin(struct fetch *fetch, uint64_t size, struct error *error);
/* Takes data of a message, and appends it to the body. */
int fetch_partial_data(struct fetch *fetch, struct slice text, struct slice raw, struct error *error);
/* All data has come: true if the rest does not continue the kept part. */
bool fetch_partial_is_useless(const struct fetch *fetch);
/* The connection has ended: keeps what came of the message. */
void fetch_partial_cut(struct fetch *fetch);
/* What came of the message must not be used. */
void fetch_partial_discard(struct fetch *fetch);
/* The message is durable, or known. */
void fetch_partial_done(struct fetch *fetch, struct plan_item *item);
void fetch_partial_close(struct fetch *fetch); /* what is kept stays */

#endif
