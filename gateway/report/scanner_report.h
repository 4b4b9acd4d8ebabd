/*
 * Reports to postmaster that a scanner has ceased to answer, or answers again.
 */
#ifndef LANPOST_GATEWAY_SCANNER_REPORT_H
#define LANPOST_GATEWAY_SCANNER_REPORT_H

#include "config/conf.h"

/* What the supervisor knows of a scanner. */
struct scanner_watch {
	bool is_known, is_away;
	bool is_reported; /* postmaster knows that it is away */
	int64_t since;	  /* wall clock */
	int64_t steady;	  /* the same, monotonic ms */
	char error[PHRASE_MAX];
};

/* error: why it is away; NULL: it answers again. */
void scanner_report(const struct conf *conf, const char *scanner, const char *error);

#endif
