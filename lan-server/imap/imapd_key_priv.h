/* Search keys as they are stored: of the reader and of the comparison. */
#ifndef LANPOST_LAN_SERVER_IMAPD_KEY_PRIV_H
#define LANPOST_LAN_SERVER_IMAPD_KEY_PRIV_H

#include "message/imap/imap_text_index.h"

#include "lan-server/imap/imapd_key.h"

enum imapd_key_kind {
	IMAPD_KEY_ALL,
	IMAPD_KEY_NONE, /* a keyword that the folder does not know */
	IMAPD_KEY_AND,
	IMAPD_KEY_OR,
	IMAPD_KEY_NOT,
	IMAPD_KEY_FLAGS,
	IMAPD_KEY_RECENT,
	IMAPD_KEY_SET,
	IMAPD_KEY_BEFORE, /* of these four kinds of dates the next three: ON, SINCE */
	IMAPD_KEY_ON,
	IMAPD_KEY_SINCE,
	IMAPD_KEY_SAVED_BEFORE,
	IMAPD_KEY_SAVED_ON,
	IMAPD_KEY_SAVED_SINCE,
	IMAPD_KEY_SENT_BEFORE,
	IMAPD_KEY_SENT_ON,
	IMAPD_KEY_SENT_SINCE,
	IMAPD_KEY_OLDER,
	IMAPD_KEY_YOUNGER,
	IMAPD_KEY_LARGER,
	IMAPD_KEY_SMALLER,
	IMAPD_KEY_MODSEQ,
	IMAPD_KEY_EMAILID,
	IMAPD_KEY_FIELD,
	IMAPD_KEY_BODY,
	IMAPD_KEY_TEXT,
};

struct imapd_key {
	enum imapd_key_kind kind;
	struct imapd_key *child; /* of AND, OR (two) and NOT, the cheapest first */
	struct imapd_key *next;	 /* beside it */
	int cost;		 /* 0: known without the message's bytes, 1: its header, 2: its body */
	uint32_t flags;		 /* all of them are set */
	int64_t number;		 /* a day, seconds, bytes, a modification sequence */
	unsigned char *marks;	 /* a bit for each place */
	char *field;
	int field_number;	/* imap_terms_field() */
	enum imapd_needs needs; /* of a field without a number */
	struct imap_text_key index_key; /* of BODY and TEXT */
	struct buf text; /* folded; EMAILID: as it is */
};

#endif
