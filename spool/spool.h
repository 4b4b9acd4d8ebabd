/*
 * The spool of a process: the folder with all durable data, and the parts that are open. A process opens it once and
 * passes it on; the folder alone (spool_at()) is enough to read mailboxes and the queue.
 */
#ifndef LANPOST_SPOOL_SPOOL_H
#define LANPOST_SPOOL_SPOOL_H

#include "base/err.h"

struct conf;
struct intake;
struct envelope;
struct place;
struct state;

struct spool {
	char *folder;
	struct state *state;   /* the state other than mail; NULL: not open */
	struct intake *intake; /* accepts and delivers messages; NULL: read-only */
	bool was_damaged;      /* state.db was created again, and postmaster must get a report */
	bool keeps_seen;       /* spool_close() copies the seen UIDLs (state_copy_seen()) */
};

struct spool_options {
	const char *writer;  /* name of this process's log: a literal */
	bool reports_damage; /* the caller reports that state.db was damaged: spool->was_damaged */
	bool keeps_seen;     /* copies the seen UIDLs when the spool is closed */
	/* Called after each delivery, by the delivering thread; may be NULL. */
	void (*delivered)(void *context, const struct envelope *envelope, const struct place *place);
	void *context;
};

/* The spool in this folder, with nothing open; folder is borrowed. */
struct spool spool_at(char *folder);
/* The spool of the configuration, for reading, until the end of the block. */
#define SPOOL_OF(conf) (&(const struct spool){.folder = (conf)->gateway.spool})

/* Opens the spool of the configuration and recovers the segments of dead processes. *spool must stay where it is until it
 * is closed. On failure nothing is open. */
int spool_open(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
/* The same in two steps, for a process that enters a sandbox between them: state.db with its log, then the mail. After a
 * failure of the second step nothing is open. */
int spool_open_state(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
int spool_open_intake(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
/* Makes all changes durable. Returns -1 on failure: the changes stay in the log for the next start. error may be NULL:
 * then the failure is logged. */
int spool_close(struct spool *spool, struct error *error);

#endif
