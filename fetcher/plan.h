/*
 * What to do with each message on the server: get, only delete, leave, or put a stub in its place. Pure decisions over a
 * listing and over what has been seen; no I/O.
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

struct plan_item {
	uint32_t number;
	uint64_t size;	     /* as LIST claims; 0 if it did not say */
	char *key;	     /* by which we remember it; NULL until known (needs_digest) */
	bool needs_digest;   /* its UIDL does not tell it from others: a digest of its header must */
	enum plan_action action;
};

struct plan {
	struct plan_item *items; /* in the server's order */
	size_t count;
	struct map numbers; /* text of number -> index + 1, while building */
};

void plan_clear(struct plan *plan);
/* A line of UIDL: "number uidl". Lines that make no sense are passed over (returns false). */
bool plan_add_uidl(struct plan *plan, struct slice line);
/* A line of LIST: "number size". Without UIDL support (is_only) it also adds the message, to be told by digest. */
bool plan_add_size(struct plan *plan, struct slice line, bool is_only);
/* After both listings: a UIDL that stands twice, or once did (a mark in seen), is told by digest. */
void plan_find_doubles(struct plan *plan, const struct map *seen);
struct plan_item *plan_find(const struct plan *plan, uint32_t number); /* NULL if there is none */
/* The key of a message told by the digest of its header. */
void plan_set_digest(struct plan_item *item, struct slice header);
/* Decides. All keys must be known. */
void plan_decide(struct plan *plan, const struct conf_account *account, const struct map *seen,
    int64_t now);

/* Keys under which we remember that a stub was made, and that a UIDL is not unique. New memory. */
char *plan_stub_key(const char *key);
char *plan_double_mark(const char *uidl);
/* True for a key that no listing has had for so long that it may be forgotten. */
bool plan_is_stale(struct slice key, int64_t seen, int64_t now);

#endif
