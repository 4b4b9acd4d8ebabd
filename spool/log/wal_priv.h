/*
 * The format of a segment, for its writer and its reader.
 *
 * Segment: line, salt, padding to 32 bytes. Record: marker (8 bytes of the salt), checksum of everything after it,
 * length of head, length of body, how much of the segment was durable when this was appended, head, body. Numbers
 * are little endian. The checksum takes "durable" for zero: it says only what the bytes before may be.
 */
#ifndef LANPOST_SPOOL_WAL_PRIV_H
#define LANPOST_SPOOL_WAL_PRIV_H

#include "spool/log/wal.h"

#define WAL_FIRST_LINE "lanpost-wal 1\n"
#define SEGMENT_HEADER 32
#define SALT_AT 14
#define SALT_LEN 16
#define RECORD_HEADER 24
#define CHECKSUM_AT 8
#define LENGTHS_AT 12
#define DURABLE_AT 20

uint32_t wal_checksum(uint32_t seed, struct slice bytes);
uint32_t wal_salt_seed(const unsigned char *salt);
/* Size of a record with this header. */
uint32_t wal_record_checksum(uint32_t seed, const unsigned char *header, struct slice head, struct slice body);
/* Whether these bytes are all zero: nothing was written there. */
bool wal_is_blank(struct slice bytes);
void wal_put32(unsigned char *at, uint32_t value);

#endif
