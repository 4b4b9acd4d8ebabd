/*
 * Decides what to do with each message on the server: fetch, delete, leave, or replace by a stub. Pure decisions from a
 * listing and the seen messages; no I/O.
 *
 * The identity of a message (spool/QUEUE.md, "The same message") is its mailbox (login and host, conf_mailbox()) and its
 * key. A key is its UIDL, on IMAP "<uidvalidity>.<uid>", or a digest of its header if there is no UIDL or if the UIDL is
 * not unique. The listed size and the digests of header and body are stored with the key. The header is requested if the
 * key alone is not reliable:
 *
 *   - there is no UIDL, it is (or was) not unique, or LIST has a message that UIDL does not have;
 *   - the message is known and about to be deleted without a fetch, or its size has changed, or that of a message with a
 *     stub: some servers give the UIDL of a deleted message to a new one;
 *   - the UIDLs are only the numbers of the messages;
 *   - most messages that should still be there are missing: then all UIDLs have probably changed;
 *   - a key now names another message: the following ones, and new ones of a known size, may have moved, too.
 *
 * If the server cannot show headers, or they do not decide it, the message is in doubt: it is fetched, and delivered only
 * if its header and body are not those of a seen message.
 */
#ifndef LANPOST_FETCHER_PLAN_H
#define LANPOST_FETCHER_PLAN_H

#include "base/map.h"
#include "config/conf.h"
#include "spool/storage/storage.h"

#define PLAN_ITEMS_MAX 500000 /* messages in one mailbox */
#define PLAN_SIZE_MAX (1ull << 33) /* of one message; servers have claimed 2^63 */
#define PLAN_UIDL_MAX 255
#define PLAN_FORGET_SECONDS (90 * 24 * 3600) /* a UIDL that is no longer listed is kept for this long */

/* A message that is this much longer than listed counts as endless. */
#define PLAN_ENDLESS(size) (2 * (size) + (1ull << 28))
#define PLAN_STUB_BYTES 8192 /* approximate cost of the beginning of a message */

enum plan_action { PLAN_LEAVE, PLAN_GET, PLAN_STUB, PLAN_DELETE };

/* Why a header is requested. */
enum plan_question {
	PLAN_SURE,     /* it is not */
	PLAN_NO_KEY,   /* to use its digest as the key */
	PLAN_IS_IT,    /* is it still the message that was seen under this key? */
	PLAN_IS_KNOWN, /* was it seen under another key? */
};

struct plan_item {
	uint32_t number; /* POP3: the message's number; IMAP: its UID */
	uint64_t size;	 /* as listed; 0 if it did not say */
	uint64_t at_least; /* its real size, as far as known: the listed size, or more */
	uint64_t kept, whole; /* IMAP: bytes that an earlier connection has brought, and of the whole message, as the server counts them; 0: none */
	bool has_partial; /* they are in the spool */
	bool is_later;	 /* IMAP, PLAN_STUB: some of its parts stay there, */
	uint64_t later_cost; /* and the others have about this many bytes */
	uint64_t promised; /* of the session's bytes, not received yet */
	bool is_first;	 /* of the session: it is fetched in any case */
	char *key;	 /* NULL until known */
	enum plan_question question;
	bool is_new;	 /* its key was seen, but with another message */
	bool is_doubtful; /* only its body can tell whether it was seen */
	bool was_asked;
	bool is_flagged; /* IMAP: it is marked as deleted */
	const struct conf_rule *rule; /* that has decided about it (fetch_look.c); NULL: none */
	enum conf_priority priority;
	uint64_t given_up; /* the number of failed attempts, if it is replaced by a stub because of them; else 0 */
	enum plan_action action;
};

/* A seen message, as known at the beginning. */
struct plan_known {
	char *key;
	struct seen what;
	bool is_taken; /* it is an item of this listing */
	struct plan_known *next; /* with the same header */
};

struct plan {
	struct plan_item *items; /* in the server's order */
	size_t count;
	size_t *order; /* in which they are fetched: plan_order() */
	struct map numbers; /* text of number -> index + 1 */
	struct map digests; /* digest of header -> the first seen message with it (plan_known.c) */
	bool has_digests;
	bool is_renumbered;
	int64_t max_size;   /* of this time; 0: none */
	bool sizes_lie;	    /* set by the caller: short messages are normal on this server */
	bool gives_up;	    /* set by the caller: messages whose attempts fail are replaced by stubs */
	bool are_numbers;   /* UIDLs that are but the messages' numbers */
	size_t displaced;   /* the first item whose key names another message now, + 1; 0: none */
	size_t same_size, other_size; /* known headers, with a known and with another size */
};

void plan_clear(struct plan *plan);
/* A line of UIDL: "number uidl". Invalid lines are skipped (returns false). */
bool plan_add_uidl(struct plan *plan, struct slice line);
/* A line of LIST: "number size". Without UIDL support (is_only) it also adds the message, which is identified by its
 * digest. */
bool plan_add_size(struct plan *plan, struct slice line, bool is_only);
/* A message of an IMAP mailbox. Returns false for one that is listed twice. */
bool plan_add_uid(struct plan *plan, uint32_t validity, uint32_t uid, uint64_t size, bool is_flagged);
/* Brings the items into the order of their numbers. */
void plan_sort(struct plan *plan);
struct plan_item *plan_find(const struct plan *plan, uint32_t number); /* NULL if none exists */

/* After the listing: decides which headers are needed. left: the number of seen messages on the server at the end of
 * the last session. */
void plan_question(struct plan *plan, const struct conf_account *account, const struct map *seen,
    size_t left, int64_t now);
/* After the answers: true if more headers are needed. */
bool plan_question_again(struct plan *plan, const struct map *seen);
/* The answer to an item's question: the header's digest (digest_of_header(), 0 for none) and the header itself. If the
 * message was seen under another key, that key is returned (owned by plan, until the next call): the caller stores it
 * under its new key, too. Else NULL. */
const struct plan_known *plan_answer(struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest,
    struct slice header);
/* The server cannot answer: no TOP. */
void plan_no_answer(const struct plan *plan, struct plan_item *item, const struct conf_account *account, const struct map *seen,
    int64_t now);
/* Decides. An item without a key must be fetched to be identified (PLAN_GET). */
void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now);
/* By priority; then small messages first, so that a line that ends early has brought most of them; messages of about the same size in the server's order. */
void plan_order(struct plan *plan);
/* For a message in doubt that was fetched: the seen message that it is, NULL if it is new. */
struct plan_known *plan_find_same(struct plan *plan, const struct map *seen, uint64_t digest, uint64_t body, uint64_t size,
    bool is_telling);
/* Gives a message without UIDL the digest of its header as key (digest 0: of these bytes); plan_name(): a unique one. */
void plan_set_key(struct plan_item *item, uint64_t digest, struct slice header);
void plan_name(const struct plan *plan, struct plan_item *item, const struct map *seen, uint64_t digest, struct slice header);
/* Adds a seen message, for plan_find_same(). */
struct plan_known *plan_note(struct plan *plan, const char *key, const struct seen *what);
/* What is fetched: the message, as far as it is not kept already, or its beginning. */
uint64_t plan_cost(const struct plan_item *item);
/* A user requested the whole message; it has a stub. */
bool plan_is_wanted(const struct plan_item *item, const struct map *seen);
bool plan_has_stub(const struct plan_item *item, const struct map *seen);
/* After plan_decide(): it waits there and has a stub; it stays there because it was shorter than
 * listed. */
bool plan_is_left_large(const struct plan_item *item, const struct map *seen);
bool plan_came_short(const struct plan *plan, const struct plan_item *item, const struct map *seen);
/* The number of listed messages that were seen, or have a stub. */
size_t plan_known(const struct plan *plan, const struct map *seen);

/* The key of a message of an IMAP mailbox. New memory. */
char *plan_imap_key(uint32_t validity, uint32_t uid);
/* Keys of marks: a stub was created, the message of a stub was requested, a UIDL is not unique. New memory. */
char *plan_stub_key(const char *key);
char *plan_wanted_key(const char *key);
char *plan_double_mark(const char *uidl);
/* The key of a message that was seen on another server: it is identified by its header only. New
 * memory. */
char *plan_moved_key(const char *key);
/* The mark of a message that was shorter than listed and must not be deleted. New memory. */
char *plan_short_mark(const char *key);
/* The mark of a message that is larger than listed: `listed` is that size, `body` the minimum real size. New memory. */
char *plan_large_mark(const char *key);
/* The mark of what the rules say of a message on the server (fetch_look.c). New memory. */
char *plan_look_mark(const char *key);
/* The mark of an incomplete message (fetch_tries.c). New memory. */
char *plan_tries_mark(const char *key);
/* The key of a message with several copies in a catch-all mailbox. New memory. */
char *plan_copies_key(uint64_t digest);
/* The key of the message itself if this is the key of a stub, else NULL. */
const char *plan_behind_stub(const char *key);
/* True for the key of a stub, also at another server. */
bool plan_is_stub(const char *key);
/* True for a key that was not listed for long enough to be forgotten. */
bool plan_is_stale(struct slice key, int64_t seen, int64_t now);

#endif
