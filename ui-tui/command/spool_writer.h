/*
 * The admin's hand as a writer of the spool: with a log of its own, beside a running gateway or without one.
 */
#ifndef LANPOST_UI_TUI_SPOOL_WRITER_H
#define LANPOST_UI_TUI_SPOOL_WRITER_H

#include "config/conf.h"
#include "spool/log/intake.h"

struct spool_writer {
	struct state *state;
	struct intake *intake;
};

/* Opens the spool for changes, after cli_conf(): what root leaves there must be the gateway's. */
int spool_writer_open(struct spool_writer *writer, const struct conf *conf, struct error *error);
/* Makes durable what was done. Returns -1 if that failed: it is done again from the log then. */
int spool_writer_close(struct spool_writer *writer, struct error *error);

#endif
