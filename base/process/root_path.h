/*
 * Paths that lead where root wants, whatever other users do.
 */
#ifndef LANPOST_BASE_ROOT_PATH_H
#define LANPOST_BASE_ROOT_PATH_H

#include "base/err.h"
#include "base/process/service_user.h"

/* Opens (O_PATH) what a path leads to, if each folder and each link on the way is root's and nobody else may put another in its
 * place. make: folders that are missing are made, the last one with mode 0700. Returns the descriptor, or -1: ERROR_CONFIG where
 * another user could change the way, saved_errno ENOENT where there is nothing. */
int root_path_open(const char *path, bool make, struct error *error);
/* Gives a folder of root's, opened like that, to a user, with all that is root's in it. */
int root_path_give(int folder, const char *path, const struct service_user *user, struct error *error);

#endif
