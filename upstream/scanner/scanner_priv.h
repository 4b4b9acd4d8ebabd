/*
 * Declarations that the parts of a connection to a scanner share: the way to it (scanner_line.c), and the three protocols.
 */
#ifndef LANPOST_UPSTREAM_SCANNER_PRIV_H
#define LANPOST_UPSTREAM_SCANNER_PRIV_H

#include "config/scanner_url.h"
#include "upstream/scanner/clamd.h"
#include "upstream/scanner/scanner.h"

#include <curl/curl.h>

struct scanner {
	const struct conf_scanner *conf;
	char *address; /* where it is, as a url */
	struct scanner_url url; /* parsed */
	CURL *curl;	/* NULL: not connected */
	bool is_used;	/* it has taken a message before: it may have died since */
	bool has_heard; /* a reply to this message has begun */
	struct clamd clamd;
};

/* scanner_line.c */

/* Options that all connections have: where to, until when. */
void scanner_line_options(struct scanner *scanner, const char *path, int64_t deadline);
int scanner_line_open(struct scanner *scanner, int64_t deadline, struct error *error);
/* Why no connection was made. Returns -1. */
int scanner_line_not_open(const struct scanner *scanner, CURLcode code, struct error *error);
void scanner_line_close(struct scanner *scanner);
/* Whether a connection that should be silent has something to say: its end, or that it has waited too long. */
bool scanner_line_is_stale(const struct scanner *scanner);
/* Sends everything. */
int scanner_line_send(struct scanner *scanner, struct slice bytes, int64_t deadline, struct error *error);
/* Receives something; *got is 0 at the end of the connection. */
int scanner_line_receive(struct scanner *scanner, char *bytes, size_t size, size_t *got, int64_t deadline, struct error *error);
/* It did not answer in time. Returns -1. */
int scanner_line_late(const struct scanner *scanner, struct error *error);
/* Reads a piece of the message. */
int scanner_line_read(const struct scanner_message *message, uint64_t at, char *bytes, size_t size, size_t *got, struct error *error);

/* scanner.c */

#define SCANNER_CHUNK_ROOM (CLAMD_CHUNK_MAX + 256) /* of *out, besides what is in it */
/* Sends the message, as chunks of clamd or as it is, behind what is in *out: a small message goes with it, by one system call. */
int scanner_send_message(struct scanner *scanner, const struct scanner_message *message, struct buf *out, int64_t deadline, struct error *error);
/* Receives all up to the end of the connection, at most reply->limit bytes. */
int scanner_read_all(struct scanner *scanner, struct buf *reply, int64_t deadline, struct error *error);

/* scanner_rspamd.c */
int scanner_rspamd(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error);
int scanner_rspamd_learn(struct scanner *scanner, const struct scanner_message *message, bool is_spam, int64_t deadline, bool *was_known,
    struct error *error);

#endif
