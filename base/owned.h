/*
 * Who owns what root makes.
 *
 * The admin runs `sudo lanpost ...`, the gateway runs as a user of its own: a file that root left behind with root as
 * its owner would stop the gateway. So whatever is made as root gets the owner and group of the folder it is in.
 * For everybody else these calls are open(2) and mkdir(2).
 *
 * The folder may belong to somebody who is less than root. So only what was made here is ever given away, never what
 * was there before, and the folder is held open meanwhile: a link put in its place cannot lead elsewhere. A link that was
 * there before is not followed (ELOOP), nor is a stranger's file used in a folder where everybody may make files.
 */
#ifndef LANPOST_BASE_OWNED_H
#define LANPOST_BASE_OWNED_H

#include "base/err.h"

#include <sys/types.h>

/* open(2) with O_CREAT and O_CLOEXEC besides the flags. */
int owned_open(const char *path, int flags, mode_t mode);
/* openat(2) with O_CREAT, O_EXCL, O_NOFOLLOW and O_CLOEXEC besides the flags. */
int owned_make_at(int folder, const char *name, int flags, mode_t mode);
/* mkdir(2) */
int owned_mkdir(const char *path, mode_t mode);
/* Makes an empty file where none exists, as root: for a library that would make it itself. */
void owned_touch(const char *path, mode_t mode);
/* As root: gives a secret file the owner and group of another file or of a folder, and lets the group read it where the
 * other does (root's group never). Nothing for everybody else. */
int owned_like(const char *path, const char *other, struct error *error);

#endif
