/*
 * Reports of the supervisor, each written by a short-lived process: the supervisor itself does not open the spool.
 */
#ifndef LANPOST_GATEWAY_SIDE_REPORT_H
#define LANPOST_GATEWAY_SIDE_REPORT_H

#include "config/conf.h"
#include "spool/spool.h"

/* Writes the report; runs in the other process. */
typedef void (*side_report_fn)(const struct conf *conf, struct spool *spool, const void *context);

/* Errors are logged. */
void side_report(const struct conf *conf, side_report_fn fn, const void *context);

#endif
