#include "lan-server/login/tls_credentials.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/tls/tls_key.h"

#include <pthread.h>
#include <stdlib.h>

struct tls_credentials {
	pthread_rwlock_t lock;		 /* guards everything below; held for reading while signing */
	struct tls_key *current, *older; /* NULL: none */
	char *chain;			 /* "": none */
	char *problem;			 /* a phrase with the reason */
};

struct tls_credentials *tls_credentials_new(void)
{
	struct tls_credentials *credentials = xcalloc(1, sizeof(*credentials));

	pthread_rwlock_init(&credentials->lock, NULL);
	credentials->chain = xstrdup("");
	credentials->problem = xstrdup("");
	return credentials;
}

static void set(char **text, const char *value)
{
	free(*text);
	*text = xstrdup(value);
}

static void use(struct tls_credentials *credentials, struct tls_key *key, const char *chain)
{
	tls_key_free(credentials->older);
	credentials->older = credentials->current;
	credentials->current = key;
	set(&credentials->chain, chain);
	set(&credentials->problem, "");
}

bool tls_credentials_load(struct tls_credentials *credentials, const struct auth_config *config)
{
	struct tls_key *key = tls_key_new(slice_of(config->tls_key));
	bool fits = key != NULL && tls_key_is_of(key, slice_of(config->tls_chain));

	pthread_rwlock_wrlock(&credentials->lock);
	if (fits) {
		use(credentials, key, config->tls_chain);
	} else {
		set(&credentials->chain, "");
		set(&credentials->problem, config->tls_problem[0] != '\0' ? config->tls_problem : N_("the certificate and its private key do not match"));
		tls_key_free(key);
	}
	pthread_rwlock_unlock(&credentials->lock);
	return fits;
}

static void answer_certificate(const struct tls_credentials *credentials, struct auth_answer *answer)
{
	const char *text = credentials->chain[0] != '\0' ? credentials->chain : credentials->problem;

	answer->verdict = credentials->chain[0] != '\0' ? VERDICT_YES : VERDICT_NO;
	buf_append_text(&answer->bytes, text);
}

static void answer_sign(const struct tls_credentials *credentials, const struct auth_question *question, struct auth_answer *answer)
{
	const struct tls_key *keys[] = {credentials->current, credentials->older};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i] != NULL && tls_key_has_id(keys[i], question->proof)) {
			answer->verdict = tls_key_sign(keys[i], question->name, question->text, &answer->bytes) ? VERDICT_YES : VERDICT_NO;
			return;
		}
}

void tls_credentials_answer(struct tls_credentials *credentials, const struct auth_question *question, struct auth_answer *answer)
{
	pthread_rwlock_rdlock(&credentials->lock);
	if (question->kind == ASK_CERTIFICATE)
		answer_certificate(credentials, answer);
	else
		answer_sign(credentials, question, answer);
	pthread_rwlock_unlock(&credentials->lock);
}
