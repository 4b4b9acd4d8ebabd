/*
 * Ownership of files that root creates.
 *
 * The admin runs `sudo lanpost ...`, the gateway runs as its own user: a file that is owned by root would block the
 * gateway. So files and folders that root creates get the owner and group of the folder they are in. For other users
 * these calls are open(2) and mkdir(2).
 *
 * The folder may belong to a user other than root. So only files that were created here change their owner, never
 * existing ones, and the folder is kept open meanwhile: a link in its place cannot lead elsewhere. An existing link
 * is not followed (ELOOP), and another user's file in a public folder is not used.
 */
#ifndef LANPOST_BASE_OWNED_H
#define LANPOST_BASE_OWNED_H

#include "base/err.h"

#include <sys/types.h>

/* open(2) with these flags, O_CREAT and O_CLOEXEC. */
int owned_open(const char *path, int flags, mode_t mode);
/* openat(2) with these flags, O_CREAT, O_EXCL, O_NOFOLLOW and O_CLOEXEC. */
int owned_make_at(int folder, const char *name, int flags, mode_t mode);
/* mkdir(2) */
int owned_mkdir(const char *path, mode_t mode);
/* As root: creates an empty file if none exists, for a library that would otherwise create it. */
void owned_touch(const char *path, mode_t mode);
/* As root: gives a secret file the owner and group of another file or of a folder, and makes it readable by the
 * group if the other is (never by root's group). Does nothing for other users. */
int owned_like(const char *path, const char *other, struct error *error);

#endif
