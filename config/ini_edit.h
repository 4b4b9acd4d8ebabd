/*
 * Changes INI files and keeps everything else in them: order, comments, line ends.
 *
 * The text is edited in memory, checked by the caller (conf_load_edited), then written durably
 * in place of the file.
 */
#ifndef LANPOST_CONFIG_INI_EDIT_H
#define LANPOST_CONFIG_INI_EDIT_H

#include "base/buf.h"
#include "base/err.h"

/* The file's text; a file that does not exist is empty. The caller clears the buffer. */
int ini_edit_read(const char *path, struct buf *text, struct error *error);
/* Replaces the file by the text; mode and owner are kept. A symbolic link stays a link. A new file has mode 0600; if
 * root creates it, it gets the owner and group readability of main, the main file of the configuration, or of its
 * folder if main does not exist. */
int ini_edit_write(const char *path, const struct buf *text, const char *main, struct error *error);
/* The same for a file that exists. */
int ini_edit_own(const char *path, const char *main, struct error *error);

/* Sets a key. An existing key keeps its line and the comment after it; a new key is added after
 * the last one of its section, a new section at the end. name is "" for a section without a
 * name. */
int ini_edit_set(struct buf *text, const char *kind, const char *name, const char *key,
    const char *value, struct error *error);
/* Removes a key with its line. It need not exist. */
int ini_edit_unset(struct buf *text, const char *kind, const char *name, const char *key, struct error *error);
/* Moves a section, with the comments directly above its header, to the place before (or after) another section of the
 * same kind. Returns false if one of the two does not exist. */
bool ini_edit_move(struct buf *text, const char *kind, const char *name, const char *other, bool behind);
/* Removes the section's header and keys with the comments between them. Returns false if it does not
 * exist. */
bool ini_edit_remove(struct buf *text, const char *kind, const char *name);

#endif
