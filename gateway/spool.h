/*
 * State and intake of a process, opened and closed together.
 */
#ifndef LANPOST_GATEWAY_SPOOL_H
#define LANPOST_GATEWAY_SPOOL_H

#include "config/conf.h"
#include "spool/intake.h"

struct spool {
	struct state *state;
	struct intake *intake;
};

/* Opens both, recovers what dead processes left, and tells postmaster if state.db had to be begun anew. writer: a
 * literal. delivered and context as in struct intake_options. On failure nothing is open. */
int spool_open(struct spool *spool, const struct conf *conf, const char *writer,
    void (*delivered)(void *context, const struct place *place), void *context,
    struct error *error);
/* What cannot be written any more stays in the log for the next start, and is said. */
void spool_close(struct spool *spool);

#endif
