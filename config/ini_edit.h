/*
 * Changes to INI files that leave everything else in them as it is: order, comments, line ends.
 *
 * The text is edited in memory, checked by the caller (conf_load_edited), then put in the
 * file's place durably.
 */
#ifndef LANPOST_CONFIG_INI_EDIT_H
#define LANPOST_CONFIG_INI_EDIT_H

#include "base/buf.h"
#include "base/err.h"

/* The file's text; a file that does not exist is empty. The caller clears the buffer. */
int ini_edit_read(const char *path, struct buf *text, struct error *error);
/* Puts the text in the place of the file; mode and owner stay. A symbolic link stays one. A new file has mode 0600; made
 * by root, it is as readable as main, the main file of the configuration, or where that is not there, as its folder. */
int ini_edit_write(const char *path, const struct buf *text, const char *main, struct error *error);
/* The same for a file that is there already. */
int ini_edit_own(const char *path, const char *main, struct error *error);

/* Sets a key. A key that is there keeps its line and the comment behind it, a new one comes
 * after the last of its section, a new section at the end. name "" for a section without one. */
int ini_edit_set(struct buf *text, const char *kind, const char *name, const char *key,
    const char *value, struct error *error);
/* Removes a key with its line. One that is not there is fine. */
int ini_edit_unset(struct buf *text, const char *kind, const char *name, const char *key, struct error *error);
/* Moves a section, with the comments directly above its header, to the place before (or behind) another one of its kind.
 * Returns false if one of the two is not there. */
bool ini_edit_move(struct buf *text, const char *kind, const char *name, const char *other, bool behind);
/* Removes the section's header and keys with the comments between them. Returns false if it is not there. */
bool ini_edit_remove(struct buf *text, const char *kind, const char *name);

#endif
