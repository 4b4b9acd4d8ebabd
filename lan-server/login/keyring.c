#include "lan-server/login/keyring.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/tls/tls_key.h"

#include <pthread.h>
#include <stdlib.h>

struct keyring {
	pthread_rwlock_t lock;		 /* of all below; held for reading while signing */
	struct tls_key *current, *older; /* NULL: none */
	char *chain;			 /* "": none */
	char *problem;			 /* a phrase that says why */
};

struct keyring *keyring_new(void)
{
	struct keyring *keyring = xcalloc(1, sizeof(*keyring));

	pthread_rwlock_init(&keyring->lock, NULL);
	keyring->chain = xstrdup("");
	keyring->problem = xstrdup("");
	return keyring;
}

static void set(char **text, const char *value)
{
	free(*text);
	*text = xstrdup(value);
}

static void use(struct keyring *keyring, struct tls_key *key, const char *chain)
{
	tls_key_free(keyring->older);
	keyring->older = keyring->current;
	keyring->current = key;
	set(&keyring->chain, chain);
	set(&keyring->problem, "");
}

bool keyring_load(struct keyring *keyring, const struct auth_view *view)
{
	struct tls_key *key = tls_key_new(slice_of(view->tls_key));
	bool fits = key != NULL && tls_key_is_of(key, slice_of(view->tls_chain));

	pthread_rwlock_wrlock(&keyring->lock);
	if (fits) {
		use(keyring, key, view->tls_chain);
	} else {
		set(&keyring->chain, "");
		set(&keyring->problem, view->tls_problem[0] != '\0' ? view->tls_problem : N_("the certificate and its private key do not match"));
		tls_key_free(key);
	}
	pthread_rwlock_unlock(&keyring->lock);
	return fits;
}

static void answer_certificate(const struct keyring *keyring, struct auth_answer *answer)
{
	const char *text = keyring->chain[0] != '\0' ? keyring->chain : keyring->problem;

	answer->verdict = keyring->chain[0] != '\0' ? VERDICT_YES : VERDICT_NO;
	buf_append_text(&answer->bytes, text);
}

static void answer_sign(const struct keyring *keyring, const struct auth_question *question, struct auth_answer *answer)
{
	const struct tls_key *keys[] = {keyring->current, keyring->older};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i] != NULL && tls_key_has_id(keys[i], question->proof)) {
			answer->verdict = tls_key_sign(keys[i], question->name, question->text, &answer->bytes) ? VERDICT_YES : VERDICT_NO;
			return;
		}
}

void keyring_answer(struct keyring *keyring, const struct auth_question *question, struct auth_answer *answer)
{
	pthread_rwlock_rdlock(&keyring->lock);
	if (question->kind == ASK_CERTIFICATE)
		answer_certificate(keyring, answer);
	else
		answer_sign(keyring, question, answer);
	pthread_rwlock_unlock(&keyring->lock);
}
