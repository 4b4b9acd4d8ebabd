/*
 * One item of FETCH (RFC 9051 section 6.4.5): how it is asked for, and its value for a message.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_ITEM_H
#define LANPOST_LAN_SERVER_IMAPD_ITEM_H

#include "message/imap/imap_section.h"

#include "lan-server/imap/imapd_message.h"
#include "lan-server/imap/imapd_parse.h"
#include "lan-server/imap/imapd_reply.h"

struct imapd;

enum imapd_item_kind {
	IMAPD_ITEM_UID,
	IMAPD_ITEM_FLAGS,
	IMAPD_ITEM_INTERNALDATE,
	IMAPD_ITEM_SIZE,
	IMAPD_ITEM_MODSEQ,
	IMAPD_ITEM_SAVEDATE,
	/* These need more than what the folder knows. */
	IMAPD_ITEM_ENVELOPE,
	IMAPD_ITEM_BODY, /* the structure without extensions */
	IMAPD_ITEM_BODYSTRUCTURE,
	IMAPD_ITEM_PREVIEW,
	IMAPD_ITEM_EMAILID,
	IMAPD_ITEM_THREADID,
	IMAPD_ITEM_SECTION,
	IMAPD_ITEM_BINARY,
	IMAPD_ITEM_BINARY_SIZE,
};

struct imapd_item {
	enum imapd_item_kind kind;
	const char *name;  /* in the reply; of SECTION and BINARY before the brackets, or all of it without brackets */
	bool has_brackets;
	bool marks_seen;
	struct imap_section section;
	bool is_partial;
	uint64_t first, most; /* <first.most> */
};

#define IMAPD_ITEMS_MAX 100
struct imapd_items {
	struct imapd_item items[IMAPD_ITEMS_MAX];
	size_t count;
};

/* An item, a list of items or a macro. */
bool imapd_items_read(struct imapd_args *args, struct imapd_items *items);
void imapd_items_add(struct imapd_items *items, enum imapd_item_kind kind); /* if it is not there yet; of the kinds without bytes */
void imapd_items_clear(struct imapd_items *items);
enum imapd_needs imapd_item_needs(const struct imapd_item *item);

/* Appends the item with its value to the replies, or all but *rest, which is to be sent after it; *rest points into the message or into
 * *made, which the caller clears when it is sent. IMAPD_NONE, or why there is no value (it is sent as NIL). */
enum imapd_reply imapd_item_send(struct imapd *imapd, const struct imapd_item *item, const struct folder_message *look,
    struct imapd_message *message, struct buf *made, struct slice *rest);

#endif
