/*
 * The bytes of one message of the selected mailbox as IMAP has them: every line ends with CRLF.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_MESSAGE_H
#define LANPOST_LAN_SERVER_IMAPD_MESSAGE_H

#include "base/buf.h"
#include "message/imap/imap_listing.h"
#include "spool/storage/storage.h"

#include "lan-server/imap/imapd_reply.h"

/* What is needed of a message, from little to much. */
enum imapd_needs {
	IMAPD_NEEDS_NOTHING,
	IMAPD_NEEDS_FIELDS,    /* common header fields (imap_listing_has()): they may be in the cache */
	IMAPD_NEEDS_LISTING,   /* its envelope, too; they are kept for the next time */
	IMAPD_NEEDS_STRUCTURE, /* BODY and BODYSTRUCTURE, too */
	IMAPD_NEEDS_BYTES,
};

struct imapd_message {
	enum imapd_needs has;
	struct slice bytes;	     /* IMAPD_NEEDS_BYTES */
	struct slice header;	     /* all of it, or the fields of the listing */
	struct imap_listing listing; /* envelope.ptr NULL: it is to be made of the header or the tree */
	char id[72]; /* the same in all folders (EMAILID) */
	/* Private. */
	struct slice map;     /* ptr NULL: not open */
	struct buf kept;      /* the listing */
	struct buf converted; /* of a foreign file with bare LF */
	struct imap_tree tree;
	bool has_tree;
};

/* IMAPD_NONE, IMAPD_SOME_GONE, IMAPD_UNREADABLE, or IMAPD_LIMIT: its line ends cannot be converted now. With its bytes, the size of *look is known afterwards. */
enum imapd_reply imapd_message_open(struct imapd_message *message, struct folder *folder, struct folder_message *look,
    enum imapd_needs needs);
/* The reply for a message that folder_read() or folder_size() could not read. */
enum imapd_reply imapd_message_missing(const struct folder_message *look, const struct error *error);
/* Keeps the listing of a message that is open with its bytes, for the next time. */
void imapd_message_keep(struct imapd_message *message, struct folder *folder, uint32_t uid, bool with_structure);
/* Its parts, read at the first call. */
const struct imap_tree *imapd_message_tree(struct imapd_message *message);
/* False if a byte that was read may be wrong: what was made of it must not look complete. */
bool imapd_message_close(struct imapd_message *message);

#endif
