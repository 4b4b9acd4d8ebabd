#include "lan-server/login/auth.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/net/net.h"
#include "message/addr.h"
#include "mail/route.h"

#include "lan-server/login/bans.h"

#include <stdio.h>
#include <stdlib.h>

#define PASSWORD_MAX_LEN 512 /* crypt(3)'s own limit: no longer password can be right */
#define ANSWER_MS (20 * 1000)

struct auth {
	struct auth_options options;
	struct tls_signer signer;
};

static bool sign(void *context, const unsigned char key_id[TLS_KEY_ID_LEN], struct slice scheme, struct slice bytes, struct buf *signature);

struct auth *auth_new(const struct auth_options *options)
{
	struct auth *auth = xcalloc(1, sizeof(*auth));

	auth->options = *options;
	auth->signer = (struct tls_signer){sign, auth};
	return auth;
}

void auth_free(struct auth *auth)
{
	free(auth);
}

/* --- names */

static const struct conf_user *find_user(const struct conf *conf, struct slice name)
{
	const char *user;
	struct addr addr;

	if (name.len > AUTH_NAME_MAX || !addr_parse(name, &addr) || route_address(conf, &addr, &user) != ROUTE_MAILBOX)
		return NULL;
	return conf_find_user(conf, user);
}

/* The normal form of an unknown name: no own domain, no +detail, lower case. */
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
	plain = xstrndup(local.ptr, local.len < AUTH_NAME_MAX ? local.len : AUTH_NAME_MAX);
	str_lower_ascii(plain);
	return plain;
}

/* --- asking */

/* One login attempt: client and name. */
struct attempt {
	const struct auth_client *client;
	struct slice given; /* the name as received */
	const struct conf_user *user;
	char *name; /* the user's name, or an unknown one in normal form */
};

static struct attempt attempt_begin(const struct auth_client *client, struct slice name)
{
	struct attempt attempt = {.client = client, .given = name, .user = find_user(client->conf, name)};

	attempt.name = attempt.user != NULL ? xstrdup(attempt.user->name) : plain_name(client->conf, name);
	return attempt;
}

static int ask(struct auth *auth, const struct auth_question *question, struct auth_answer *answer, struct error *error)
{
	if (auth->options.ask != NULL)
		return auth->options.ask(auth->options.context, question, answer, error);
	return auth_ask(auth->options.fd, question, answer, clock_now_ms() + ANSWER_MS, error);
}

static void delay(const struct auth_client *client, unsigned delays)
{
	if (client->delay != NULL && delays > 0)
		client->delay(client->context, client->auth->options.delay_ms * delays);
}

static void log_shut_out(const struct attempt *attempt, uint32_t news)
{
	struct in6_addr network = net_network(&attempt->client->address);
	char text[NET_ADDRESS_MAX];

	if (news == BANS_ADDRESS)
		log_warnx("event=login-shut-out ip=%s reason=\"%d failed logins\"", net_address_text(text, &attempt->client->address),
		    BANS_ADDRESS_FAILURES);
	else if (news == BANS_NETWORK)
		log_warnx("event=login-shut-out ip=%s/64 reason=\"%d failed logins\"", net_address_text(text, &network),
		    BANS_NETWORK_FAILURES);
}

static int refuse(const struct attempt *attempt, enum auth_verdict verdict, struct error *error)
{
	char text[NET_ADDRESS_MAX];

	if (verdict == VERDICT_LATER)
		return error_set(error, ERROR_TEMPORARY, N_("Too many failed logins, try again later"));
	log_info("event=login-failed ip=%s name=%s", net_address_text(text, &attempt->client->address),
	    LOG_TEXT(slice_make(attempt->given.ptr, attempt->given.len < AUTH_NAME_MAX ? attempt->given.len : AUTH_NAME_MAX)));
	return error_set(error, ERROR_LOGIN, N_("Authentication failed: wrong name or password"));
}

/* Sends the question, waits for the answer, and ends the attempt. */
static int attempt_end(struct attempt *attempt, struct auth_question *question, struct auth_answer *answer, struct error *error)
{
	int result;

	question->client = attempt->client->address;
	question->name = slice_of(attempt->name);
	result = ask(attempt->client->auth, question, answer, error);
	if (result != 0) {
		log_warnx("event=login-not-checked reason=%s", LOG_ERROR(error));
	} else {
		log_shut_out(attempt, answer->shut_out);
		if (answer->verdict != VERDICT_YES)
			result = refuse(attempt, answer->verdict, error);
		delay(attempt->client, answer->delays);
	}
	free(attempt->name);
	return result;
}

/* The same for a question with the answer yes or no. */
static int attempt_settle(
    struct attempt *attempt, struct auth_question *question, struct auth_answer *answer, const char **user, struct error *error)
{
	if (attempt_end(attempt, question, answer, error) != 0)
		return -1;
	if (attempt->user == NULL) /* unknown mechanism: the reply must not depend on the name */
		return refuse(attempt, VERDICT_NO, error);
	*user = attempt->user->name;
	if (attempt->client->logged_in != NULL)
		attempt->client->logged_in(attempt->client->context, *user);
	return 0;
}

/* --- the questions */

unsigned auth_offers(struct auth *auth)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {.kind = ASK_OFFERS};
	struct error error;
	unsigned offers = 0;

	if (ask(auth, &question, &answer, &error) == 0)
		offers = answer.number;
	else
		log_warnx("event=login-not-checked reason=%s", LOG_ERROR(&error));
	buf_clear(&answer.bytes);
	return offers;
}

/* CRAM-MD5 is offered only without TLS and if a user may use it; SCRAM only if all users have keys for it, since
 * clients that see it use nothing else. */
static unsigned mechanisms(void *context, bool tls)
{
	const struct auth_client *client = context;
	unsigned offered = SASL_PLAIN | SASL_LOGIN;

	if (client->offers & AUTH_ALL_HAVE_SCRAM)
		offered |= SASL_SCRAM_SHA_256 | (tls ? SASL_SCRAM_SHA_256_PLUS : 0);
	if (!tls && (client->offers & AUTH_SOMEBODY_IS_WEAK))
		offered |= SASL_CRAM_MD5;
	return offered;
}

static int login(void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {
	    .kind = ASK_PASSWORD, .text = password.len <= PASSWORD_MAX_LEN ? password : SLICE_LITERAL("")};
	struct attempt attempt = attempt_begin(context, name);
	int result = attempt_settle(&attempt, &question, &answer, user, error);

	buf_clear(&answer.bytes);
	return result;
}

static int scram_begin(void *context, struct slice name, struct scram_keys *keys, struct error *error)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {.kind = ASK_SCRAM_BEGIN};
	struct attempt attempt = attempt_begin(context, name);
	int result = attempt_end(&attempt, &question, &answer, error);

	*keys = (struct scram_keys){.iterations = answer.number};
	if (result == 0 && (answer.bytes.len == 0 || answer.bytes.len > sizeof(keys->salt)))
		result = error_set(error, ERROR_TEMPORARY, N_("Logins cannot be checked now, try again later"));
	if (result == 0) {
		keys->salt_len = answer.bytes.len;
		memcpy(keys->salt, answer.bytes.ptr, answer.bytes.len);
	}
	buf_clear(&answer.bytes);
	return result;
}

static int scram_end(void *context, struct slice name, const struct sasl_proof *proof,
    unsigned char signature[SCRAM_KEY_LEN], const char **user, struct error *error)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {.kind = ASK_SCRAM_END, .text = proof->message, .proof = proof->bytes};
	struct attempt attempt = attempt_begin(context, name);
	int result = attempt_settle(&attempt, &question, &answer, user, error);

	if (result == 0 && answer.bytes.len != SCRAM_KEY_LEN)
		result = error_set(error, ERROR_TEMPORARY, N_("Logins cannot be checked now, try again later"));
	if (result == 0)
		memcpy(signature, answer.bytes.ptr, SCRAM_KEY_LEN);
	buf_clear(&answer.bytes);
	return result;
}

static int digest(void *context, struct slice name, enum sasl_digest kind, const struct sasl_proof *proof,
    const char **user, struct error *error)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {
	    .kind = kind == SASL_DIGEST_APOP ? ASK_APOP : ASK_CRAM_MD5,
	    .text = proof->message,
	    .proof = proof->bytes.len <= AUTH_PROOF_MAX ? proof->bytes : SLICE_LITERAL(""),
	};
	struct attempt attempt = attempt_begin(context, name);
	int result = attempt_settle(&attempt, &question, &answer, user, error);

	buf_clear(&answer.bytes);
	return result;
}

static size_t binding(void *context, struct slice type, unsigned char out[TLS_BINDING_MAX])
{
	const struct auth_client *client = context;

	return client->tls == NULL ? 0 : tls_binding(client->tls, type, out);
}

struct sasl_hooks auth_hooks(struct auth_client *client)
{
	return (struct sasl_hooks){client, mechanisms, login, scram_begin, scram_end, digest, binding};
}

/* --- TLS */

int auth_certificate(struct auth *auth, struct buf *chain, struct error *error)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {.kind = ASK_CERTIFICATE};
	int result = ask(auth, &question, &answer, error);
	char reason[PHRASE_MAX];

	if (result == 0 && answer.verdict != VERDICT_YES) {
		snprintf(reason, sizeof(reason), "%s", buf_text(&answer.bytes));
		result = error_set(error, ERROR_CONFIG, "%s", reason);
	} else if (result == 0) {
		buf_append_slice(chain, buf_slice(&answer.bytes));
	}
	buf_clear(&answer.bytes);
	return result;
}

static bool sign(void *context, const unsigned char key_id[TLS_KEY_ID_LEN], struct slice scheme, struct slice bytes, struct buf *signature)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question = {
	    .kind = ASK_SIGN, .name = scheme, .text = bytes, .proof = slice_make((const char *)key_id, TLS_KEY_ID_LEN)};
	struct error error;
	bool done = ask(context, &question, &answer, &error) == 0 && answer.verdict == VERDICT_YES &&
		    buf_append_slice(signature, buf_slice(&answer.bytes)) == 0;

	buf_clear(&answer.bytes);
	return done;
}

const struct tls_signer *auth_signer(const struct auth *auth)
{
	return &auth->signer;
}
