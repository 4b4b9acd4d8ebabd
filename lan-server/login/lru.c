#include "lan-server/login/lru.h"

#include "base/alloc.h"
#include "base/rand.h"

#include <assert.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define KEY_LEN 32
#define DIGEST_LEN 16
#define NONE UINT32_MAX

struct entry {
	unsigned char digest[DIGEST_LEN];
	uint32_t next;		 /* in its bucket */
	uint32_t newer, older;	 /* by last use */
	struct lru_item item;
};

struct lru {
	EVP_MAC_CTX *mac; /* with its key: HMAC() would look up the algorithm and prepare the key at each call */
	struct entry *entries; /* `most` of them, the first `count` in use */
	uint32_t *buckets;     /* `most` of them: the first entry, NONE */
	uint32_t most, count;
	uint32_t newest, oldest;
};

/* Fails only without memory, like the following functions. */
static EVP_MAC_CTX *mac_new(void)
{
	unsigned char key[KEY_LEN];
	char sha256[] = "SHA256";
	OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0), OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *mac = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);

	rand_bytes(key, sizeof(key));
	if (mac == NULL || EVP_MAC_init(mac, key, sizeof(key), params) != 1)
		abort();
	explicit_bzero(key, sizeof(key));
	EVP_MAC_free(hmac);
	return mac;
}

struct lru *lru_new(size_t most)
{
	struct lru *lru = xcalloc(1, sizeof(*lru));

	assert(most > 0);
	lru->mac = mac_new();
	lru->most = (uint32_t)most;
	lru->entries = xcalloc(most, sizeof(*lru->entries));
	lru->buckets = xmalloc(most * sizeof(*lru->buckets));
	memset(lru->buckets, 0xff, most * sizeof(*lru->buckets));
	lru->newest = lru->oldest = NONE;
	return lru;
}

void lru_free(struct lru *lru)
{
	if (lru == NULL)
		return;
	EVP_MAC_CTX_free(lru->mac);
	free(lru->entries);
	free(lru->buckets);
	free(lru);
}

static void digest(struct lru *lru, struct slice key, unsigned char out[DIGEST_LEN])
{
	unsigned char whole[EVP_MAX_MD_SIZE];
	size_t len;

	if (EVP_MAC_init(lru->mac, NULL, 0, NULL) != 1 || EVP_MAC_update(lru->mac, (const unsigned char *)key.ptr, key.len) != 1 ||
	    EVP_MAC_final(lru->mac, whole, &len, sizeof(whole)) != 1)
		abort();
	memcpy(out, whole, DIGEST_LEN);
}

static uint32_t *bucket_of(struct lru *lru, const unsigned char digest[DIGEST_LEN])
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return &lru->buckets[number % lru->most];
}

/* --- order of last use */

static void take_out(struct lru *lru, uint32_t at)
{
	struct entry *entry = &lru->entries[at];

	*(entry->newer == NONE ? &lru->newest : &lru->entries[entry->newer].older) = entry->older;
	*(entry->older == NONE ? &lru->oldest : &lru->entries[entry->older].newer) = entry->newer;
}

static void put_first(struct lru *lru, uint32_t at)
{
	struct entry *entry = &lru->entries[at];

	entry->newer = NONE;
	entry->older = lru->newest;
	*(lru->newest == NONE ? &lru->oldest : &lru->entries[lru->newest].newer) = at;
	lru->newest = at;
}

/* --- the items */

static struct lru_item *find(struct lru *lru, const unsigned char digest[DIGEST_LEN])
{
	uint32_t at = *bucket_of(lru, digest);

	while (at != NONE && memcmp(lru->entries[at].digest, digest, DIGEST_LEN) != 0)
		at = lru->entries[at].next;
	if (at == NONE)
		return NULL;
	take_out(lru, at);
	put_first(lru, at);
	return &lru->entries[at].item;
}

static uint32_t forget_oldest(struct lru *lru)
{
	uint32_t at = lru->oldest;
	uint32_t *link = bucket_of(lru, lru->entries[at].digest);

	while (*link != at)
		link = &lru->entries[*link].next;
	*link = lru->entries[at].next;
	take_out(lru, at);
	return at;
}

struct lru_item *lru_find(struct lru *lru, struct slice key)
{
	unsigned char name[DIGEST_LEN];

	digest(lru, key, name);
	return find(lru, name);
}

struct lru_item *lru_make(struct lru *lru, struct slice key)
{
	unsigned char name[DIGEST_LEN];
	struct lru_item *item;
	uint32_t at, *bucket;

	digest(lru, key, name);
	item = find(lru, name);
	if (item != NULL)
		return item;
	at = lru->count < lru->most ? lru->count++ : forget_oldest(lru);
	bucket = bucket_of(lru, name);
	lru->entries[at] = (struct entry){.next = *bucket};
	memcpy(lru->entries[at].digest, name, DIGEST_LEN);
	*bucket = at;
	put_first(lru, at);
	return &lru->entries[at].item;
}
