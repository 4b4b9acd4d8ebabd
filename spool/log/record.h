/*
 * The content of a record of the intake log: a message with its envelope, facts about others, or
 * both.
 */
#ifndef LANPOST_SPOOL_RECORD_H
#define LANPOST_SPOOL_RECORD_H

#include "spool/envelope.h"

enum fact_kind {
	FACT_SENT,	   /* id: queue entry, name: recipient, text: reply */
	FACT_FAILED,	   /* the same */
	FACT_ATTEMPT,	   /* id: queue entry that is about to be sent */
	FACT_REMOVE,	   /* name: user, text: unique name of the file in that mailbox */
	FACT_TRIGGER_DONE, /* id: trigger */
	FACT_REPLY_DONE,   /* id: message replied to, name: "sent" or "none" */
	FACT_VOID,	   /* name: segment, text: offset from which it is void (intake only) */
};

/* A fact, stored in the same durable record as a message, or alone. */
struct fact {
	enum fact_kind kind;
	const char *id, *name, *text; /* NULL if not used */
};

struct record {
	struct fact *facts; /* their strings are owned, never NULL */
	size_t fact_count;
	bool has_message;
	bool body_in_file; /* `wal/<id>.msg` */
	bool has_checksum; /* of the bytes in that file; missing in older versions */
	uint32_t checksum;
	struct envelope envelope;
};

/* Limit of the buffer for a head; below WAL_HEAD_MAX. */
#define RECORD_HEAD_MAX (5u << 20)
/* envelope may be NULL. file_checksum: of the body in a separate file; NULL: the body is in the record. */
void record_write(const struct fact *facts, size_t count, const struct envelope *envelope,
    const uint32_t *file_checksum, struct buf *out);
int record_parse(struct slice head, struct record *record, struct error *error);
void record_clear(struct record *record);

#endif
