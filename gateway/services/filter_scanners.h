/*
 * The scanners of the filter process: each of its threads has its own connections; what is known of a scanner is shared.
 *
 * A scanner that has not answered in time is not asked for a while: mail is then not delayed by one time limit after the other.
 */
#ifndef LANPOST_GATEWAY_FILTER_SCANNERS_H
#define LANPOST_GATEWAY_FILTER_SCANNERS_H

#include "config/conf.h"
#include "mail/filter/filter_ask.h"
#include "upstream/scanner/scanner.h"

struct filter_scanners;

/* changed: called when a scanner begins or ceases to answer, and at its first answer; error is NULL if it answers. */
typedef void (*filter_scanners_fn)(void *context, const struct conf_scanner *scanner, const struct error *error);
struct filter_scanners *filter_scanners_new(const struct conf *conf, filter_scanners_fn changed, void *context);

/* The connections of one thread. */
struct filter_lines;
struct filter_lines *filter_lines_new(struct filter_scanners *scanners);
void filter_lines_free(struct filter_lines *lines);
/* Asks the scanners for mail of these sources, one after the other. */
void filter_lines_scan(struct filter_lines *lines, unsigned sources, const struct scanner_message *message, struct scan_verdict *verdict);
/* Makes the scanners for spam learn a message, one after the other; stops at the first that cannot now. */
void filter_lines_learn(struct filter_lines *lines, bool is_spam, const struct scanner_message *message, struct filter_lesson *lesson);
/* Asks with a short message of our own: every scanner that is away, at first every one. */
void filter_lines_probe(struct filter_lines *lines, const struct scanner_message *message);

#endif
