#include "lan-server/auth.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/map.h"
#include "base/net.h"
#include "base/rand.h"
#include "mail/route.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#define NAME_MAX_LEN 320
#define PASSWORD_MAX_LEN 512 /* crypt(3)'s own limit */
#define DIGEST_LEN 32
#define REMEMBER_MS (5 * 60 * 1000)
#define REMEMBERED_MAX 4096
#define HASHERS 2 /* yescrypt wants memory as well as time */

/* Failures of an address are forgotten one by one; so many at once shut it out, until half are
 * forgotten. */
#define FAILURES_MAX 20
#define FORGET_ONE_MS (30 * 1000)
#define DELAYS_MAX 4 /* times delay_ms */
#define ADDRESSES_MAX 65536

/* What is hashed where there is no user, so that the time tells nothing. */
static const char dummy_hash[] =
    "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";

struct failures {
	double count;
	int64_t when; /* of that count */
	bool shut_out;
};

struct auth {
	struct auth_options options;
	unsigned char key[DIGEST_LEN];
	sem_t hashers;
	pthread_mutex_t lock;  /* of the maps */
	struct map remembered; /* digest -> time until when, int64_t */
	struct map failures;   /* address -> struct failures */
};

struct auth *auth_new(const struct auth_options *options)
{
	struct auth *auth = xcalloc(1, sizeof(*auth));

	auth->options = *options;
	if (auth->options.now_ms == NULL)
		auth->options.now_ms = clock_now_ms;
	rand_bytes(auth->key, sizeof(auth->key));
	sem_init(&auth->hashers, 0, HASHERS);
	pthread_mutex_init(&auth->lock, NULL);
	return auth;
}

/* Forgets all values of a map, which are in memory of their own. */
static void clear_values(struct map *map)
{
	struct slice key;
	void *value;
	size_t at = 0;

	while (map_next(map, &at, &key, &value))
		free(value);
	map_clear(map);
}

void auth_free(struct auth *auth)
{
	if (auth == NULL)
		return;
	clear_values(&auth->remembered);
	clear_values(&auth->failures);
	explicit_bzero(auth->key, sizeof(auth->key));
	pthread_mutex_destroy(&auth->lock);
	sem_destroy(&auth->hashers);
	free(auth);
}

/* --- failures, by address; all with the lock held */

static struct slice address_key(const struct in6_addr *client)
{
	return slice_make((const char *)client, sizeof(*client));
}

static struct failures *failures_now(struct auth *auth, const struct in6_addr *client)
{
	struct failures *failures = map_get(&auth->failures, address_key(client));
	int64_t now = auth->options.now_ms();

	if (failures == NULL)
		return NULL;
	failures->count -= (double)(now - failures->when) / FORGET_ONE_MS;
	failures->when = now;
	if (failures->count < 0)
		failures->count = 0;
	if (failures->count < FAILURES_MAX / 2.0)
		failures->shut_out = false;
	return failures;
}

static bool is_shut_out(struct auth *auth, const struct in6_addr *client)
{
	struct failures *failures;
	bool shut_out;

	pthread_mutex_lock(&auth->lock);
	failures = failures_now(auth, client);
	shut_out = failures != NULL && failures->shut_out;
	pthread_mutex_unlock(&auth->lock);
	return shut_out;
}

/* Returns how many delays the answer is worth. */
static int64_t note_failure(struct auth *auth, const struct in6_addr *client)
{
	struct failures *failures;
	char text[NET_ADDRESS_MAX];
	int64_t delays;

	pthread_mutex_lock(&auth->lock);
	if (auth->failures.count >= ADDRESSES_MAX)
		clear_values(&auth->failures);
	failures = failures_now(auth, client);
	if (failures == NULL) {
		failures = xcalloc(1, sizeof(*failures));
		failures->when = auth->options.now_ms();
		map_put(&auth->failures, address_key(client), failures);
	}
	failures->count++;
	delays = failures->count > DELAYS_MAX ? DELAYS_MAX : (int64_t)failures->count;
	if (failures->count >= FAILURES_MAX && !failures->shut_out) {
		failures->shut_out = true;
		log_warnx("event=login-shut-out ip=%s reason=\"%d failed logins\"",
		    net_address_text(text, client), FAILURES_MAX);
	}
	pthread_mutex_unlock(&auth->lock);
	return delays > 0 ? delays : 1;
}

/* --- successes */

static void digest(
    const struct auth *auth, const char *hash, struct slice password, unsigned char out[DIGEST_LEN])
{
	struct buf text = BUF_INIT(PASSWORD_MAX_LEN + 1024);
	unsigned len = DIGEST_LEN;

	/* The hash is salted, so it stands for the user as well; a changed one is a new key. */
	buf_append(&text, hash, strlen(hash) + 1);
	buf_append_slice(&text, password);
	if (text.overflow || HMAC(EVP_sha256(), auth->key, sizeof(auth->key),
	                         (unsigned char *)text.ptr, text.len, out, &len) == NULL)
		rand_bytes(out, DIGEST_LEN); /* known to nobody */
	explicit_bzero(text.ptr, text.len);
	buf_clear(&text);
}

static bool is_remembered(struct auth *auth, const unsigned char key[DIGEST_LEN])
{
	const int64_t *until;
	bool found;

	pthread_mutex_lock(&auth->lock);
	until = map_get(&auth->remembered, slice_make((const char *)key, DIGEST_LEN));
	found = until != NULL && *until > auth->options.now_ms();
	pthread_mutex_unlock(&auth->lock);
	return found;
}

static void remember(struct auth *auth, const unsigned char key[DIGEST_LEN])
{
	int64_t *until = xmalloc(sizeof(*until));

	pthread_mutex_lock(&auth->lock);
	if (auth->remembered.count >= REMEMBERED_MAX)
		clear_values(&auth->remembered);
	*until = auth->options.now_ms() + REMEMBER_MS;
	free(map_put(&auth->remembered, slice_make((const char *)key, DIGEST_LEN), until));
	pthread_mutex_unlock(&auth->lock);
}

/* --- the check */

static bool hash_matches(struct auth *auth, const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data)); /* 32 KiB: too much for our stacks */
	const char *result;
	bool matches;

	while (sem_wait(&auth->hashers) != 0)
		;
	result = crypt_r(password, hash, data);
	sem_post(&auth->hashers);
	matches = result != NULL && result[0] != '*' && strlen(result) == strlen(hash) &&
	          CRYPTO_memcmp(result, hash, strlen(hash)) == 0;
	explicit_bzero(data, sizeof(*data));
	free(data);
	return matches;
}

/* Hashing at the same cost as for the users there are. */
static const char *stand_in_hash(const struct conf *conf)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (conf->users[i].password[0] != '\0')
			return conf->users[i].password;
	return dummy_hash;
}

static const struct conf_user *find_user(const struct conf *conf, struct slice name)
{
	const char *user;
	struct addr addr;

	if (name.len > NAME_MAX_LEN || !addr_parse(name, &addr) ||
	    route_address(conf, &addr, &user) != ROUTE_MAILBOX)
		return NULL;
	return conf_find_user(conf, user);
}

static bool password_fits(
    struct auth *auth, const struct conf *conf, const struct conf_user *user, struct slice password)
{
	const char *hash = user == NULL ? stand_in_hash(conf) : user->password;
	unsigned char key[DIGEST_LEN];
	char *text;
	bool fits;

	if (user != NULL && hash[0] == '\0' && conf->lan.allow_empty_password)
		return true;
	if (hash[0] == '\0')
		user = NULL, hash = stand_in_hash(conf);
	if (password.len > PASSWORD_MAX_LEN ||
	    (password.len > 0 && memchr(password.ptr, '\0', password.len) != NULL))
		password = SLICE_LITERAL(""); /* fits nobody's hash, at the usual cost */
	digest(auth, hash, password, key);
	if (user != NULL && is_remembered(auth, key))
		return true;
	text = slice_dup(password);
	fits = hash_matches(auth, hash, text) && user != NULL && password.len > 0;
	explicit_bzero(text, password.len);
	free(text);
	if (fits)
		remember(auth, key);
	return fits;
}

static void wait_ms(const struct auth *auth, int64_t ms)
{
	struct pollfd stop = {.fd = auth->options.stop_fd, .events = POLLIN};

	if (ms > 0)
		poll(&stop, 1, (int)ms);
}

static int refuse_shut_out(struct auth *auth, const struct in6_addr *client, struct error *error)
{
	if (!is_shut_out(auth, client))
		return 0;
	wait_ms(auth, auth->options.delay_ms);
	error_set(error, ERROR_TEMPORARY, N_("Too many failed logins, try again later"));
	return error_reply(error, 454, "4.7.0");
}

static int refuse_login(struct auth *auth, const struct in6_addr *client, struct slice name,
    struct error *error)
{
	char text[NET_ADDRESS_MAX];

	log_info("event=login-failed ip=%s name=%s", net_address_text(text, client),
	    LOG_TEXT(slice_make(name.ptr, name.len < NAME_MAX_LEN ? name.len : NAME_MAX_LEN)));
	wait_ms(auth, auth->options.delay_ms * note_failure(auth, client));
	return error_set(error, ERROR_LOGIN, N_("Name or password is wrong"));
}

int auth_check(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct slice password, const char **user, struct error *error)
{
	const struct conf_user *found;

	if (refuse_shut_out(auth, client, error) != 0)
		return -1;
	found = find_user(conf, name);
	if (!password_fits(auth, conf, found, password))
		return refuse_login(auth, client, name, error);
	*user = found->name;
	return 0;
}

/* --- logins by challenge */

bool auth_has_weak(const struct conf *conf)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (conf->users[i].allow_weak_auth && conf->users[i].clear_password[0] != '\0')
			return true;
	return false;
}

static bool all_have_scram(const struct conf *conf)
{
	for (size_t i = 0; i < conf->user_count; i++)
		if (conf->users[i].scram_sha256[0] == '\0')
			return false;
	return conf->user_count > 0;
}

unsigned auth_mechanisms(const struct conf *conf, bool tls)
{
	unsigned offered = SASL_PLAIN | SASL_LOGIN;

	if (all_have_scram(conf))
		offered |= SASL_SCRAM_SHA_256 | (tls ? SASL_SCRAM_SHA_256_PLUS : 0);
	if (!tls && auth_has_weak(conf))
		offered |= SASL_CRAM_MD5;
	return offered;
}

/* The name in the one form in which all spellings of a user's are the same: no own domain, no +detail, small letters. */
static char *plain_name(const struct conf *conf, struct slice name)
{
	struct slice rest, local = name;
	struct addr addr;
	char *plain;

	if (addr_parse(name, &addr) &&
	    (addr.domain[0] == '\0' || slice_is_nocase(slice_of(addr.domain), conf->gateway.local_domain)))
		local = slice_of(addr.local);
	rest = local;
	local = slice_cut(&rest, '+');
	plain = xstrndup(local.ptr, local.len);
	str_lower_ascii(plain);
	return plain;
}

/* Salt that a stranger cannot tell from a user's, and that stays the same when he asks again. */
static void make_up_keys(struct auth *auth, const struct conf *conf, struct slice name, struct scram_keys *keys)
{
	char *plain = plain_name(conf, name);
	unsigned len = DIGEST_LEN;
	unsigned char mac[DIGEST_LEN];

	*keys = (struct scram_keys){.iterations = SCRAM_ITERATIONS, .salt_len = SCRAM_SALT_LEN};
	if (HMAC(EVP_sha256(), auth->key, sizeof(auth->key), (const unsigned char *)plain, strlen(plain),
		mac, &len) == NULL)
		rand_bytes(mac, sizeof(mac));
	free(plain);
	memcpy(keys->salt, mac, SCRAM_SALT_LEN);
	rand_bytes(keys->stored, sizeof(keys->stored));
	rand_bytes(keys->server, sizeof(keys->server));
}

int auth_secret(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, struct sasl_secret *secret, struct error *error)
{
	const struct conf_user *found;

	if (refuse_shut_out(auth, client, error) != 0)
		return -1;
	found = find_user(conf, name);
	*secret = (struct sasl_secret){.clear = "", .known = found != NULL};
	if (found == NULL || !scram_keys_read(slice_of(found->scram_sha256), &secret->scram))
		make_up_keys(auth, conf, name, &secret->scram);
	if (found != NULL && found->allow_weak_auth)
		secret->clear = found->clear_password;
	return 0;
}

int auth_settle(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    struct slice name, bool fits, const char **user, struct error *error)
{
	const struct conf_user *found = find_user(conf, name);

	if (!fits || found == NULL)
		return refuse_login(auth, client, name, error);
	*user = found->name;
	return 0;
}
