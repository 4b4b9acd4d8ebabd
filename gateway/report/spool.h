/*
 * State and intake of a process, opened and closed together.
 */
#ifndef LANPOST_GATEWAY_SPOOL_H
#define LANPOST_GATEWAY_SPOOL_H

#include "config/conf.h"
#include "spool/log/intake.h"

struct spool {
	struct state *state;
	struct intake *intake;
	bool was_damaged; /* state.db, and postmaster must get a report */
	bool keeps_seen;  /* spool_close() copies what was seen (state_copy_seen()) */
};

/* Opens both, recovers what dead processes left, and reports to postmaster if state.db had to be begun anew. writer: a
 * literal. delivered and context as in struct intake_options. On failure nothing is open. */
int spool_open(struct spool *spool, const struct conf *conf, const char *writer,
    void (*delivered)(void *context, const struct place *place), void *context,
    struct error *error);
/* The same in two steps, for who goes into a sandbox between them: state.db with its log, then the mail. After a failure of
 * the second one nothing is open. What was seen is left to others. */
int spool_open_state(struct spool *spool, const struct conf *conf, struct error *error);
int spool_open_mail(struct spool *spool, const struct conf *conf, const char *writer,
    void (*delivered)(void *context, const struct place *place), void *context, struct error *error);
/* What cannot be written any more stays in the log for the next start, and is said. */
void spool_close(struct spool *spool);

#endif
