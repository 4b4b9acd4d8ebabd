/*
 * A spool that is root's or not there yet, for a gateway that is not root.
 */
#ifndef LANPOST_SPOOL_SPOOL_GIVE_H
#define LANPOST_SPOOL_SPOOL_GIVE_H

#include "base/process/service_user.h"

/* As root: makes the spool where it is missing, and gives it with all that is root's in it to this user. Only where nobody else can
 * change the way to it, and never a folder that holds anything else. Returns -1 where that is so. */
int spool_give(const char *path, const struct service_user *user, struct error *error);

#endif
