/*
 * The selected mailbox as one session sees it: its own array of UIDs, whose positions are the sequence numbers, and the modification
 * sequence up to which the client knows everything.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_VIEW_H
#define LANPOST_LAN_SERVER_IMAPD_VIEW_H

#include "base/buf.h"
#include "spool/storage/storage.h"

#include "lan-server/imap/imapd_parse.h"
#include "lan-server/imap/imapd_reply.h"

struct imapd;

/* UIDs, ascending. */
struct imapd_uids {
	uint32_t *items;
	size_t count;
};
void imapd_uids_add(struct imapd_uids *uids, uint32_t uid);
bool imapd_uids_has(const struct imapd_uids *uids, uint32_t uid);
void imapd_uids_clear(struct imapd_uids *uids);
/* Appends them as a sequence set: "1:3,5". Any order. */
void imapd_uids_append(const uint32_t *uids, size_t count, struct buf *out);

/* Positions in a view, ascending. */
struct imapd_places {
	size_t *items;
	size_t count;
};

struct imapd_view {
	struct folder *folder; /* NULL: no mailbox is selected */
	char *mailbox;	       /* the storage's name */
	bool is_read_only;     /* by EXAMINE, or because the user may only read it */
	bool keeps_seen;       /* \Seen can be changed: it is the user's own, so also where they may only read */
	struct imapd_uids uids;
	uint64_t modseq;      /* everything up to it is known to the client */
	uint32_t recent_from; /* this UID and all above it are \Recent here */
	uint32_t uid_validity;
	size_t keywords;      /* that the client knows */
	bool owes_expunge;    /* what has gone is not reported yet */
	bool is_telling;      /* changed flags are being reported, in pieces */
	uint64_t telling;     /* the modification sequence of that report */
	size_t told;	      /* messages that it has looked at */
	struct imapd_places known; /* no other changes are reported (RFC 7162 section 3.2.5.2); no places: of all messages */
};

/* Fills the view of an open folder, which it then owns; nothing is reported. */
void imapd_view_begin(struct imapd_view *view, struct folder *folder, const char *mailbox, bool is_read_only);
void imapd_view_end(struct imapd_view *view);
/* Reports to the client what has changed: EXISTS, FETCH of flags, and where numbers may change EXPUNGE or VANISHED. False: that was a
 * piece, and the next call goes on. */
bool imapd_view_tell(struct imapd *imapd, bool may_expunge);
size_t imapd_view_recent(const struct imapd_view *view);
/* The position of a UID; the number of messages if it is not there. */
size_t imapd_view_find(const struct imapd_view *view, uint32_t uid);

/* --- sequence sets */

#define IMAPD_STAR 0 /* "*": the last message */
struct imapd_range {
	uint32_t first, last;
};
struct imapd_set {
	struct imapd_range *ranges;
	size_t count;
	bool is_saved; /* "$" */
};
bool imapd_set_read(struct slice text, struct imapd_set *set);
void imapd_set_clear(struct imapd_set *set);
/* Positions in the view of the messages that the set names, each once; new memory. With numbers, false if one is
 * above the last message. */
bool imapd_set_find(const struct imapd *imapd, const struct imapd_set *set, bool uid, struct imapd_places *places);
/* The same as a bit for each place, new memory; NULL instead of false. */
unsigned char *imapd_set_marks(const struct imapd *imapd, const struct imapd_set *set, bool uid);
/* Takes a set off the arguments and finds its messages. IMAPD_NONE, or the reply. */
enum imapd_reply imapd_set_argument(struct imapd *imapd, struct imapd_args *args, struct imapd_places *places);
/* The UIDs of these places; new memory. */
uint32_t *imapd_places_uids(const struct imapd_view *view, const struct imapd_places *places);

#endif
