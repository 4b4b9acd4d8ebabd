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
int rspamd_read(struct slice answer, struct scan_verdict *verdict, struct error *error);

#endif
