/*
 * What to do with each message on the server: get, only delete, leave, or put a stub in its place. Pure decisions over a
 * listing and over what has been seen; no I/O.
 *
 * A message is known by a key: its UIDL, on IMAP "<uidvalidity>.<uid>", or a digest of its header where there is no UIDL or
 * where it does not tell messages apart. A header is asked for when the key alone cannot be trusted:
 *  - there is no UIDL, or it stands twice (or once did);
 *  - the message is known and about to be deleted without being fetched, or its size is another one than then: some
 *    servers give the UIDL of a deleted message to a new one;
 *  - most of what should still be there is not: then UIDLs were probably given anew, and the mailbox is not new mail.
 */
#ifndef LANPOST_FETCHER_PLAN_H
#define LANPOST_FETCHER_PLAN_H

#include "base/map.h"
#include "config/conf.h"

#define PLAN_ITEMS_MAX 500000 /* messages in one mailbox */
#define PLAN_SIZE_MAX (1ull << 33) /* of one message; servers have claimed 2^63 */
#define PLAN_UIDL_MAX 255
#define PLAN_FORGET_SECONDS (90 * 24 * 3600) /* a UIDL not listed any more is remembered so long */

enum plan_action { PLAN_LEAVE, PLAN_GET, PLAN_STUB, PLAN_DELETE };

/* Why a header is asked for. */
enum plan_question {
	PLAN_SURE,     /* it is not */
	PLAN_NO_KEY,   /* its digest becomes the key */
	PLAN_IS_IT,    /* is it still the message that was seen under this key? */
	PLAN_IS_KNOWN, /* was it seen under another key? */
};

struct plan_item {
	uint32_t number; /* POP3: the message's number; IMAP: its UID */
	uint64_t size;	 /* as listed; 0 if it did not say */
	char *key;	 /* NULL until known */
	enum plan_question question;
	bool is_new;	 /* its key was seen, but with another message */
	bool is_flagged; /* IMAP: it is marked as deleted */
	enum plan_action action;
};

struct plan {
	struct plan_item *items; /* in the server's order */
	size_t count;
	struct map numbers; /* text of number -> index + 1 */
	struct map digests; /* digest -> key under which it was seen; filled when UIDLs were given anew */
	bool is_renumbered;
};

void plan_clear(struct plan *plan);
/* A line of UIDL: "number uidl". Lines that make no sense are passed over (returns false). */
bool plan_add_uidl(struct plan *plan, struct slice line);
/* A line of LIST: "number size". Without UIDL support (is_only) it also adds the message, to be told by digest. */
bool plan_add_size(struct plan *plan, struct slice line, bool is_only);
/* A message of an IMAP mailbox. False for one that is listed twice. */
bool plan_add_uid(struct plan *plan, uint32_t validity, uint32_t uid, uint64_t size, bool is_flagged);
struct plan_item *plan_find(const struct plan *plan, uint32_t number); /* NULL if there is none */

/* After the listing: which headers are needed. left: how many messages that were seen stood on the server when the last
 * session ended. */
void plan_question(struct plan *plan, const struct conf_account *account, const struct map *seen,
    size_t left, int64_t now);
/* The answer to an item's question: the header's digest (digest_of_header(), 0 for none) and the header itself. Where it
 * turns out that the message was seen under another key that key is returned (owned by seen): remember it
 * under its new one, too. Else NULL. */
const char *plan_answer(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header);
/* The key of a message told by the digest of its header. */
void plan_set_digest(struct plan_item *item, uint64_t digest, struct slice header);
/* Decides. An item without a key is to be had to be known (PLAN_GET). */
void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now);
/* How many of the listed messages were seen. */
size_t plan_known(const struct plan *plan, const struct map *seen);

/* Keys under which we remember that a stub was made, that the message behind a stub is wanted whole, and that a UIDL is not
 * unique. New memory. */
char *plan_stub_key(const char *key);
char *plan_wanted_key(const char *key);
char *plan_double_mark(const char *uidl);
/* The key of a message that was seen on another server: it is known by its header alone. New memory. */
char *plan_moved_key(const char *key);
/* The key of a letter that lies in a catch-all mailbox more than once. New memory. */
char *plan_letter_key(uint64_t digest);
/* The key of the message itself if this is the key of a stub, else NULL. */
const char *plan_behind_stub(const char *key);
/* True for a key that no listing has had for so long that it may be forgotten. */
bool plan_is_stale(struct slice key, int64_t seen, int64_t now);

#endif
