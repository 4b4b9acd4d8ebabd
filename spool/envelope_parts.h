/*
 * The bytes of a message as they are stored: the added header lines, the inserted text, and what is cut out.
 */
#ifndef LANPOST_SPOOL_ENVELOPE_PARTS_H
#define LANPOST_SPOOL_ENVELOPE_PARTS_H

#include "spool/envelope.h"

#define ENVELOPE_PARTS_MAX (2 * (ENVELOPE_CUTS_MAX + 1) + 2)

/* The parts of the message as its recipients get it, or with all that came (is_whole), for the quarantine. They borrow the envelope and the
 * message. A cut that is not within the message is left out. Returns their number. */
size_t envelope_parts(const struct envelope *envelope, struct slice message, bool is_whole, struct slice *parts);
/* Their total size, for a message of that size. */
uint64_t envelope_parts_size(const struct envelope *envelope, uint64_t message, bool is_whole);

#endif
