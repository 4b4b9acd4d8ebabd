#include "lan-server/login/bans.h"

#include "base/alloc.h"
#include "base/net/net.h"

#include "lan-server/login/tally.h"

#include <stdlib.h>

#define CLIENTS_MAX 65536
#define NAMES_MAX 16384
#define PAIRS_MAX 65536
#define KEY_MAX 512

#define FORGET_ONE_MS (30 * 1000)
#define BAN_MS (5 * 60 * 1000) /* the first one; each later one is twice as long */
#define BAN_DOUBLINGS 3
#define BANS_FORGOTTEN_MS (24 * 3600 * 1000)
#define KNOWN_MS (30LL * 24 * 3600 * 1000)
#define BEGUN_WEIGHT 0.25

struct bans {
	struct tally *clients; /* addresses and networks; until: shut out; times: how often */
	struct tally *names;
	struct tally *pairs; /* a user and where he has logged in; until: known */
};

struct bans *bans_new(void)
{
	struct bans *bans = xcalloc(1, sizeof(*bans));

	bans->clients = tally_new(CLIENTS_MAX);
	bans->names = tally_new(NAMES_MAX);
	bans->pairs = tally_new(PAIRS_MAX);
	return bans;
}

void bans_free(struct bans *bans)
{
	if (bans == NULL)
		return;
	tally_free(bans->clients);
	tally_free(bans->names);
	tally_free(bans->pairs);
	free(bans);
}

/* --- keys: an address and its network are two keys, also where they are the same bytes */

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

/* --- counts that are forgotten one by one */

static void forget(struct tally_item *item, int64_t now)
{
	item->count -= (double)(now - item->when) / FORGET_ONE_MS;
	item->when = now;
	if (item->count < 0)
		item->count = 0;
}

static double add(struct tally_item *item, double weight, int64_t now)
{
	forget(item, now);
	item->count += weight;
	return item->count < 0 ? item->count = 0 : item->count;
}

/* --- shutting out */

static bool is_shut_out(struct bans *bans, struct slice key, int64_t now)
{
	const struct tally_item *item = tally_find(bans->clients, key);

	return item != NULL && item->until > now;
}

/* Counts for an address or a network. Returns true if that shuts it out. */
static bool count_client(struct bans *bans, struct slice key, double weight, double most, int64_t now, double *count)
{
	struct tally_item *item = tally_make(bans->clients, key);

	*count = add(item, weight, now);
	if (*count < most || item->until > now)
		return false;
	if (now - item->until > BANS_FORGOTTEN_MS)
		item->times = 0;
	item->until = now + ((int64_t)BAN_MS << (item->times < BAN_DOUBLINGS ? item->times : BAN_DOUBLINGS));
	item->times++;
	return true;
}

static double count_both(struct bans *bans, const struct in6_addr *client, double weight, int64_t now, enum bans_news *news)
{
	double count, of_network;

	*news = BANS_NOBODY;
	if (has_network(client) &&
	    count_client(bans, NETWORK_KEY(client, SLICE_NONE), weight, BANS_NETWORK_FAILURES, now, &of_network))
		*news = BANS_NETWORK;
	if (count_client(bans, ADDRESS_KEY(client, SLICE_NONE), weight, BANS_ADDRESS_FAILURES, now, &count))
		*news = *news == BANS_NETWORK ? BANS_NETWORK : BANS_ADDRESS;
	return count;
}

/* --- users where they are known */

static bool is_known(struct bans *bans, struct slice pair, int64_t now)
{
	struct tally_item *item = tally_find(bans->pairs, pair);

	if (item == NULL || item->until <= now)
		return false;
	forget(item, now);
	return item->count < BANS_PAIR_FAILURES;
}

static void count_pair(struct bans *bans, struct slice pair, int64_t now)
{
	struct tally_item *item = tally_find(bans->pairs, pair);

	if (item != NULL)
		add(item, 1, now);
}

static void know(struct bans *bans, struct slice pair, int64_t now)
{
	struct tally_item *item = tally_make(bans->pairs, pair);

	forget(item, now);
	item->until = now + KNOWN_MS;
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
	struct tally_item *item = tally_find(bans->names, ADDRESS_KEY(&anywhere, name));

	if (item == NULL || is_known(bans, ADDRESS_KEY(client, name), now))
		return 0;
	forget(item, now);
	return item->count >= BANS_NAME_FAILURES ? BANS_NAME_DELAYS : 0;
}

unsigned bans_failure(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now, enum bans_news *news)
{
	static const struct in6_addr anywhere;
	double count = count_both(bans, client, 1, now, news);

	add(tally_make(bans->names, ADDRESS_KEY(&anywhere, name)), 1, now);
	count_pair(bans, ADDRESS_KEY(client, name), now);
	if (has_network(client))
		count_pair(bans, NETWORK_KEY(client, name), now);
	return count >= BANS_DELAYS_MAX ? BANS_DELAYS_MAX : count < 1 ? 1 : (unsigned)count;
}

void bans_success(struct bans *bans, const struct in6_addr *client, struct slice name, int64_t now)
{
	know(bans, ADDRESS_KEY(client, name), now);
	if (has_network(client))
		know(bans, NETWORK_KEY(client, name), now);
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
