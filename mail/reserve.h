/*
 * A few MiB of the disk kept back in `<spool>/reserve`. When the disk is full they let the gateway start, and users delete letters:
 * that makes room. Messages are never taken into them (intake_has_room).
 */
#ifndef LANPOST_MAIL_RESERVE_H
#define LANPOST_MAIL_RESERVE_H

#include "base/err.h"

#include <stdbool.h>

/* Makes the reserve if there is none and the disk has plenty of room. */
void reserve_keep(const char *spool);
/* Gives it up if error says that the disk is full. True: there is room now, what has failed may be tried again. */
bool reserve_spend(const char *spool, const struct error *error);

#endif
