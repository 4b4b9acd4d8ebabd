/*
 * A mailbox in the response to LIST (RFC 3501 section 7.2.2), and its name in commands.
 *
 * For us a name is UTF-8 with / between its levels. On the wire it is modified UTF-7 with the separator of the server; a / within a
 * level is // for us.
 */
#ifndef LANPOST_UPSTREAM_IMAP_FOLDER_H
#define LANPOST_UPSTREAM_IMAP_FOLDER_H

#include "base/buf.h"

#define IMAP_FOLDER_MAX 500 /* bytes of a name on the wire; others are not fetched */

struct imap_folder {
	char separator;	      /* between the levels of names; '\0': there are no levels */
	bool can_be_selected; /* it has messages: neither \Noselect nor \NonExistent */
};

/* Reads `(\HasNoChildren) "/" name`; the name, as on the wire, may be an atom, quoted, or a literal, and is appended. Returns false for anything
 * else. */
bool imap_folder_read(struct slice text, struct imap_folder *folder, struct buf *name);
/* Reads `name (MESSAGES 3 UIDNEXT 5)`, the response to STATUS; *next is 0 if it does not say UIDNEXT. */
bool imap_folder_status(struct slice text, uint32_t *next, struct buf *name);
/* The name for us of a name on the wire. Returns false for what is not modified UTF-7: then it is used as it is, if it is UTF-8. New memory; NULL:
 * it is no name that can be used. */
char *imap_folder_name(struct slice wire, char separator);
/* Appends the name, or a pattern with * and %, as an argument of a command: quoted, in modified UTF-7. Returns -1 if it is too long. */
int imap_folder_argument(const char *name, char separator, struct buf *out);
/* The same for a name on the wire. */
int imap_folder_quote(struct slice wire, struct buf *out);

#endif
