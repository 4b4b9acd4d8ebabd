/*
 * What to do with each message on the server: get, only delete, leave, or put a stub in its place. Pure decisions over a
 * listing and over what has been seen; no I/O.
 *
 * Who a message is (spool/QUEUE.md, "The same message"): its mailbox (login and host, conf_mailbox()), there its key, and what the key is
 * worth. A key is its UIDL, on IMAP "<uidvalidity>.<uid>", or a digest of its header where there is no UIDL or where it does not tell
 * messages apart. The key is followed by the size as listed, the digest of the header and that of the body. A header is asked for when
 * the key alone cannot be trusted:
 *  - there is no UIDL, it is twice (or once did), or the listing of sizes has a message that that of UIDLs has not;
 *  - the message is known and about to be deleted without being fetched, or its size is another one than then: some
 *    servers give the UIDL of a deleted message to a new one;
 *  - the UIDLs are but the numbers of the messages;
 *  - most of what should still be there is not: then UIDLs were probably given anew, and the mailbox is not new mail;
 *  - a key has proved to name another message now: those behind it, and new ones of a size that is known, may have moved as well.
 * Where the server cannot show headers, or they do not settle it, the message is in doubt: it comes whole, and is delivered only if its
 * header and body are not those of one that was seen.
 */
#ifndef LANPOST_FETCHER_PLAN_H
#define LANPOST_FETCHER_PLAN_H

#include "base/map.h"
#include "config/conf.h"
#include "spool/state/state.h"
#include "spool/state/state_seen.h"

#define PLAN_ITEMS_MAX 500000 /* messages in one mailbox */
#define PLAN_SIZE_MAX (1ull << 33) /* of one message; servers have claimed 2^63 */
#define PLAN_UIDL_MAX 255
#define PLAN_FORGET_SECONDS (90 * 24 * 3600) /* a UIDL not listed any more is remembered for this long */

/* A message that goes on that much longer than listed never ends. */
#define PLAN_ENDLESS(size) (2 * (size) + (1ull << 28))
#define PLAN_STUB_BYTES 8192 /* what the beginning of a message costs, about */

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
	uint64_t at_least; /* its true size, as far as it is known: the size as listed, or more */
	uint64_t promised; /* of the session's bytes, and not come yet */
	bool is_first;	 /* of the session: it comes in any case */
	char *key;	 /* NULL until known */
	enum plan_question question;
	bool is_new;	 /* its key was seen, but with another message */
	bool is_doubtful; /* only its body can tell whether it was seen */
	bool was_asked;
	bool is_flagged; /* IMAP: it is marked as deleted */
	enum plan_action action;
};

/* A message that was seen, as it was known at the beginning. */
struct plan_known {
	char *key;
	struct seen what;
	bool is_taken; /* it is an item of this listing */
	struct plan_known *next; /* with the same header */
};

struct plan {
	struct plan_item *items; /* in the server's order */
	size_t count;
	struct map numbers; /* text of number -> index + 1 */
	struct map digests; /* digest of header -> the first of those seen with it (plan_known.c) */
	bool has_digests;
	bool is_renumbered;
	bool sizes_lie;	    /* set by the caller: that a message came short means nothing */
	bool are_numbers;   /* UIDLs that are but the messages' numbers */
	size_t displaced;   /* the first item whose key names another message now, + 1; 0: none */
	size_t same_size, other_size; /* headers that were known, by whether the size was */
};

void plan_clear(struct plan *plan);
/* A line of UIDL: "number uidl". Lines that make no sense are passed over (returns false). */
bool plan_add_uidl(struct plan *plan, struct slice line);
/* A line of LIST: "number size". Without UIDL support (is_only) it also adds the message, to be recognised by its digest. */
bool plan_add_size(struct plan *plan, struct slice line, bool is_only);
/* A message of an IMAP mailbox. False for one that is listed twice. */
bool plan_add_uid(struct plan *plan, uint32_t validity, uint32_t uid, uint64_t size, bool is_flagged);
struct plan_item *plan_find(const struct plan *plan, uint32_t number); /* NULL if none exists */

/* After the listing: which headers are needed. left: how many messages that were seen stood on the server when the last
 * session ended. */
void plan_question(struct plan *plan, const struct conf_account *account, const struct map *seen,
    size_t left, int64_t now);
/* After the answers: true if they gave rise to more questions. */
bool plan_question_again(struct plan *plan, const struct map *seen);
/* The answer to an item's question: the header's digest (digest_of_header(), 0 for none) and the header itself. Where it
 * turns out that the message was seen under another key that is returned (owned by plan, until the next question): remember it
 * under its new one, too. Else NULL. */
const struct plan_known *plan_answer(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header);
/* The server cannot answer it: no TOP. */
void plan_no_answer(const struct plan *plan, struct plan_item *item, const struct conf_account *account, const struct map *seen,
    int64_t now);
/* Decides. An item without a key is to be had to be known (PLAN_GET). */
void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now);
/* Of a message that came whole though it is in doubt: as what it was seen, NULL if it was not. */
struct plan_known *plan_find_same(struct plan *plan, const struct map *seen, uint64_t digest, uint64_t body, uint64_t size,
    bool is_telling);
/* Gives a message without UIDL the key that is the digest of its header (digest 0: of these bytes); plan_name(): one that no other has. */
void plan_set_key(struct plan_item *item, uint64_t digest, struct slice header);
void plan_name(const struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest, struct slice header);
/* Something that was seen, for plan_find_same(). */
struct plan_known *plan_note(struct plan *plan, const char *key, const struct seen *what);
/* What fetching it brings: the whole of it, or its beginning. */
uint64_t plan_cost(const struct plan_item *item);
/* Somebody asked for the whole of it; it has a stub. */
bool plan_is_wanted(const struct plan_item *item, const struct map *seen);
bool plan_has_stub(const struct plan_item *item, const struct map *seen);
/* After plan_decide(): it waits there behind a stub; it stays there since it came shorter than listed. */
bool plan_is_left_large(const struct plan_item *item, const struct map *seen);
bool plan_came_short(const struct plan *plan, const struct plan_item *item, const struct map *seen);
/* How many of the listed messages were seen. */
size_t plan_known(const struct plan *plan, const struct map *seen);

/* Keys under which we remember that a stub was made, that the message behind a stub is wanted whole, and that a UIDL is not
 * unique. New memory. */
char *plan_stub_key(const char *key);
char *plan_wanted_key(const char *key);
char *plan_double_mark(const char *uidl);
/* The key of a message that was seen on another server: it is known by its header alone. New memory. */
char *plan_moved_key(const char *key);
/* The mark of a message that came shorter than listed, and must not be deleted. New memory. */
char *plan_short_mark(const char *key);
/* The mark of a message that is larger than listed: `listed` is that size, `body` how large it is at least. New memory. */
char *plan_large_mark(const char *key);
/* The mark of a message that did not come whole (fetch_tries.c). New memory. */
char *plan_tries_mark(const char *key);
/* The key of a message that is in a catch-all mailbox more than once. New memory. */
char *plan_letter_key(uint64_t digest);
/* The key of the message itself if this is the key of a stub, else NULL. */
const char *plan_behind_stub(const char *key);
/* True for the key of a stub, also at another server. */
bool plan_is_stub(const char *key);
/* True for a key that no listing has had for such a long time that it may be forgotten. */
bool plan_is_stale(struct slice key, int64_t seen, int64_t now);

#endif
