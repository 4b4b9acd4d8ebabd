/*
 * The spool as a process has it: the folder with everything durable, and what is open in it. A process opens it once and hands it
 * down; with the folder alone (spool_at()), mailboxes and the queue can be read.
 */
#ifndef LANPOST_SPOOL_SPOOL_H
#define LANPOST_SPOOL_SPOOL_H

#include "base/err.h"

struct conf;
struct intake;
struct place;
struct state;

struct spool {
	char *folder;
	struct state *state;   /* what is remembered beside the mail; NULL: not open */
	struct intake *intake; /* the way in and out of messages; NULL: open for reading at most */
	bool was_damaged;      /* state.db was created again, and postmaster must get a report */
	bool keeps_seen;       /* spool_close() copies the seen UIDLs (state_copy_seen()) */
};

struct spool_options {
	const char *writer;  /* of this process's log: a literal */
	bool reports_damage; /* takes it upon itself to report that state.db was damaged: spool->was_damaged */
	bool keeps_seen;     /* copies what was seen when it closes the spool */
	/* Called after something was delivered, from the delivering thread; may be NULL. */
	void (*delivered)(void *context, const struct place *place);
	void *context;
};

/* The spool in that folder, with nothing open; folder is borrowed. */
struct spool spool_at(char *folder);
/* That of the configuration, to read in, until the end of the block. */
#define SPOOL_OF(conf) (&(const struct spool){.folder = (conf)->gateway.spool})

/* Opens the spool of the configuration and recovers what dead processes left. *spool must stay where it is until it is closed. On
 * failure nothing is open. */
int spool_open(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
/* The same in two steps, for a process that enters a sandbox between them: state.db with its log, then the mail. After a failure of the
 * second one nothing is open. */
int spool_open_state(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
int spool_open_intake(struct spool *spool, const struct conf *conf, const struct spool_options *options, struct error *error);
/* Makes durable what was done. Returns -1 if that failed: it stays in the log for the next start. error may be NULL: the failure is
 * logged then. */
int spool_close(struct spool *spool, struct error *error);

#endif
