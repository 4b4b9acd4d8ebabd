/*
 * The bytes of an incoming message: in memory while small, in a separate file in `<spool>/wal/`
 * if larger than BODY_MEMORY_MAX, so that it is streamed and delays no other message.
 *
 * Bytes are stored unchanged; the producer handles line ends (SMTP requires CRLF, the fetcher
 * converts bare LF to CRLF).
 */
#ifndef LANPOST_SPOOL_BODY_H
#define LANPOST_SPOOL_BODY_H

#include "base/buf.h"
#include "base/err.h"
#include "message/msgid.h"
#include "spool/spool.h"

#define BODY_MEMORY_MAX (1u << 20)
/* The memory limit for all messages in progress in this process, and the limit per message when it is exceeded. */
#define BODY_MEMORY_ALL (64u << 20)
#define BODY_MEMORY_BUSY (64u << 10)

struct body {
	struct buf memory;
	char *path;	   /* the file, NULL while in memory */
	int fd;
	uint64_t size;
	uint32_t checksum; /* CRC-32 of the content of the file */
	struct slice map;  /* of the file, while viewed */
	const struct spool *spool; /* borrowed */
};

/* spool must outlive the body. */
void body_init(struct body *body, const struct spool *spool);
int body_append(struct body *body, struct slice bytes, const struct msgid *id, struct error *error);
/* Counts memory that other code holds for a message in progress (a header), until it is released. */
void body_memory_take(size_t len);
void body_memory_give(size_t len);
/* True if the total is so high that no message may use more than BODY_MEMORY_BUSY. */
bool body_memory_is_short(void);
/* Ends the input: a file is made durable. */
int body_finish(struct body *body, struct error *error);
/* All bytes, valid until body_clear(). */
int body_view(struct body *body, struct slice *bytes, struct error *error);
/* Replaces the bytes of a finished body by these parts of them, and finishes it again. On failure nothing is left of it. */
int body_keep(struct body *body, const struct slice *parts, size_t count, const struct msgid *id, struct error *error);
/* Gives up the view of a file, until it is viewed again. */
void body_hide(struct body *body);
/* Frees everything; `keep_file` when a log record names the file, else the file is removed. */
void body_clear(struct body *body, bool keep_file);

#endif
