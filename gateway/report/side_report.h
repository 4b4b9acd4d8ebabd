/*
 * Reports of the supervisor, each from a process of its own that lives for that: the supervisor itself does not open the mail.
 */
#ifndef LANPOST_GATEWAY_SIDE_REPORT_H
#define LANPOST_GATEWAY_SIDE_REPORT_H

#include "config/conf.h"
#include "spool/spool.h"

/* Writes the report; runs in the other process. */
typedef void (*side_report_fn)(const struct conf *conf, struct spool *spool, const void *context);

/* What is not known is logged. */
void side_report(const struct conf *conf, side_report_fn fn, const void *context);

#endif
