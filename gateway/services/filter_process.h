/*
 * The filter process: it asks the scanners about messages for the LAN server and the sessions, and does nothing else.
 *
 * It has no password, and opens no file of the spool: a message comes as an open descriptor with the facts about it (mail/filter/filter_ask.h).
 * It connects to the scanners alone. What scanners answer is parsed here; of a message only its attachments, if [filter] forbids some
 * (filter_attachments.h).
 */
#ifndef LANPOST_GATEWAY_FILTER_PROCESS_H
#define LANPOST_GATEWAY_FILTER_PROCESS_H

#include "config/conf.h"

struct filter_job {
	int fd;		   /* our end of the shared socket */
	struct conf *conf; /* the child's copy: its secrets are wiped first */
};

/* A child_fn; context is a struct filter_job. It reports {"event":"scanner","name":TEXT,"error":TEXT or null} when a scanner begins or ceases
 * to answer. Ends with the supervisor. */
int filter_process_run(void *context, int event_fd);

#endif
