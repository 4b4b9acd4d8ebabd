/*
 * rspamd's protocol (POST /checkv2 with the message as body): the header lines of a request and the answer in JSON, without I/O.
 */
#ifndef LANPOST_UPSTREAM_RSPAMD_H
#define LANPOST_UPSTREAM_RSPAMD_H

#include "base/err.h"
#include "message/scan/scan_verdict.h"
#include "message/scan/scan_facts.h"

#define RSPAMD_ANSWER_MAX (1u << 20)

/* Adds the lines of the request ("IP: 192.0.2.1") to the list. */
void rspamd_lines(const struct scan_facts *facts, struct strlist *lines);
/* The answer of the controller to /learnspam and /learnham. *was_known: it has learned the message as that before. -1: ERROR_CONFIG: it may not
 * learn here; ERROR_PERMANENT: it learns nothing from this message; ERROR_TEMPORARY: its own fault. */
int rspamd_read_learned(long status, struct slice answer, bool *was_known, struct error *error);
int rspamd_read(struct slice answer, struct scan_verdict *verdict, struct error *error);

#endif
