/*
 * The bytes of a segment, for its writer and its reader.
 *
 * Segment: line, salt, padding to 32 bytes. Record: marker (8 bytes of the salt), checksum of all that
 * follows it, length of head, length of body, four zeros, head, body. Numbers are little endian.
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

uint32_t wal_checksum(uint32_t seed, struct slice bytes);
uint32_t wal_salt_seed(const unsigned char *salt);
void wal_put32(unsigned char *at, uint32_t value);

#endif
