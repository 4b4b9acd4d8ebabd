/*
 * The keys under which messages of a mailbox are remembered: the UIDL, or a digest of the header; and the marks of a key.
 */
#include "fetcher/plan_priv.h"

#include "base/alloc.h"
#include "fetcher/digest.h"

/* Keys other than plain UIDLs begin with a control byte, which a plain UIDL never contains. */
#define MARK_DOUBLE "\x01"
#define MARK_DIGEST "\x02"
#define MARK_STUB "\x03"
#define MARK_WANTED "\x04"
#define MARK_COPIES "\x05"
#define MARK_MOVED "\x06"
#define MARK_SHORT "\x07"
#define MARK_TRIES "\x08"
#define MARK_LARGE "\x0b"
#define MARK_LOOK "\x0c"

char *plan_stub_key(const char *key)
{
	return xasprintf(MARK_STUB "%s", key);
}

char *plan_wanted_key(const char *key)
{
	return xasprintf(MARK_WANTED "%s", key);
}

char *plan_double_mark(const char *uidl)
{
	return xasprintf(MARK_DOUBLE "%s", uidl);
}

char *plan_imap_key(uint32_t validity, uint32_t uid)
{
	return xasprintf("%u.%u", validity, uid);
}

char *plan_short_mark(const char *key)
{
	return xasprintf(MARK_SHORT "%s", key);
}

char *plan_tries_mark(const char *key)
{
	return xasprintf(MARK_TRIES "%s", key);
}

char *plan_large_mark(const char *key)
{
	return xasprintf(MARK_LARGE "%s", key);
}

char *plan_look_mark(const char *key)
{
	return xasprintf(MARK_LOOK "%s", key);
}

char *plan_moved_key(const char *key)
{
	return xasprintf(MARK_MOVED "%s", key);
}

char *plan_copies_key(uint64_t digest)
{
	return xasprintf(MARK_COPIES "%016llx", (unsigned long long)digest);
}

const char *plan_behind_stub(const char *key)
{
	return key[0] == MARK_STUB[0] ? key + 1 : NULL;
}

bool plan_is_stub(const char *key)
{
	return key[0] == MARK_STUB[0] || (key[0] == MARK_MOVED[0] && key[1] == MARK_STUB[0]);
}

bool plan_is_stale(struct slice key, int64_t seen, int64_t now)
{
	static const char forgotten[] = MARK_DIGEST MARK_COPIES MARK_MOVED MARK_TRIES MARK_LOOK;
	bool may_go = key.len > 0 && (key.ptr[0] >= 0x20 || strchr(forgotten, key.ptr[0]) != NULL);

	return may_go && seen + PLAN_FORGET_SECONDS < now;
}

static char *digest_key(struct slice bytes)
{
	char hex[DIGEST_HEX_SIZE];

	digest_hex(bytes, hex);
	return xasprintf(MARK_DIGEST "%s", hex);
}

/* RFC 1939 requires 1 to 70 characters of 0x21 to 0x7E. Longer ones are accepted within limits; a UIDL
 * that cannot be stored as text is stored as its digest. */
char *plan_uidl_key(struct slice uidl)
{
	for (size_t i = 0; i < uidl.len; i++)
		if ((unsigned char)uidl.ptr[i] < 0x20)
			return digest_key(uidl);
	return uidl.len == 0 || uidl.len > PLAN_UIDL_MAX ? digest_key(uidl) : slice_dup(uidl);
}

char *plan_header_key(uint64_t digest, struct slice header)
{
	return digest == 0 ? digest_key(header) : xasprintf(MARK_DIGEST "%016llx", (unsigned long long)digest);
}

bool plan_is_header_key(const char *key)
{
	return key[0] == MARK_DIGEST[0];
}
