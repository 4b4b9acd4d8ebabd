/*
 * Names of the folders of a mailbox: "Archive/2026" for people and in IMAP, `.Archive.2026` on disk (Maildir++, as Dovecot writes it).
 */
#ifndef LANPOST_MESSAGE_FOLDER_NAME_H
#define LANPOST_MESSAGE_FOLDER_NAME_H

#include "base/buf.h"

#define FOLDER_NAME_MAX 200 /* bytes on disk */
#define FOLDER_LEVELS_MAX 20

/* Whether a folder may have this name: UTF-8 without control characters, parts separated by "/", none of them empty or beginning with "."
 * or "~", within the limits above. "INBOX" in any case is the mailbox itself, and not a name of a folder. */
bool folder_name_is_valid(struct slice name);
/* Appends the name on disk of a valid name. */
void folder_name_to_disk(struct slice name, struct buf *out);
/* Appends the name of a folder on disk; returns -1 if it is not that of a valid name. */
int folder_name_from_disk(struct slice file, struct buf *out);

#endif
