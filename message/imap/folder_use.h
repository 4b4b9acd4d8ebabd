/*
 * The special use of a folder (RFC 6154): decided by its name, since every mail program gives its own names to the usual folders.
 */
#ifndef LANPOST_MESSAGE_FOLDER_USE_H
#define LANPOST_MESSAGE_FOLDER_USE_H

#include "base/str.h"

#define FOLDER_USES 5
#define FOLDER_USE_SENT "\\Sent"
#define FOLDER_USE_DRAFTS "\\Drafts"
#define FOLDER_USE_JUNK "\\Junk"
#define FOLDER_USE_TRASH "\\Trash"

/* The use that a folder of this name may have ("\\Sent", always the same pointer for one use); NULL: none. Of several such folders the one
 * of the lowest rank has it. */
const char *folder_use(const char *folder, size_t *rank);
/* Whether a folder of this name may have that use. */
bool folder_has_use(const char *folder, const char *use);
/* Our own name of the folder with the n-th use. */
const char *folder_use_name(size_t n);
/* The folder that has this use among these, else our own name for it; borrowed. */
const char *folder_with_use(const struct strlist *folders, const char *use);

#endif
