/*
 * Room on the spool's disk. Messages are not taken into the last of it; a few MiB of that are kept back in `<spool>/reserve`, for when
 * somebody else has filled the disk: given up, they let the gateway start, and users delete messages, which makes room.
 */
#ifndef LANPOST_SPOOL_RESERVE_H
#define LANPOST_SPOOL_RESERVE_H

#include "spool/spool.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether messages of this many bytes may be taken in. A disk on which no more files can be made is full, too. */
bool reserve_has_room(const struct spool *spool, uint64_t bytes);
/* Whether it comes near to that. */
bool reserve_has_few_files(const struct spool *spool);
/* Makes the reserve if none exists and the disk has plenty of room. */
void reserve_keep(const struct spool *spool);
/* Gives it up if error says that the disk is full. True: there is room now, what has failed may be tried again. */
bool reserve_spend(const struct spool *spool, const struct error *error);

#endif
