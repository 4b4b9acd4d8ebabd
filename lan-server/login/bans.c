#include "lan-server/login/bans.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/net.h"

#include "lan-server/login/lru.h"

#include <stdlib.h>

#define CLIENTS_MAX 65536
#define NAMES_MAX 16384
#define PAIRS_MAX 65536
#define KEY_MAX 512

#define FORGET_ONE_MS (30 * 1000)
#define BAN_MS (5 * 60 * 1000) /* the first one; each later one is twice as long */
#define BAN_DOUBLINGS 3
_Static_assert((BAN_MS << BAN_DOUBLINGS) == 1000 * BAN_NOTES_LONGEST, "the longest ban");
#define DAY_MS (24LL * 3600 * 1000)
#define BANS_FORGOTTEN_MS (1000LL * BAN_NOTES_FORGOTTEN)
#define KNOWN_MS (30 * DAY_MS)
#define BEGUN_WEIGHT 0.25

struct bans {
	struct lru *clients; /* addresses and networks; until: banned; times: how often */
	struct lru *names;
	struct lru *pairs; /* a user and an address of their logins; until: expiry of the entry */
	void (*keep)(void *context, const struct ban_note *note);
	void *context;
};

struct bans *bans_new(void)
{
	struct bans *bans = xcalloc(1, sizeof(*bans));

	bans->clients = lru_new(CLIENTS_MAX);
	bans->names = lru_new(NAMES_MAX);
	bans->pairs = lru_new(PAIRS_MAX);
	return bans;
}

void bans_free(struct bans *bans)
{
	if (bans == NULL)
		return;
	lru_free(bans->clients);
	lru_free(bans->names);
	lru_free(bans->pairs);
	free(bans);
}

/* --- keys: an address and its network are two keys, also if their bytes are the same */

struct key {
	char bytes[KEY_MAX];
	struct slice slice;
};

static const struct key *make_key(struct key *key, char kind, const struct in6_addr *address, struct slice name)
{
	size_t len = name.len < KEY_MAX - 32 ? name.len : KEY_MAX - 32;

	key->bytes[0] = kind;
	memcpy(key->bytes + 1, address, sizeof(*address));
	if (len > 0)
		memcpy(key->bytes + 1 + sizeof(*address), name.ptr, len);
	key->slice = slice_make(key->bytes, 1 + sizeof(*address) + len);
	return key;
}

#define ADDRESS_KEY(client, name) make_key(&(struct key){.bytes = {0}}, 'a', (client), (name))->slice
#define NETWORK_KEY(client, name) make_key(&(struct key){.bytes = {0}}, 'n', (struct in6_addr[]){net_network(client)}, (name))->slice

static bool has_network(const struct in6_addr *client)
{
	return !IN6_IS_ADDR_V4MAPPED(client);
}

/* --- persistent data */

void bans_keep(struct bans *bans, void (*keep)(void *context, const struct ban_note *note), void *context)
{
	bans->keep = keep;
	bans->context = context;
}

/* until: as in the lru. */
static void keep(
    const struct bans *bans, enum ban_note_kind kind, const struct in6_addr *client, struct slice name, const struct lru_item *item, int64_t now)
{
	struct ban_note note = {.kind = kind, .client = *client, .until = clock_wall() + (item->until - now) / 1000, .times = item->times};

	if (bans->keep == NULL || name.len > BAN_NOTE_NAME_MAX)
		return;
	if (name.len > 0)
		memcpy(note.name, name.ptr, name.len);
	bans->keep(bans->context, &note);
}

static void recall(struct lru *lru, struct slice key, const struct ban_note *note, int64_t most_ms, int64_t now)
{
	struct lru_item *item = lru_make(lru, key);
	int64_t left = note->until - clock_wall();
	int64_t until = now + (left < most_ms / 1000 ? left * 1000 : most_ms); /* a wrong clock must not make a ban longer */

	if (item->until == 0 || item->until < until)
		item->until = until;
	if (item->times < note->times)
		item->times = note->times;
}

/* --- counts that decrease with time */

static void forget(struct lru_item *item, int64_t now)
{
	item->count -= (double)(now - item->when) / FORGET_ONE_MS;
	item->when = now;
	if (item->count < 0)
		item->count = 0;
}

static double add(struct lru_item *item, double weight, int64_t now)
{
	forget(item, now);
	item->count += weight;
	return item->count < 0 ? item->count = 0 : item->count;
}

/* --- bans */

static bool is_shut_out(struct bans *bans, struct slice key, int64_t now)
{
	const struct lru_item *item = lru_find(bans->clients, key);

	return item != NULL && item->until > now;
}

/* Counts for an address or a network. Returns true if that bans it. */
static bool count_client(struct bans *bans, enum ban_note_kind kind, const struct in6_addr *client, double weight, int64_t now, double *count)
{
	bool is_address = kind == BAN_NOTE_ADDRESS;
	struct slice key = is_address ? ADDRESS_KEY(client, SLICE_NONE) : NETWORK_KEY(client, SLICE_NONE);
	double most = is_address ? BANS_ADDRESS_FAILURES : BANS_NETWORK_FAILURES;
	struct in6_addr network = net_network(client);
	struct lru_item *item = lru_make(bans->clients, key);

	*count = add(item, weight, now);
	if (*count < most || item->until > now)
		return false;
	if (now - item->until > BANS_FORGOTTEN_MS)
		item->times = 0;
	item->until = now + ((int64_t)BAN_MS << (item->times < BAN_DOUBLINGS ? item->times : BAN_DOUBLINGS));
	item->times++;
	keep(bans, kind, is_address ? client : &network, SLICE_NONE, item, now);
	return true;
}

static double count_both(struct bans *bans, const struct in6_addr *client, double weight, int64_t now, enum bans_news *news)
{
	double count, of_network;

	*news = BANS_NOBODY;
	if (has_network(client) && count_client(bans, BAN_NOTE_NETWORK, client, weight, now, &of_network))
		*news = BANS_NETWORK;
	if (count_client(bans, BAN_NOTE_ADDRESS, client, weight, now, &count))
		*news = *news == BANS_NETWORK ? BANS_NETWORK : BANS_ADDRESS;
	return count;
}

/* --- known addresses of users */

static bool is_known(struct bans *bans, struct slice pair, int64_t now)
{
	struct lru_item *item = lru_find(bans->pairs, pair);

	if (item == NULL || item->until <= now)
		return false;
	forget(item, now);
	return item->count < BANS_PAIR_FAILURES;
}

static void count_pair(struct bans *bans, struct slice pair, int64_t now)
{
	struct lru_item *item = lru_find(bans->pairs, pair);

	if (item != NULL)
		add(item, 1, now);
}

/* Renewed once a day, because it is written to the disk. Returns NULL if nothing has changed. */
static const struct lru_item *know(struct bans *bans, struct slice pair, int64_t now)
{
	struct lru_item *item = lru_make(bans->pairs, pair);

	forget(item, now);
	if (item->until - now > KNOWN_MS - DAY_MS)
		return NULL;
	item->until = now + KNOWN_MS;
	return item;
}

/* --- the questions */

bool bans_refuse(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now)
{
	bool known_here = is_known(bans, ADDRESS_KEY(client, name), now);

	if (is_shut_out(bans, ADDRESS_KEY(client, SLICE_NONE), now) && !known_here)
		return true;
	return has_network(client) && is_shut_out(bans, NETWORK_KEY(client, SLICE_NONE), now) && !known_here &&
	       !is_known(bans, NETWORK_KEY(client, name), now);
}

unsigned bans_slow(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now)
{
	static const struct in6_addr anywhere;
	struct lru_item *item = lru_find(bans->names, ADDRESS_KEY(&anywhere, name));

	if (item == NULL || is_known(bans, ADDRESS_KEY(client, name), now))
		return 0;
	forget(item, now);
	return item->count >= BANS_NAME_FAILURES ? BANS_NAME_DELAYS : 0;
}

unsigned bans_failure(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now, enum bans_news *news)
{
	static const struct in6_addr anywhere;
	double count = count_both(bans, client, 1, now, news);

	add(lru_make(bans->names, ADDRESS_KEY(&anywhere, name)), 1, now);
	count_pair(bans, ADDRESS_KEY(client, name), now);
	if (has_network(client))
		count_pair(bans, NETWORK_KEY(client, name), now);
	return count >= BANS_DELAYS_MAX ? BANS_DELAYS_MAX : count < 1 ? 1 : (unsigned)count;
}

void bans_success(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now)
{
	const struct lru_item *item;

	if (has_network(client))
		know(bans, NETWORK_KEY(client, name), now);
	item = know(bans, ADDRESS_KEY(client, name), now);
	if (item != NULL)
		keep(bans, BAN_NOTE_KNOWN, client, name, item, now);
}

void bans_recall(struct bans *bans, const struct ban_note *note, int64_t now)
{
	int64_t longest = 1000LL * BAN_NOTES_LONGEST;

	if (note->kind == BAN_NOTE_ADDRESS)
		recall(bans->clients, ADDRESS_KEY(&note->client, SLICE_NONE), note, longest, now);
	else if (note->kind == BAN_NOTE_NETWORK)
		recall(bans->clients, NETWORK_KEY(&note->client, SLICE_NONE), note, longest, now);
	else
		recall(bans->pairs, ADDRESS_KEY(&note->client, slice_of(note->name)), note, KNOWN_MS, now);
	if (note->kind == BAN_NOTE_KNOWN && has_network(&note->client))
		recall(bans->pairs, NETWORK_KEY(&note->client, slice_of(note->name)), note, KNOWN_MS, now);
}

void bans_begun(struct bans *bans, const struct in6_addr *client, int64_t now, enum bans_news *news)
{
	count_both(bans, client, BEGUN_WEIGHT, now, news);
}

void bans_ended(struct bans *bans, const struct in6_addr *client, int64_t now)
{
	enum bans_news news;

	count_both(bans, client, -BEGUN_WEIGHT, now, &news);
}
