/*
 * The look at attachments in the filter process: what [filter] forbids, found by message/attachment/.
 *
 * One message at a time: archives are unpacked into memory.
 */
#ifndef LANPOST_GATEWAY_FILTER_ATTACHMENTS_H
#define LANPOST_GATEWAY_FILTER_ATTACHMENTS_H

#include "config/conf.h"
#include "upstream/scanner/scanner.h"

#define FILTER_ATTACHMENTS_MAX (256u << 20) /* bytes of a message; a larger one is not looked at */

struct filter_attachments;

/* Before the process gives up its files. NULL with an error, or without one if nothing is forbidden. */
struct filter_attachments *filter_attachments_new(const struct conf *conf, struct error *error);
/* Adds what it finds to the verdict. attachments: NULL: does nothing. For any thread. */
void filter_attachments_look(struct filter_attachments *attachments, unsigned sources, const struct scanner_message *message,
    struct scan_verdict *verdict);

#endif
