#include "mail/sign_in.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "spool/sign_in_file.h"
#include "upstream/oauth2.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define LOCK_SECONDS (OAUTH2_REQUEST_MS / 1000 + 40) /* another login renews it: a command that prints the secret, and a request */
#define SPARE_SECONDS 300 /* a login takes a while, and clocks differ */
#define SLOWER_SECONDS 5  /* RFC 8628 section 3.5 */
#define FAILURES_MAX 10
#define TICK_MS 200

/* --- names */

static struct oauth2_client client_of(const struct sign_in *sign_in)
{
	struct oauth2_client client = oauth2_client_of(sign_in->remote, sign_in->proxy);

	client.cancel = sign_in->cancel;
	client.bytes = sign_in->bytes;
	return client;
}

/* The same with the secret of the application, which the caller frees. */
static int open_client(const struct sign_in *sign_in, struct oauth2_client *client, char **secret, struct error *error)
{
	*client = client_of(sign_in);
	if (conf_remote_client_secret(sign_in->remote, sign_in->cancel, secret, error) != 0)
		return -1;
	client->secret = *secret;
	return 0;
}

static void name_of(const struct conf_remote *remote, char *name)
{
	const struct oauth2_client client = oauth2_client_of(remote, "");
	const char *const texts[] = {client.token_url, client.id, client.scope, remote->user};

	sign_in_file_name(texts, ARRAY_LEN(texts), name);
}

char *sign_in_verb(const struct conf *conf, const struct conf_remote *remote, char *out, size_t size)
{
	snprintf(out, size, "lanpost account login");
	for (size_t i = 0; i < conf->account_count; i++)
		if (&conf->accounts[i].remote == remote)
			snprintf(out, size, "lanpost account login %s", conf->accounts[i].name);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		if (&conf->smarthosts[i].remote == remote)
			snprintf(out, size, "lanpost smarthost login %s", conf->smarthosts[i].name);
	return out;
}

/* --- renewing */

static bool is_valid(const struct sign_in_file *file)
{
	int64_t now = clock_wall();

	return file->access[0] != '\0' && file->access_from <= now && now < file->access_until - SPARE_SECONDS;
}

static void take_tokens(const struct oauth2_client *client, const struct oauth2_tokens *tokens, struct sign_in_file *file)
{
	int64_t now = clock_wall();

	if (tokens->refresh_lifetime > 0)
		file->dies = now + tokens->refresh_lifetime;
	else if (client->refresh_lifetime > 0)
		file->dies = now + client->refresh_lifetime;
	else if (tokens->refresh[0] != '\0')
		file->dies = 0; /* a new one, of which nothing is known */
	if (tokens->refresh[0] != '\0')
		sign_in_file_put(&file->refresh, tokens->refresh);
	sign_in_file_put(&file->access, tokens->access);
	sign_in_file_put(&file->refused, "");
	file->access_from = now;
	file->access_until = now + tokens->lifetime;
}

/* why: not of error. */
static int say_what_helps(const struct sign_in *sign_in, enum error_class class, const char *why, struct error *error)
{
	char verb[128];

	sign_in_verb(sign_in->conf, sign_in->remote, verb, sizeof(verb));
	return error_set(error, class, N_("%s; run: %s"), why, verb);
}

static int note_refusal(const struct sign_in *sign_in, const char *name, struct sign_in_file *file, struct error *error)
{
	struct error why = *error, ignored;

	sign_in_file_put(&file->refused, why.phrase);
	sign_in_file_put(&file->access, "");
	if (sign_in_file_write(SPOOL_OF(sign_in->conf), name, file, &ignored) != 0)
		log_warnx("event=sign-in-not-noted user=%s reason=%s", LOG_CSTR(sign_in->remote->user), LOG_ERROR(&ignored));
	return say_what_helps(sign_in, ERROR_LOGIN, why.phrase, error);
}

/* A provider that replaces the refresh token may refuse the old one from then on: first it is certain that the file can be replaced. */
static int renew(const struct sign_in *sign_in, const char *name, struct sign_in_file *file, struct error *error)
{
	const struct spool *spool = SPOOL_OF(sign_in->conf);
	struct oauth2_client client;
	struct oauth2_tokens tokens;
	enum oauth2_result result;
	char *secret;
	int kept = -1;

	if (sign_in_file_write(spool, name, file, error) != 0 || open_client(sign_in, &client, &secret, error) != 0)
		return -1;
	result = oauth2_refresh(&client, file->refresh, &tokens, error);
	conf_secret_free(secret);
	if (result == OAUTH2_INVALID)
		return note_refusal(sign_in, name, file, error);
	if (result == OAUTH2_GRANTED) {
		take_tokens(&client, &tokens, file);
		kept = sign_in_file_write(spool, name, file, error);
	} else if (result == OAUTH2_PENDING || result == OAUTH2_SLOW_DOWN) {
		error_set(error, ERROR_TEMPORARY, N_("the provider of the sign-in is busy"));
	}
	explicit_bzero(&tokens, sizeof(tokens));
	return kept;
}

static int get_access(const struct sign_in *sign_in, const char *name, struct sign_in_file *file, struct error *error)
{
	int found = sign_in_file_read(SPOOL_OF(sign_in->conf), name, file, error);
	struct error why;
	char verb[128];

	if (found < 0) {
		why = *error;
		return say_what_helps(sign_in, why.class, why.phrase, error);
	}
	if (found == 0)
		return error_set(error, ERROR_LOGIN, N_("nobody has signed in at the provider yet; run: %s"),
		    sign_in_verb(sign_in->conf, sign_in->remote, verb, sizeof(verb)));
	if (!sign_in->is_test && file->refused[0] != '\0')
		return say_what_helps(sign_in, ERROR_LOGIN, file->refused, error);
	if (!sign_in->is_test && is_valid(file))
		return 0;
	return renew(sign_in, name, file, error);
}

int sign_in_secret(const struct sign_in *sign_in, char **secret, struct error *error)
{
	char name[SIGN_IN_NAME_MAX];
	struct sign_in_file file = {.user = NULL};
	int lock, result;

	if (sign_in->remote->oauth2 == OAUTH2_NONE)
		return conf_remote_password(sign_in->remote, sign_in->cancel, secret, error);
	name_of(sign_in->remote, name);
	lock = sign_in_file_lock(SPOOL_OF(sign_in->conf), name, LOCK_SECONDS, error);
	if (lock < 0)
		return -1;
	result = get_access(sign_in, name, &file, error);
	if (result == 0)
		*secret = xstrdup(file.access);
	sign_in_file_clear(&file);
	close(lock);
	return result;
}

int sign_in_refuse(const struct conf *conf, const struct conf_remote *remote, const char *access, struct error *error)
{
	const struct spool *spool = SPOOL_OF(conf);
	struct sign_in_file file = {.user = NULL};
	char name[SIGN_IN_NAME_MAX];
	int lock, result;

	name_of(remote, name);
	lock = sign_in_file_lock(spool, name, LOCK_SECONDS, error);
	if (lock < 0)
		return -1;
	result = sign_in_file_read(spool, name, &file, error);
	if (result > 0 && strcmp(file.access, access) == 0) { /* else another login has renewed it meanwhile */
		sign_in_file_put(&file.access, "");
		result = sign_in_file_write(spool, name, &file, error);
	}
	sign_in_file_clear(&file);
	close(lock);
	return result < 0 ? -1 : 0;
}

/* --- signing in */

int sign_in_begin(const struct sign_in *sign_in, struct oauth2_device *device, struct error *error)
{
	struct oauth2_client client;
	char *secret;
	int result;

	if (open_client(sign_in, &client, &secret, error) != 0)
		return -1;
	result = oauth2_begin(&client, device, error);
	conf_secret_free(secret);
	return result;
}

static int keep(const struct sign_in *sign_in, const struct oauth2_tokens *tokens, struct error *error)
{
	const struct oauth2_client client = client_of(sign_in);
	const struct spool *spool = SPOOL_OF(sign_in->conf);
	struct sign_in_file file = {xstrdup(sign_in->remote->user), xstrdup(""), xstrdup(""), xstrdup(""), 0, 0, 0};
	char name[SIGN_IN_NAME_MAX];
	int lock, result = -1;

	name_of(sign_in->remote, name);
	take_tokens(&client, tokens, &file);
	if (tokens->refresh[0] == '\0') {
		error_set(error, ERROR_CONFIG, N_("the provider gave no refresh token, so the sign-in would end within the hour; see oauth2_scope (offline_access)"));
	} else if ((lock = sign_in_file_lock(spool, name, LOCK_SECONDS, error)) >= 0) {
		result = sign_in_file_write(spool, name, &file, error);
		close(lock);
	}
	sign_in_file_clear(&file);
	return result;
}

static bool is_cancelled(const struct sign_in *sign_in)
{
	return sign_in->cancel != NULL && atomic_load(sign_in->cancel);
}

static void rest(const struct sign_in *sign_in, int64_t until)
{
	while (!is_cancelled(sign_in) && clock_left_ms(until) > 0) {
		int left = clock_left_ms(until);

		poll(NULL, 0, left < TICK_MS ? left : TICK_MS);
	}
}

/* Whether it makes sense to ask again after a request that brought no answer (RFC 8628 section 3.5). */
static bool is_passing(enum oauth2_result result, const struct error *error, int *failures)
{
	return result == OAUTH2_FAILED && error->class == ERROR_TEMPORARY && ++*failures < FAILURES_MAX;
}

/* Polls the provider until the user has answered. */
static int await_tokens(const struct sign_in *sign_in, const struct oauth2_client *client, const struct oauth2_device *device,
    struct oauth2_tokens *tokens, struct error *error)
{
	int64_t end = clock_now_ms() + device->lifetime * 1000, interval = device->interval;
	int failures = 0;

	for (;;) {
		enum oauth2_result result;

		rest(sign_in, clock_earlier(end, clock_now_ms() + interval * 1000));
		if (is_cancelled(sign_in))
			return error_set(error, ERROR_CANCELLED, N_("cancelled"));
		if (clock_left_ms(end) == 0)
			return error_set(error, ERROR_TEMPORARY, N_("the code was not entered in time; begin again"));
		result = oauth2_poll(client, device->device_code, tokens, error);
		if (result == OAUTH2_GRANTED)
			return 0;
		if (result == OAUTH2_SLOW_DOWN || is_passing(result, error, &failures))
			interval += SLOWER_SECONDS;
		else if (result != OAUTH2_PENDING)
			return -1;
	}
}

int sign_in_wait(const struct sign_in *sign_in, const struct oauth2_device *device, struct error *error)
{
	struct oauth2_client client;
	struct oauth2_tokens tokens;
	char *secret;
	int result;

	if (open_client(sign_in, &client, &secret, error) != 0)
		return -1;
	result = await_tokens(sign_in, &client, device, &tokens, error);
	conf_secret_free(secret);
	if (result == 0) {
		result = keep(sign_in, &tokens, error);
		explicit_bzero(&tokens, sizeof(tokens));
	}
	return result;
}

/* --- looking */

/* Whether an account before this server has the same sign-in. */
static bool is_shared(const struct conf *conf, const struct conf_remote *remote, const char *name)
{
	char other[SIGN_IN_NAME_MAX];

	for (size_t i = 0; i < conf->account_count && &conf->accounts[i].remote != remote; i++) {
		if (!conf->accounts[i].enabled || conf->accounts[i].remote.oauth2 == OAUTH2_NONE)
			continue;
		name_of(&conf->accounts[i].remote, other);
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

enum sign_in_state sign_in_look(const struct conf *conf, const struct conf_remote *remote, int64_t *dies)
{
	enum sign_in_state state = SIGN_IN_GOOD;
	char name[SIGN_IN_NAME_MAX];
	struct sign_in_file file;
	struct error error;
	int found;

	*dies = 0;
	name_of(remote, name);
	if (is_shared(conf, remote, name))
		return SIGN_IN_SHARED;
	found = sign_in_file_read(SPOOL_OF(conf), name, &file, &error);
	*dies = found > 0 ? file.dies : 0;
	if (found <= 0)
		state = found == 0 ? SIGN_IN_MISSING : SIGN_IN_UNKNOWN;
	else if (file.refused[0] != '\0')
		state = SIGN_IN_REFUSED;
	sign_in_file_clear(&file);
	return state;
}
