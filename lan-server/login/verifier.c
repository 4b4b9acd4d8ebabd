#include "lan-server/login/verifier.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/map.h"
#include "base/rand.h"
#include "base/scram.h"

#include "lan-server/login/bans.h"
#include "lan-server/login/lru.h"

#include <assert.h>
#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PASSWORD_MAX_LEN 512 /* crypt(3)'s own limit */
#define DIGEST_LEN 32
#define MD5_LEN 16
#define REMEMBER_MS (5 * 60 * 1000)
#define REMEMBERED_MAX 4096

/* The hash to compute if there is no hash, so that the time reveals nothing. */
static const char dummy_hash[] = "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$tnSYvahCwPBHKZUspmcxMfb0.WiB9W.zEaKlOBL35rC";

struct verifier {
	int64_t (*now_ms)(void);
	unsigned char key[DIGEST_LEN];
	pthread_mutex_t lock; /* of all below */
	struct auth_config config;
	struct map by_name;   /* -> struct auth_config_user, of the config */
	struct lru *remembered;
	struct bans *bans;
};

struct verifier *verifier_new(int64_t (*now_ms)(void))
{
	struct verifier *verifier = xcalloc(1, sizeof(*verifier));

	verifier->now_ms = now_ms == NULL ? clock_now_ms : now_ms;
	rand_bytes(verifier->key, sizeof(verifier->key));
	pthread_mutex_init(&verifier->lock, NULL);
	verifier->remembered = lru_new(REMEMBERED_MAX);
	verifier->bans = bans_new();
	return verifier;
}

void verifier_free(struct verifier *verifier)
{
	if (verifier == NULL)
		return;
	map_clear(&verifier->by_name);
	auth_config_clear(&verifier->config);
	lru_free(verifier->remembered);
	bans_free(verifier->bans);
	explicit_bzero(verifier->key, sizeof(verifier->key));
	pthread_mutex_destroy(&verifier->lock);
	free(verifier);
}

void verifier_keep(struct verifier *verifier, void (*keep)(void *context, const struct ban_note *note), void *context)
{
	bans_keep(verifier->bans, keep, context);
}

/* With the lock held. */
static void recall(struct verifier *verifier, struct slice notes)
{
	int64_t now = verifier->now_ms();
	struct ban_note note;

	assert(cond_is_locked(&verifier->lock));
	while (notes.len > 0)
		if (ban_note_read(slice_cut(&notes, '\n'), &note))
			bans_recall(verifier->bans, &note, now);
}

void verifier_load(struct verifier *verifier, struct auth_config *take)
{
	struct auth_config old;

	pthread_mutex_lock(&verifier->lock);
	old = verifier->config;
	verifier->config = *take;
	map_clear(&verifier->by_name);
	for (size_t i = 0; i < verifier->config.user_count; i++)
		map_put(&verifier->by_name, slice_of(verifier->config.users[i].name), &verifier->config.users[i]);
	recall(verifier, slice_of(verifier->config.notes));
	pthread_mutex_unlock(&verifier->lock);
	auth_config_clear(&old);
	*take = (struct auth_config){.users = NULL};
}

/* With the lock held; valid as long as it is held. */
static const struct auth_config_user *find_user(struct verifier *verifier, struct slice name)
{
	assert(cond_is_locked(&verifier->lock));
	return map_get(&verifier->by_name, name);
}

static void keyed_digest(const void *key, size_t key_len, struct slice text, unsigned char out[DIGEST_LEN])
{
	unsigned len = DIGEST_LEN;

	/* Fails only if memory is exhausted. */
	if (HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.ptr, text.len, out, &len) == NULL)
		abort();
}

/* --- outcomes; with the lock held */

static bool is_shut_out(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer)
{
	assert(cond_is_locked(&verifier->lock));
	if (!bans_refuse(verifier->bans, &question->client, question->name, verifier->now_ms()))
		return false;
	answer->verdict = VERDICT_LATER;
	answer->delays = 1;
	return true;
}

static void settle(struct verifier *verifier, const struct auth_question *question, bool fits, struct auth_answer *answer)
{
	int64_t now = verifier->now_ms();
	unsigned slow = bans_slow(verifier->bans, &question->client, question->name, now);
	enum bans_news news = BANS_NOBODY;

	assert(cond_is_locked(&verifier->lock));
	answer->verdict = fits ? VERDICT_YES : VERDICT_NO;
	answer->delays = slow;
	if (fits)
		bans_success(verifier->bans, &question->client, question->name, now);
	else
		answer->delays += bans_failure(verifier->bans, &question->client, question->name, now, &news);
	answer->shut_out = news;
}

/* --- name and password */

/* The setting for the password of an unknown name: the hash of some user, always the same one for the same name. So the
 * times for unknown names are distributed over the kinds of hashes like those of users. */
static const char *stand_in_hash(struct verifier *verifier, struct slice name)
{
	const struct auth_config *config = &verifier->config;
	unsigned char digest[DIGEST_LEN];
	uint64_t number;
	size_t start;

	if (config->user_count == 0)
		return dummy_hash;
	keyed_digest(verifier->config.salt_key, AUTH_SALT_KEY_LEN, name, digest);
	memcpy(&number, digest + DIGEST_LEN - sizeof(number), sizeof(number)); /* the first bytes are the fake salt */
	start = (size_t)(number % config->user_count);
	for (size_t i = 0; i < config->user_count; i++) {
		const char *hash = config->users[(start + i) % config->user_count].hash;

		if (hash[0] != '\0')
			return hash;
	}
	return dummy_hash;
}

/* The hash is salted, so it also identifies the user; a changed one is a new key. */
static void success_key(const struct verifier *verifier, const char *hash, struct slice password, unsigned char out[DIGEST_LEN])
{
	struct buf text = BUF_INIT(AUTH_TEXT_MAX + PASSWORD_MAX_LEN + 1);

	buf_append(&text, hash, strlen(hash) + 1);
	buf_append_slice(&text, password);
	if (text.overflow)
		rand_bytes(out, DIGEST_LEN); /* a secret random key */
	else
		keyed_digest(verifier->key, sizeof(verifier->key), buf_slice(&text), out);
	explicit_bzero(text.ptr, text.len);
	buf_clear(&text);
}

static bool is_remembered(struct verifier *verifier, const unsigned char key[DIGEST_LEN])
{
	const struct lru_item *item = lru_find(verifier->remembered, slice_make((const char *)key, DIGEST_LEN));

	assert(cond_is_locked(&verifier->lock));
	return item != NULL && item->until > verifier->now_ms();
}

static void remember(struct verifier *verifier, const unsigned char key[DIGEST_LEN])
{
	assert(cond_is_locked(&verifier->lock));
	lru_make(verifier->remembered, slice_make((const char *)key, DIGEST_LEN))->until = verifier->now_ms() + REMEMBER_MS;
}

static bool hash_matches(const char *hash, const char *password)
{
	struct crypt_data *data = xcalloc(1, sizeof(*data)); /* 32 KiB: too large for our stacks */
	const char *result = crypt_r(password, hash, data);
	bool matches = result != NULL && result[0] != '*' && strlen(result) == strlen(hash) &&
		       CRYPTO_memcmp(result, hash, strlen(hash)) == 0;

	explicit_bzero(data, sizeof(*data));
	free(data);
	return matches;
}

/* The data to check a password, copied under the lock. */
struct check {
	struct slice password;
	char *hash;
	bool can_fit; /* false: the hash of another user, only for its cost */
	unsigned char key[DIGEST_LEN];
};

static struct check check_begin(struct verifier *verifier, const struct auth_question *question, const struct auth_config_user *user)
{
	struct check check = {.password = question->text};

	check.can_fit = user != NULL && user->hash[0] != '\0' && check.password.len > 0 && check.password.len <= PASSWORD_MAX_LEN &&
			slice_find(check.password, '\0') < 0;
	if (!check.can_fit)
		check.password = SLICE_LITERAL("-");
	check.hash = xstrdup(user != NULL && user->hash[0] != '\0' ? user->hash : stand_in_hash(verifier, question->name));
	success_key(verifier, check.hash, check.password, check.key);
	return check;
}

static bool check_by_hash(const struct check *check)
{
	char *text = slice_dup(check->password);
	bool fits = hash_matches(check->hash, text) && check->can_fit;

	explicit_bzero(text, check->password.len);
	free(text);
	return fits;
}

static void check_end(struct check *check)
{
	explicit_bzero(check->hash, strlen(check->hash));
	free(check->hash);
	explicit_bzero(check->key, sizeof(check->key));
}

/* With the lock held, which is released while hashing. */
static bool answer_password(
    struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer, bool may_hash)
{
	const struct auth_config_user *user = find_user(verifier, question->name);
	struct check check;
	bool fits;

	if (is_shut_out(verifier, question, answer))
		return true;
	if (user != NULL && user->hash[0] == '\0' && verifier->config.allow_empty_password) {
		settle(verifier, question, true, answer);
		return true;
	}
	check = check_begin(verifier, question, user);
	fits = check.can_fit && is_remembered(verifier, check.key);
	if (!fits && may_hash) {
		pthread_mutex_unlock(&verifier->lock);
		fits = check_by_hash(&check);
		pthread_mutex_lock(&verifier->lock);
		if (fits)
			remember(verifier, check.key);
	} else if (!fits) {
		check_end(&check);
		return false;
	}
	check_end(&check);
	settle(verifier, question, fits, answer);
	return true;
}

/* --- logins by challenge; with the lock held */

static void answer_offers(struct verifier *verifier, struct auth_answer *answer)
{
	const struct auth_config *config = &verifier->config;

	assert(cond_is_locked(&verifier->lock));
	answer->verdict = VERDICT_YES;
	answer->number = config->user_count > 0 ? AUTH_ALL_HAVE_SCRAM : 0;
	for (size_t i = 0; i < config->user_count; i++) {
		if (config->users[i].scram[0] == '\0')
			answer->number &= ~(uint32_t)AUTH_ALL_HAVE_SCRAM;
		if (config->users[i].clear[0] != '\0')
			answer->number |= AUTH_SOMEBODY_IS_WEAK;
	}
}

/* The salt of an unknown name cannot be distinguished from a user's, and is always the same. Returns whether there is
 * such a user. */
static bool find_keys(struct verifier *verifier, struct slice name, struct scram_keys *keys)
{
	const struct auth_config_user *user = find_user(verifier, name);
	unsigned char salt[DIGEST_LEN];

	if (user != NULL && scram_keys_read(slice_of(user->scram), keys))
		return true;
	*keys = (struct scram_keys){.iterations = SCRAM_ITERATIONS, .salt_len = SCRAM_SALT_LEN};
	keyed_digest(verifier->config.salt_key, AUTH_SALT_KEY_LEN, name, salt);
	memcpy(keys->salt, salt, SCRAM_SALT_LEN);
	rand_bytes(keys->stored, sizeof(keys->stored));
	rand_bytes(keys->server, sizeof(keys->server));
	return false;
}

static void answer_scram_begin(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer)
{
	enum bans_news news;
	struct scram_keys keys;

	if (is_shut_out(verifier, question, answer))
		return;
	find_keys(verifier, question->name, &keys);
	bans_begun(verifier->bans, &question->client, verifier->now_ms(), &news);
	answer->verdict = VERDICT_YES;
	answer->shut_out = news;
	answer->number = keys.iterations;
	buf_append(&answer->bytes, keys.salt, keys.salt_len);
	explicit_bzero(&keys, sizeof(keys));
}

static void answer_scram_end(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer)
{
	unsigned char proof[SCRAM_KEY_LEN] = {0}, signature[SCRAM_KEY_LEN];
	struct scram_keys keys;
	bool fits;

	bans_ended(verifier->bans, &question->client, verifier->now_ms());
	if (is_shut_out(verifier, question, answer))
		return;
	fits = find_keys(verifier, question->name, &keys);
	if (question->proof.len == sizeof(proof))
		memcpy(proof, question->proof.ptr, sizeof(proof));
	fits = scram_proof_fits(&keys, question->text, proof) && fits && question->proof.len == sizeof(proof);
	if (fits) {
		scram_signature(&keys, question->text, signature);
		buf_append(&answer->bytes, signature, sizeof(signature));
	}
	explicit_bzero(&keys, sizeof(keys));
	settle(verifier, question, fits, answer);
}

static void write_digits(const unsigned char sum[MD5_LEN], char out[2 * MD5_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < MD5_LEN; i++) {
		out[2 * i] = digits[sum[i] >> 4];
		out[2 * i + 1] = digits[sum[i] & 15];
	}
}

/* RFC 2195: HMAC-MD5 under the password. RFC 1939: MD5 of the challenge and the password. */
static bool md5_of(const struct auth_question *question, const char *password, unsigned char sum[MD5_LEN])
{
	struct buf text = BUF_INIT(2 * AUTH_TEXT_MAX);
	unsigned len = MD5_LEN;
	bool done;

	if (question->kind == ASK_CRAM_MD5)
		return HMAC(EVP_md5(), password, (int)strlen(password), (const unsigned char *)question->text.ptr,
			   question->text.len, sum, &len) != NULL;
	buf_append_slice(&text, question->text);
	buf_append_text(&text, password);
	done = !text.overflow && EVP_Digest(text.ptr, text.len, sum, &len, EVP_md5(), NULL) == 1;
	explicit_bzero(text.ptr, text.capacity);
	buf_clear(&text);
	return done;
}

static void answer_digest(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer)
{
	const struct auth_config_user *user = find_user(verifier, question->name);
	const char *password = user == NULL ? "" : user->clear;
	unsigned char sum[MD5_LEN];
	char expected[2 * MD5_LEN];
	bool fits = false;

	if (is_shut_out(verifier, question, answer))
		return;
	if (md5_of(question, password, sum)) {
		write_digits(sum, expected);
		/* The digest of an empty secret is public. */
		fits = password[0] != '\0' && question->proof.len == sizeof(expected) &&
		       CRYPTO_memcmp(question->proof.ptr, expected, sizeof(expected)) == 0;
	}
	settle(verifier, question, fits, answer);
}

bool verifier_answer(struct verifier *verifier, const struct auth_question *question, struct auth_answer *answer, bool may_hash)
{
	bool done = true;

	pthread_mutex_lock(&verifier->lock);
	switch (question->kind) {
	case ASK_OFFERS:
		answer_offers(verifier, answer);
		break;
	case ASK_PASSWORD:
		done = answer_password(verifier, question, answer, may_hash);
		break;
	case ASK_SCRAM_BEGIN:
		answer_scram_begin(verifier, question, answer);
		break;
	case ASK_SCRAM_END:
		answer_scram_end(verifier, question, answer);
		break;
	case ASK_CRAM_MD5:
	case ASK_APOP:
		answer_digest(verifier, question, answer);
		break;
	case ASK_CERTIFICATE: /* tls_credentials.h */
	case ASK_SIGN:
	case ASK_KINDS:
		break;
	}
	pthread_mutex_unlock(&verifier->lock);
	return done;
}
