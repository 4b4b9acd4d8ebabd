/*
 * What a record of the intake log says: a message with its envelope, facts about others, or both.
 */
#ifndef LANPOST_SPOOL_RECORD_H
#define LANPOST_SPOOL_RECORD_H

#include "spool/envelope.h"

enum fact_kind {
	FACT_SENT,	   /* id: queue entry, name: recipient, text: reply */
	FACT_FAILED,	   /* the same */
	FACT_ATTEMPT,	   /* id: queue entry that the smarthost is about to get */
	FACT_REMOVE,	   /* name: user, text: unique name of the file in that mailbox */
	FACT_TRIGGER_DONE, /* id: trigger */
	FACT_REPLY_DONE,   /* id: message replied to, name: "sent" or "none" */
	FACT_VOID,	   /* name: segment, text: offset from which it counts for nothing (intake only) */
};

/* A fact that goes into the same durable record as a message, or alone. */
struct fact {
	enum fact_kind kind;
	const char *id, *name, *text; /* NULL where not used */
};

struct record {
	struct fact *facts; /* their strings are owned, never NULL */
	size_t fact_count;
	bool has_message;
	bool body_in_file; /* `wal/<id>.msg` */
	bool has_checksum; /* of the bytes in that file; older versions wrote none */
	uint32_t checksum;
	struct envelope envelope;
};

/* The bound of the buffer that a head is written to; below WAL_HEAD_MAX. */
#define RECORD_HEAD_MAX (5u << 20)
/* envelope may be NULL. file_checksum: of the body, which is in a file of its own; NULL: it is in the record. */
void record_write(const struct fact *facts, size_t count, const struct envelope *envelope,
    const uint32_t *file_checksum, struct buf *out);
int record_parse(struct slice head, struct record *record, struct error *error);
void record_clear(struct record *record);

#endif
