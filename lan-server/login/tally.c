#include "lan-server/login/tally.h"

#include "base/alloc.h"
#include "base/rand.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#define KEY_LEN 32
#define DIGEST_LEN 16
#define NONE UINT32_MAX

struct entry {
	unsigned char digest[DIGEST_LEN];
	uint32_t next;		 /* in its bucket */
	uint32_t newer, older;	 /* by last use */
	struct tally_item item;
};

struct tally {
	unsigned char key[KEY_LEN];
	struct entry *entries; /* `most` of them, the first `count` in use */
	uint32_t *buckets;     /* `most` of them: the first entry, NONE */
	uint32_t most, count;
	uint32_t newest, oldest;
};

struct tally *tally_new(size_t most)
{
	struct tally *tally = xcalloc(1, sizeof(*tally));

	rand_bytes(tally->key, sizeof(tally->key));
	tally->most = (uint32_t)most;
	tally->entries = xcalloc(most, sizeof(*tally->entries));
	tally->buckets = xmalloc(most * sizeof(*tally->buckets));
	memset(tally->buckets, 0xff, most * sizeof(*tally->buckets));
	tally->newest = tally->oldest = NONE;
	return tally;
}

void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	explicit_bzero(tally->key, sizeof(tally->key));
	free(tally->entries);
	free(tally->buckets);
	free(tally);
}

static void digest(const struct tally *tally, struct slice key, unsigned char out[DIGEST_LEN])
{
	unsigned char whole[EVP_MAX_MD_SIZE];
	unsigned len = sizeof(whole);

	/* Fails only without memory. */
	if (HMAC(EVP_sha256(), tally->key, KEY_LEN, (const unsigned char *)key.ptr, key.len, whole, &len) == NULL)
		abort();
	memcpy(out, whole, DIGEST_LEN);
}

static uint32_t *bucket_of(struct tally *tally, const unsigned char digest[DIGEST_LEN])
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return &tally->buckets[number % tally->most];
}

/* --- the order of use */

static void take_out(struct tally *tally, uint32_t at)
{
	struct entry *entry = &tally->entries[at];

	*(entry->newer == NONE ? &tally->newest : &tally->entries[entry->newer].older) = entry->older;
	*(entry->older == NONE ? &tally->oldest : &tally->entries[entry->older].newer) = entry->newer;
}

static void put_first(struct tally *tally, uint32_t at)
{
	struct entry *entry = &tally->entries[at];

	entry->newer = NONE;
	entry->older = tally->newest;
	*(tally->newest == NONE ? &tally->oldest : &tally->entries[tally->newest].newer) = at;
	tally->newest = at;
}

/* --- the items */

static struct tally_item *find(struct tally *tally, const unsigned char digest[DIGEST_LEN])
{
	uint32_t at = *bucket_of(tally, digest);

	while (at != NONE && memcmp(tally->entries[at].digest, digest, DIGEST_LEN) != 0)
		at = tally->entries[at].next;
	if (at == NONE)
		return NULL;
	take_out(tally, at);
	put_first(tally, at);
	return &tally->entries[at].item;
}

static uint32_t forget_oldest(struct tally *tally)
{
	uint32_t at = tally->oldest;
	uint32_t *link = bucket_of(tally, tally->entries[at].digest);

	while (*link != at)
		link = &tally->entries[*link].next;
	*link = tally->entries[at].next;
	take_out(tally, at);
	return at;
}

struct tally_item *tally_find(struct tally *tally, struct slice key)
{
	unsigned char name[DIGEST_LEN];

	digest(tally, key, name);
	return find(tally, name);
}

struct tally_item *tally_make(struct tally *tally, struct slice key)
{
	unsigned char name[DIGEST_LEN];
	struct tally_item *item;
	uint32_t at, *bucket;

	digest(tally, key, name);
	item = find(tally, name);
	if (item != NULL)
		return item;
	at = tally->count < tally->most ? tally->count++ : forget_oldest(tally);
	bucket = bucket_of(tally, name);
	tally->entries[at] = (struct entry){.next = *bucket};
	memcpy(tally->entries[at].digest, name, DIGEST_LEN);
	*bucket = at;
	put_first(tally, at);
	return &tally->entries[at].item;
}
