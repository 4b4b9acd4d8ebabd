/*
 * The bytes of one message of the selected mailbox as IMAP has them: every line ends with CRLF.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_MESSAGE_H
#define LANPOST_LAN_SERVER_IMAPD_MESSAGE_H

#include "base/buf.h"
#include "message/imap/imap_part.h"
#include "spool/storage/storage.h"

struct imapd_message {
	struct slice bytes, header;
	char id[72]; /* the same in all folders (EMAILID) */
	/* Private. */
	struct slice map;     /* ptr NULL: not open */
	struct buf converted; /* of a foreign file with bare LF */
	struct imap_tree tree;
	bool has_tree;
};

/* -1: the message is gone. The size of *look is known afterwards. */
int imapd_message_open(struct imapd_message *message, struct folder *folder, struct folder_message *look);
/* Its parts, read at the first call. */
const struct imap_tree *imapd_message_tree(struct imapd_message *message);
/* False if a byte that was read may be wrong: what was made of it must not look complete. */
bool imapd_message_close(struct imapd_message *message);

#endif
