#include "lan-server/server/connections.h"

#include "base/alloc.h"
#include "base/cond.h"
#include "base/map.h"
#include "base/net/net.h"

#include "lan-server/login/lru.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A client that has been idle for this long is evicted for any newcomer; before that only for
 * one with fewer connections. */
#define IDLE_MS 10000
/* Arriving bytes protect a connection for this long against holders of far fewer connections. */
#define SENDER_MS (60 * 1000)
#define WHOLE_SHARE 1000
#define LEAVING_MIN 16
#define RESERVE 10 /* the last tenth of the connections */
#define KEY_MAX 256
#define REMEMBERED_MAX 16384 /* addresses and networks that used unknown names */
#define FORGET_ONE_MS (30 * 1000)
#define UNKNOWN_MAX 1000

/* An address, a network or a user, while it has connections. */
struct holder {
	size_t count;
	size_t key_len;
	char key[];
};

struct connections {
	pthread_mutex_t lock;
	struct map holders;
	struct lru *unknown; /* unknown names, by the keys of holders */
	struct connection *first;
	atomic_size_t count; /* written with the lock held */
	size_t leaving; /* evicted, but still with a thread */
	struct admission_notes notes;
};

struct connections *connections_new(void)
{
	struct connections *connections = xcalloc(1, sizeof(*connections));

	connections->unknown = lru_new(REMEMBERED_MAX);
	pthread_mutex_init(&connections->lock, NULL);
	return connections;
}

void connections_free(struct connections *connections)
{
	if (connections == NULL)
		return;
	map_clear(&connections->holders);
	lru_free(connections->unknown);
	pthread_mutex_destroy(&connections->lock);
	free(connections);
}

/* --- counts; all with the lock held */

/* The key of a holder: its kind, then its bytes. */
static struct slice make_key(char out[KEY_MAX], char kind, const void *bytes, size_t len)
{
	out[0] = kind;
	if (len > KEY_MAX - 1)
		len = KEY_MAX - 1;
	memcpy(out + 1, bytes, len);
	return slice_make(out, len + 1);
}

static struct slice address_key(char out[KEY_MAX], const struct in6_addr *address)
{
	return make_key(out, 'a', address, sizeof(*address));
}

/* An IPv4 address is its own network: it has no key of that kind, len 0. */
static struct slice network_key(char out[KEY_MAX], const struct in6_addr *address)
{
	struct in6_addr network = net_network(address);

	return IN6_IS_ADDR_V4MAPPED(address) ? SLICE_NONE : make_key(out, 'n', &network, sizeof(network));
}

static size_t count_of(const struct connections *connections, struct slice key)
{
	const struct holder *holder = key.len == 0 ? NULL : map_get(&connections->holders, key);

	assert(cond_is_locked(&connections->lock));
	return holder == NULL ? 0 : holder->count;
}

static struct holder *hold(struct connections *connections, struct slice key)
{
	struct holder *holder = key.len == 0 ? NULL : map_get(&connections->holders, key);

	if (key.len > 0 && holder == NULL) {
		holder = xcalloc(1, sizeof(*holder) + key.len);
		holder->key_len = key.len;
		memcpy(holder->key, key.ptr, key.len);
		map_put(&connections->holders, key, holder);
	}
	if (holder != NULL)
		holder->count++;
	return holder;
}

static void let_go(struct connections *connections, struct holder **at)
{
	struct holder *holder = *at;

	*at = NULL;
	if (holder == NULL || --holder->count > 0)
		return;
	map_remove(&connections->holders, slice_make(holder->key, holder->key_len));
	free(holder);
}

static void join(struct connections *connections, struct connection *connection, int64_t now_ms)
{
	char key[KEY_MAX];

	assert(cond_is_locked(&connections->lock));
	connection->since = now_ms;
	connection->by_address = hold(connections, address_key(key, &connection->address));
	connection->by_network = hold(connections, network_key(key, &connection->address));
	connection->by_user = NULL;
	connection->next = connections->first;
	connection->link = &connections->first;
	if (connection->next != NULL)
		connection->next->link = &connection->next;
	connections->first = connection;
	connections->count++;
}

static void leave(struct connections *connections, struct connection *connection)
{
	assert(cond_is_locked(&connections->lock));
	if (connection->link == NULL)
		return; /* evicted before */
	*connection->link = connection->next;
	if (connection->next != NULL)
		connection->next->link = connection->link;
	connection->link = NULL;
	let_go(connections, &connection->by_address);
	let_go(connections, &connection->by_network);
	let_go(connections, &connection->by_user);
	assert(connections->count > 0);
	connections->count--;
}

/* --- unknown names */

static double unknown_now(struct lru_item *item, int64_t now_ms)
{
	if (item == NULL)
		return 0;
	item->count -= (double)(now_ms - item->when) / FORGET_ONE_MS;
	item->when = now_ms;
	if (item->count < 0)
		item->count = 0;
	return item->count;
}

static unsigned unknown_of(struct connections *connections, const struct in6_addr *address, int64_t now_ms)
{
	char key[KEY_MAX];
	struct slice network;
	double count = unknown_now(lru_find(connections->unknown, address_key(key, address)), now_ms), of_network = 0;

	network = network_key(key, address);
	if (network.len > 0)
		of_network = unknown_now(lru_find(connections->unknown, network), now_ms) / 2; /* other clients use it, too */
	return (unsigned)(of_network > count ? of_network : count);
}

static void add_unknown(struct connections *connections, struct slice key, unsigned count, int64_t now_ms)
{
	struct lru_item *item = key.len == 0 ? NULL : lru_make(connections->unknown, key);

	if (item == NULL)
		return;
	item->count = unknown_now(item, now_ms) + count;
	if (item->count > UNKNOWN_MAX)
		item->count = UNKNOWN_MAX;
}

void connections_note_unknown(struct connections *connections, const struct connection *connection, unsigned count, int64_t now_ms)
{
	char key[KEY_MAX];

	if (count == 0)
		return;
	pthread_mutex_lock(&connections->lock);
	add_unknown(connections, address_key(key, &connection->address), count, now_ms);
	add_unknown(connections, network_key(key, &connection->address), count, now_ms);
	pthread_mutex_unlock(&connections->lock);
}

/* --- who is evicted first */

/* The holder that a newcomer would belong to, and among whose clients one may be evicted for it. */
struct claim {
	const struct conf_lan *lan;
	const struct holder *among; /* an address or a network that is full; NULL: all connections are in use */
	size_t of_address, of_network; /* including the newcomer */
};

static size_t network_limit(const struct conf_lan *lan)
{
	int64_t limit = lan->max_sessions_per_network;

	return (size_t)(limit > 0 ? limit : (lan->max_sessions + 1) / 2);
}

/* The used part of a holder's limit, in thousandths. */
static size_t share(const struct claim *claim, size_t of_address, size_t of_network)
{
	size_t address = of_address * WHOLE_SHARE / (size_t)claim->lan->max_sessions_per_ip;
	size_t network = of_network * WHOLE_SHARE / network_limit(claim->lan);

	return claim->among != NULL || address > network ? address : network;
}

struct candidate {
	struct connection *connection;
	int standing;
	size_t share;
	int64_t idle;
};

static bool goes_before(const struct candidate *a, const struct candidate *b)
{
	if (a->standing != b->standing)
		return a->standing < b->standing;
	return a->share != b->share ? a->share > b->share : a->idle > b->idle;
}

static bool may_go(const struct claim *claim, const struct candidate *candidate, int64_t now_ms)
{
	const struct connection *connection = candidate->connection;
	size_t own = share(claim, claim->of_address, claim->of_network);

	if (candidate->standing == CONNECTION_STAYS ||
	    (claim->among != NULL && claim->among != connection->by_address && claim->among != connection->by_network))
		return false;
	if (candidate->idle >= IDLE_MS)
		return true;
	if (candidate->standing == CONNECTION_STRANGER)
		return candidate->share >= own;
	return candidate->share >= WHOLE_SHARE / 2 && candidate->share >= 2 * own && now_ms - connection->since >= SENDER_MS;
}

static struct connection *who_goes(const struct connections *connections, const struct claim *claim, int64_t now_ms)
{
	struct candidate first = {.connection = NULL};

	for (struct connection *at = connections->first; at != NULL; at = at->next) {
		struct candidate candidate = {at, atomic_load(&at->standing),
		    share(claim, at->by_address->count, at->by_network == NULL ? 0 : at->by_network->count), now_ms - at->useful};

		if (may_go(claim, &candidate, now_ms) && (first.connection == NULL || goes_before(&candidate, &first)))
			first = candidate;
	}
	return first.connection;
}

/* Its thread wakes up, reads end of file, and ends the session. */
static void evict(struct connections *connections, struct connection *connection)
{
	atomic_store(&connection->is_evicted, true);
	shutdown(connection->fd, SHUT_RD);
	leave(connections, connection);
	connection->is_leaving = true;
	connections->leaving++;
}

size_t connections_leaving_max(const struct conf_lan *lan)
{
	return (size_t)lan->max_sessions / 10 + LEAVING_MIN;
}

static bool may_evict(const struct connections *connections, const struct claim *claim)
{
	size_t most = connections_leaving_max(claim->lan);

	return connections->leaving < (claim->among != NULL ? most / 2 : most);
}

/* The limit that the newcomer reaches, with *among: the clients of which one may be evicted. */
static enum admission limit_met(const struct connections *connections, const struct connection *newcomer, struct claim *claim)
{
	char key[KEY_MAX];
	struct slice address = address_key(key, &newcomer->address);
	size_t places = (size_t)claim->lan->max_sessions;

	claim->of_address = count_of(connections, address) + 1;
	if (claim->of_address > (size_t)claim->lan->max_sessions_per_ip) {
		claim->among = map_get(&connections->holders, address);
		return ADMISSION_FULL_FOR_IP;
	}
	address = network_key(key, &newcomer->address);
	claim->of_network = address.len == 0 ? 0 : count_of(connections, address) + 1;
	if (claim->of_network > network_limit(claim->lan)) {
		claim->among = map_get(&connections->holders, address);
		return ADMISSION_FULL_FOR_NETWORK;
	}
	if (claim->of_address > 1)
		places -= places / RESERVE;
	return connections->count >= places ? ADMISSION_FULL : ADMISSION_GRANTED;
}

enum admission connections_admit(struct connections *connections, const struct conf_lan *lan, struct connection *newcomer,
    int64_t now_ms, struct in6_addr *evicted)
{
	struct claim claim = {.lan = lan};
	struct connection *victim = NULL;
	enum admission answer;

	*evicted = (struct in6_addr)IN6ADDR_ANY_INIT;
	pthread_mutex_lock(&connections->lock);
	answer = limit_met(connections, newcomer, &claim);
	if (answer != ADMISSION_GRANTED && may_evict(connections, &claim))
		victim = who_goes(connections, &claim, now_ms);
	if (victim != NULL) {
		*evicted = victim->address;
		evict(connections, victim);
		answer = ADMISSION_GRANTED;
	}
	if (answer == ADMISSION_GRANTED) {
		join(connections, newcomer, now_ms);
		newcomer->unknown_names = unknown_of(connections, &newcomer->address, now_ms);
	}
	pthread_mutex_unlock(&connections->lock);
	return answer;
}

void connections_leave(struct connections *connections, struct connection *connection)
{
	pthread_mutex_lock(&connections->lock);
	leave(connections, connection);
	connections->leaving -= connection->is_leaving;
	connection->is_leaving = false;
	pthread_mutex_unlock(&connections->lock);
}

bool connections_login(struct connections *connections, const struct conf_lan *lan, struct connection *connection, const char *user)
{
	char key[KEY_MAX];
	bool fits = false;

	pthread_mutex_lock(&connections->lock);
	if (connection->link != NULL) {
		let_go(connections, &connection->by_user);
		connection->by_user = hold(connections, make_key(key, 'u', user, strlen(user)));
		fits = connection->by_user->count <= (size_t)lan->max_sessions_per_ip;
	}
	pthread_mutex_unlock(&connections->lock);
	return fits;
}

bool connections_should_log(struct connections *connections, const struct connection *connection, int64_t now_ms)
{
	bool should;

	pthread_mutex_lock(&connections->lock);
	should = admission_should_log(&connections->notes, &connection->address, now_ms);
	pthread_mutex_unlock(&connections->lock);
	return should;
}

bool connections_are_many(const struct connections *connections, const struct conf_lan *lan)
{
	return connections->count * 4 > (size_t)lan->max_sessions * 3;
}
