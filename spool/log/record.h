/*
 * The content of a record of the intake log: a message with its envelope, facts about others, or
 * both.
 */
#ifndef LANPOST_SPOOL_RECORD_H
#define LANPOST_SPOOL_RECORD_H

#include "spool/envelope.h"
#include "spool/fact.h"

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
