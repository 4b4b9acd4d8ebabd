/*
 * Segments of the intake log: files of checksummed records (QUEUE.md has the rules).
 *
 * A segment begins with a line and random bytes that seed every checksum in it, so that bytes inside a message cannot be
 * taken for a record. This module handles bytes and numbers; the intake knows their meaning.
 *
 * A segment that is busy has zeros written ahead of its records, and one that was busy is reused: it is blanked with zeros. So
 * most appends change neither its size nor its blocks, and a sync costs one write instead of a commit of the file system's
 * journal.
 */
#ifndef LANPOST_SPOOL_WAL_H
#define LANPOST_SPOOL_WAL_H

#include "base/str.h"
#include "spool/spool.h"

#define WAL_HEAD_MAX (6u << 20)
#define WAL_BODY_MAX (2u << 20)

enum wal_state { WAL_LOG, WAL_DONE };

/* A segment's name: `<number>-<writer>.log`, or `<number>-<writer>.<until>.done`, whose facts are needed
 * as long as there is a .log with a number up to `until`. */
struct wal_name {
	enum wal_state state;
	uint64_t number, until;
	char file[64];
};
struct wal_names {
	struct wal_name *items; /* by number */
	size_t count;
};

/* Lists the segments of a spool. */
int wal_list(const struct spool *spool, struct wal_names *names, struct error *error);
void wal_names_clear(struct wal_names *names);
/* Whether the segment is not started yet or withdrawn: it can be removed. writer: of this one only; NULL: of any. */
bool wal_is_spare(const char *file, const char *writer);
/* Changes a segment whose accepts are all done to facts (`.done`); name is changed accordingly. */
int wal_to_facts(const struct spool *spool, struct wal_name *name, struct error *error);
/* Removes the segments of facts that are no longer needed. */
int wal_sweep_facts(const struct spool *spool, struct error *error);
/* Lists the segments that have a record without a checkpoint: the events of its messages may not be in the journal yet. */
int wal_list_records(const struct spool *spool, struct wal_names *names, struct error *error);
/* Whether one of them has such a record still. */
bool wal_have_records(const struct spool *spool, const struct wal_names *names);

/* --- writing */
struct wal {
	int fd;
	char *path;
	struct wal_name name;
	unsigned char salt[16];
	uint64_t size;	  /* size of all complete records written; after them the file has zeros or ends */
	uint64_t length;  /* size with the zeros that were written */
	bool is_busy;	  /* zeros are written ahead of the records, so that few appends change the file's size */
	uint64_t durable; /* size up to which a sync has succeeded */
};

/* Creates a segment, durable and locked. blank (from wal_blank(); takes ownership) is used for it;
 * NULL: a new file. */
int wal_create(struct wal **wal, const struct spool *spool, const char *writer, struct wal *blank, struct error *error);
/* Appends a record. On failure the segment is restored; if that fails, too, *broken is set. */
int wal_append(struct wal *wal, struct slice head, struct slice body, bool *broken,
    struct error *error);
/* Cuts off the records after this size. */
int wal_take_back(struct wal *wal, uint64_t size, struct error *error);
/* Makes `size` bytes durable (the size before the call). Does not change the struct: may run without a lock. */
int wal_sync(const struct wal *wal, struct error *error);
/* Truncates the segment to its durable part. */
int wal_cut(struct wal *wal, struct error *error);
void wal_close(struct wal *wal);

/* Renames a segment that is no longer needed to an unused name, under which it can be blanked. */
int wal_withdraw(struct wal *wal, struct error *error);
/* Blanks a withdrawn segment with WAL_BLANK_MIN to WAL_BLANK_MAX bytes of zeros, so that it is ready for wal_create(). */
#define WAL_BLANK_MIN (4u << 20)
#define WAL_BLANK_MAX (64u << 20)
int wal_blank(struct wal *wal, struct error *error);
/* Removes a withdrawn segment, and frees it. */
void wal_discard(struct wal *wal);

/* --- reading */
struct wal_reader {
	struct slice bytes;
	size_t at;
	uint64_t durable; /* according to the last complete record; valid if durable_known */
	bool durable_known;
	uint32_t seed;
	unsigned char marker[8];
};
enum wal_next { WAL_RECORD, WAL_END, WAL_TORN, WAL_DAMAGED };

/* Maps the present content of a segment. Also one whose header is damaged: its records are read if their
 * checksums are right. */
int wal_read(struct wal_reader *reader, const char *path, struct error *error);
/* Reads the next record; *offset is its start. A record whose marker or length is damaged is still read if its checksum is
 * right. WAL_DAMAGED: head holds the bytes with a wrong checksum. WAL_TORN: an append that was never finished or
 * acknowledged. Reading continues after both. */
enum wal_next wal_next(struct wal_reader *reader, uint64_t *offset, struct slice *head,
    struct slice *body);
/* Returns -1 if some of the bytes read so far were unreadable: they were read as zeros. */
int wal_read_check(const struct wal_reader *reader, struct error *error);
void wal_read_end(struct wal_reader *reader);

#endif
