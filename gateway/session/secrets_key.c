/* Signing by the secrets process, the only one that reads the keys of [dkim]. A conversation is for one key and lasts for
 * one flush of the queue. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "gateway/session/secrets_priv.h"

#include <pthread.h>
#include <stdlib.h>

#define OPEN_MS 60000
#define SIGN_MS 20000

struct key {
	pthread_mutex_t lock; /* protects the conversation: all connections to smarthosts sign */
	struct conversation conversation;
};

static int sign(void *context, const unsigned char digest[DKIM_DIGEST_LEN], unsigned char *signature, size_t *len)
{
	const struct slice part = {(const char *)digest, DKIM_DIGEST_LEN};
	const struct frame question = {.kind = SECRETS_SIGN, .parts = &part, .count = 1};
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct key *key = context;
	struct error error;
	int result = -1;

	pthread_mutex_lock(&key->lock);
	if (key->conversation.fd >= 0)
		result = secrets_exchange(&key->conversation, &question, &answer, (struct frame_wait){clock_now_ms() + SIGN_MS, NULL}, &error);
	if (answer.len == 0 || answer.len > DKIM_SIGNATURE_MAX)
		result = -1;
	if (result != 0)
		helper_hang_up(&key->conversation); /* a late answer must not be taken for the next one */
	pthread_mutex_unlock(&key->lock);
	if (result == 0) {
		memcpy(signature, answer.ptr, answer.len);
		*len = answer.len;
	}
	buf_clear(&answer);
	return result;
}

void secrets_key_close(struct dkim_signer *signer)
{
	struct key *key = signer->context;

	helper_hang_up(&key->conversation);
	pthread_mutex_destroy(&key->lock);
	free(key);
	signer->sign = NULL;
}

int secrets_key_open(void *context, const struct conf_dkim *dkim, struct dkim_signer *signer, struct error *error)
{
	struct secrets *secrets = context;
	struct key *key = xcalloc(1, sizeof(*key));
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	const struct slice name = slice_of(dkim->name);
	const struct frame question = {.kind = SECRETS_KEY, .parts = &name, .count = 1};
	int result;

	pthread_mutex_init(&key->lock, NULL);
	*signer = (struct dkim_signer){.sign = sign, .context = key};
	result = helper_converse(&secrets->helper, &key->conversation, error);
	if (result == 0)
		result = secrets_exchange(&key->conversation, &question, &answer, (struct frame_wait){clock_now_ms() + OPEN_MS, NULL}, error);
	if (result == 0 && answer.len != 1)
		result = error_set(error, ERROR_IO, N_("the password process does not answer (see the log)"));
	if (result == 0)
		signer->is_ed25519 = answer.ptr[0] != '\0';
	else
		secrets_key_close(signer);
	buf_clear(&answer);
	return result;
}
