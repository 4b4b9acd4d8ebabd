/*
 * The daily digest for postmaster: the events of a day, as text and HTML.
 */
#ifndef LANPOST_GATEWAY_DAILY_REPORT_H
#define LANPOST_GATEWAY_DAILY_REPORT_H

#include "gateway/report/report.h"

/* When the next digest is due after the last one; both in seconds since 1970, local time of day from `digest`. */
int64_t daily_report_next(int64_t last, int64_t time_of_day);
/* Sends it if it is due. Does nothing without `digest`. A failure is logged, and retried with the next session. */
void daily_report_send_due(const struct reporter *reporter);

#endif
