/*
 * Scans what was delivered without being scanned, once the scanners for it answer again. What is found bad is taken to the quarantine, if nobody has read it
 * yet; with `attachments = strip` the message without them takes its place.
 */
#ifndef LANPOST_GATEWAY_SCAN_LATER_H
#define LANPOST_GATEWAY_SCAN_LATER_H

#include "config/conf.h"
#include "spool/storage/storage.h"

#include <stdatomic.h>

struct scan_later {
	const struct conf *conf;
	const struct spool *spool; /* all of it is open */
	const char *session;	   /* id, for the journal */
	int filter_socket;
	const atomic_bool *cancel;
};

/* Does nothing if there is no such message. Ends when a scanner does not answer again: the rest is for the next session. */
void scan_later_run(const struct scan_later *job);

#endif
