/*
 * Gives a spool that belongs to root or does not exist yet to a gateway that is not root.
 */
#ifndef LANPOST_SPOOL_SPOOL_GIVE_H
#define LANPOST_SPOOL_SPOOL_GIVE_H

#include "base/process/service_user.h"

/* As root: creates the spool if it is missing, and changes its owner, and that of everything in it that belongs to root,
 * to this user. Returns -1 if another user could change the path to it, or if the folder contains anything else. */
int spool_give(const char *path, const struct service_user *user, struct error *error);

#endif
