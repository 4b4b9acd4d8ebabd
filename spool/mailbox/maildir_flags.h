/*
 * Flags in the names of Maildir files: ":2," and characters in the order of ASCII, "a" to "z" for the keywords of the folder.
 */
#ifndef LANPOST_SPOOL_MAILDIR_FLAGS_H
#define LANPOST_SPOOL_MAILDIR_FLAGS_H

#include "base/str.h"

#define MAILDIR_LETTERS_MAX 40
/* The flags (enum folder_flag, and bits of keywords) in the name of a file. */
uint32_t maildir_flags_of(const char *name);
/* As characters, which end in NUL. Returns out. */
char *maildir_flags_letters(uint32_t flags, char out[MAILDIR_LETTERS_MAX]);
/* Whether a text has only characters of flags; it may be empty. */
bool maildir_flags_are(struct slice letters);
/* The name of a file with other flags ("NAME:2,FS"), in new memory. */
char *maildir_flags_name(const char *name, const char *letters);

#endif
