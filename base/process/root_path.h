/*
 * Paths that other users cannot redirect, for root.
 */
#ifndef LANPOST_BASE_ROOT_PATH_H
#define LANPOST_BASE_ROOT_PATH_H

#include "base/err.h"
#include "base/process/service_user.h"

/* Opens (O_PATH) the target of a path, if each folder and each link on the way belongs to root and no other user can
 * replace it. make: creates missing folders, the last one with mode 0700. Returns the descriptor, or -1: ERROR_CONFIG if
 * another user could change the path, saved_errno ENOENT if it does not exist. */
int root_path_open(const char *path, bool make, struct error *error);
/* Changes the owner of a folder of root, opened as above, with everything in it that belongs to
 * root. */
int root_path_give(int folder, const char *path, const struct service_user *user, struct error *error);

#endif
