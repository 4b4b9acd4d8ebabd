/*
 * A connection to a scanner, kept from message to message where the protocol allows it (clamd, rspamd).
 *
 * A message is read from an open file in pieces. Whatever the scanner does, a call ends at its deadline, with bounded memory. A kept connection
 * that has died meanwhile is replaced once.
 */
#ifndef LANPOST_UPSTREAM_SCANNER_H
#define LANPOST_UPSTREAM_SCANNER_H

#include "base/err.h"
#include "config/conf.h"
#include "message/scan/scan_facts.h"
#include "message/scan/scan_verdict.h"

struct scanner;

struct scanner_message {
	int file; /* read from its beginning; its offset is not used. -1: it is in memory */
	const char *bytes; /* in memory */
	uint64_t size;
	const struct scan_facts *facts;
};

/* conf is borrowed. Does not connect. */
struct scanner *scanner_new(const struct conf_scanner *conf);
/* The same for scanner_learn(), at the place where it learns. */
struct scanner *scanner_new_learner(const struct conf_scanner *conf);
void scanner_free(struct scanner *scanner);
/* Blocks until there is a verdict. -1: ERROR_TEMPORARY: it does not answer; ERROR_PROTOCOL: it answers wrongly; ERROR_LIMIT: the message
 * is larger than the scanner takes; ERROR_IO: the file cannot be read. */
int scanner_scan(struct scanner *scanner, const struct scanner_message *message, int64_t deadline, struct scan_verdict *verdict,
    struct error *error);
/* Makes a scanner for spam learn what the message is. *was_known: it has learned that before. -1: ERROR_TEMPORARY: it cannot be reached, or says so; ERROR_PROTOCOL: it
 * broke, was late or answered wrongly; ERROR_PERMANENT: it learns nothing from this message; ERROR_CONFIG: it may not learn; and as above. */
int scanner_learn(struct scanner *scanner, const struct scanner_message *message, bool is_spam, int64_t deadline, bool *was_known,
    struct error *error);

#endif
