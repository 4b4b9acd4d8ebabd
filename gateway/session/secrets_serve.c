/* The secrets process. The requesting session may be compromised: it gets only what a login needs, and can run only
 * commands of the configuration. */
#include "gateway/session/secrets.h"

#include "base/alloc.h"
#include "base/process/command.h"
#include "base/i18n.h"
#include "gateway/session/secrets_priv.h"
#include "mail/sign_in.h"
#include "upstream/login.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

struct service {
	struct conf *conf;
	int fd;
	atomic_bool is_over; /* the session has closed the connection */
	const struct conf_remote *remote;
	char *secret;
	bool may_show; /* the configuration does not require methods that hide it */
};

/* --- answers */

static bool say(const struct service *service, enum secrets_kind kind, const void *fixed, size_t fixed_len, struct slice rest)
{
	const struct slice parts[] = {{fixed, fixed_len}, rest};

	return frame_send(service->fd, &(struct frame){.kind = kind, .parts = parts, .count = ARRAY_LEN(parts)}, (struct frame_wait){INT64_MAX, &service->is_over}) == FRAME_OK;
}

static bool say_error(const struct service *service, const struct error *error)
{
	const uint32_t class = error->class;

	return say(service, SECRETS_BAD, &class, sizeof(class), slice_of(error->phrase));
}

/* --- the line */

int secrets_dialup_command(const struct conf *conf, bool is_down, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error)
{
	char *command = xasprintf("exec 2>&1\n%s", is_down ? conf->line.disconnect_command : conf->line.connect_command);
	int result = command_run(command, (int)conf->line.command_timeout, cancel, output, status, error);

	free(command);
	return result;
}

static void serve_line(struct service *service, struct slice body)
{
	struct buf output = BUF_INIT(SECRETS_OUTPUT_MAX);
	bool is_down = body.len >= 1 && body.ptr[0] == 1;
	char *name = slice_dup(slice_from(body, body.len == 0 ? 0 : 1));
	const struct conf_way *way = conf_find_way(service->conf, name);
	struct error error;
	int32_t code;
	int status = 0;

	free(name);
	if (way != NULL)
		conf_way_use(service->conf, way);
	if (secrets_dialup_command(service->conf, is_down, &service->is_over, &output, &status, &error) != 0) {
		say_error(service, &error);
	} else {
		code = status;
		say(service, SECRETS_GOOD, &code, sizeof(code), buf_slice(&output));
	}
	buf_clear(&output);
}

static void serve_while_up(struct service *service)
{
	const struct conf_line *line = &service->conf->line;
	char *command = xasprintf("exec 2>&1\n%s", line->while_up);
	struct buf output = BUF_INIT(SECRETS_OUTPUT_MAX);
	struct line_counters before, after;
	struct secrets_ran ran = {0};
	struct error error;
	int status = 0;

	ran.has_bytes = line_counters_read(LINE_COUNTERS_FOLDER, &before);
	if (command_run(command, (int)line->while_up_timeout, &service->is_over, &output, &status, &error) != 0) {
		say_error(service, &error);
	} else {
		ran.code = status;
		ran.has_bytes = ran.has_bytes && line_counters_read(LINE_COUNTERS_FOLDER, &after) &&
				line_counters_since(&before, &after, &ran.bytes);
		say(service, SECRETS_GOOD, &ran, sizeof(ran), buf_slice(&output));
	}
	buf_clear(&output);
	free(command);
}

/* --- logins */

static const struct conf_remote *find_remote(const struct conf *conf, uint32_t kind, const char *name)
{
	const struct conf_account *account = kind == SECRETS_ACCOUNT ? conf_find_account(conf, name) : NULL;
	const struct conf_smarthost *smarthost = kind == SECRETS_SMARTHOST ? conf_find_smarthost(conf, name) : NULL;

	return account != NULL ? &account->remote : smarthost != NULL ? &smarthost->remote : NULL;
}

/* With `auth` of such a kind the password is never sent to a server, and the session does not
 * get it, either. */
static bool hides_it(enum conf_auth auth)
{
	return auth == AUTH_CRAM_MD5 || auth == AUTH_DIGEST_MD5 || auth == AUTH_APOP || auth == AUTH_SCRAM_SHA_1 ||
	       auth == AUTH_SCRAM_SHA_256;
}

/* body: the name of the server, and behind a NUL that of one of several lines. */
static void use_way(const struct service *service, struct buf *body)
{
	const char *name = buf_text(body);
	size_t len = strlen(name);
	const struct conf_way *way = len < body->len ? conf_find_way(service->conf, name + len + 1) : NULL;

	if (way != NULL)
		conf_way_use(service->conf, way);
}

static bool open_secret(struct service *service, uint32_t kind, const char *name)
{
	const struct conf_remote *remote = find_remote(service->conf, kind, name);
	struct secrets_opened opened = {0};
	struct error error;
	int result = -1;

	conf_wipe_secrets(service->conf, remote); /* from here on this process has the secrets of one server, and may talk to its provider */
	if (remote == NULL)
		error_set(&error, ERROR_CONFIG, N_("there is no password for %s"), name);
	else
		result = sign_in_secret(&(struct sign_in){.conf = service->conf, .remote = remote, .proxy = service->conf->line.proxy,
					    .cancel = &service->is_over, .bytes = &opened.bytes},
		    &service->secret, &error);
	if (result != 0)
		return say_error(service, &error) && false;
	service->remote = remote;
	service->may_show = !hides_it(remote->auth);
	conf_wipe_secrets(service->conf, NULL); /* service->secret is a copy */
	opened.has_line_end = strpbrk(service->secret, "\r\n") != NULL;
	return say(service, SECRETS_GOOD, &opened, sizeof(opened), SLICE_NONE);
}

static bool answer(const struct service *service, uint32_t kind, struct slice body)
{
	enum login_question question = (enum login_question)(kind - SECRETS_QUESTION);
	struct buf out = BUF_SECRET(SECRETS_FRAME_MAX - FRAME_HEAD);
	uint32_t rounds;
	bool good;

	if (kind < SECRETS_QUESTION || body.len < sizeof(rounds))
		return false;
	memcpy(&rounds, body.ptr, sizeof(rounds));
	good = (question != LOGIN_SHOW || service->may_show) &&
	       login_secret_answer(service->secret, question, slice_from(body, sizeof(rounds)), rounds, &out) &&
	       say(service, SECRETS_GOOD, NULL, 0, buf_slice(&out));
	buf_clear(&out);
	return good;
}

/* If that cannot be noted, the next login sends the same token again. */
static bool note_refusal(const struct service *service)
{
	struct error ignored;

	if (service->remote->oauth2 != OAUTH2_NONE)
		sign_in_refuse(service->conf, service->remote, service->secret, &ignored);
	return say(service, SECRETS_GOOD, NULL, 0, SLICE_NONE);
}

static void serve_login(struct service *service, struct buf *body)
{
	const struct frame_wait wait = {INT64_MAX, &service->is_over};
	uint32_t kind;

	for (int i = 0; i < SECRETS_QUESTIONS_MAX; i++)
		if (frame_receive(service->fd, &kind, body, NULL, wait) != FRAME_OK ||
		    !(kind == SECRETS_REFUSED ? note_refusal(service) : answer(service, kind, buf_slice(body))))
			break;
	conf_secret_free(service->secret);
}

/* --- sign-ins */

static void add_end(const struct conf *conf, const struct conf_remote *remote, struct buf *out)
{
	int64_t end = -1;

	if (remote->oauth2 != OAUTH2_NONE && sign_in_look(conf, remote, &end) != SIGN_IN_GOOD)
		end = -1;
	buf_append(out, &end, sizeof(end));
}

static void serve_sign_ins(const struct service *service)
{
	const struct conf *conf = service->conf;
	struct buf out = BUF_INIT(SECRETS_FRAME_MAX - FRAME_HEAD);

	conf_wipe_secrets(service->conf, NULL);
	for (size_t i = 0; i < conf->account_count; i++)
		add_end(conf, &conf->accounts[i].remote, &out);
	for (size_t i = 0; i < conf->smarthost_count; i++)
		add_end(conf, &conf->smarthosts[i].remote, &out);
	say(service, SECRETS_GOOD, NULL, 0, buf_slice(&out));
	buf_clear(&out);
}

/* --- keys */

static const struct conf_dkim *find_key(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->dkim_count; i++)
		if (strcmp(conf->dkims[i].name, name) == 0)
			return &conf->dkims[i];
	return NULL;
}

static struct dkim_key *open_key(const struct service *service, const char *name)
{
	const struct conf_dkim *dkim = find_key(service->conf, name);
	struct dkim_key *key = NULL;
	struct error error;
	int result = -1;

	if (dkim == NULL)
		error_set(&error, ERROR_CONFIG, N_("there is no [dkim %s] in the configuration"), name);
	else
		result = dkim_key_load(dkim->key_file, &key, &error);
	if (result != 0)
		say_error(service, &error);
	conf_wipe_secrets(service->conf, NULL); /* from here on this process has one key */
	return key;
}

static bool answer_sign(const struct service *service, const struct dkim_signer *signer, uint32_t kind, struct slice digest)
{
	unsigned char signature[DKIM_SIGNATURE_MAX];
	size_t len;

	return kind == SECRETS_SIGN && digest.len == DKIM_DIGEST_LEN &&
	       signer->sign(signer->context, (const unsigned char *)digest.ptr, signature, &len) == 0 &&
	       say(service, SECRETS_GOOD, signature, len, SLICE_NONE);
}

static void serve_key(struct service *service, struct buf *body)
{
	const struct frame_wait wait = {INT64_MAX, &service->is_over};
	struct dkim_key *key = open_key(service, buf_text(body));
	struct dkim_signer signer;
	char is_ed25519;
	uint32_t kind;
	bool goes_on;

	if (key == NULL)
		return;
	signer = dkim_key_signer(key);
	is_ed25519 = signer.is_ed25519;
	goes_on = say(service, SECRETS_GOOD, &is_ed25519, sizeof(is_ed25519), SLICE_NONE);
	while (goes_on)
		goes_on = frame_receive(service->fd, &kind, body, NULL, wait) == FRAME_OK && answer_sign(service, &signer, kind, buf_slice(body));
	dkim_key_free(key);
}

/* --- one conversation */

/* A command is aborted when nobody waits for its result. */
static void *watch(void *context)
{
	struct service *service = context;
	struct pollfd peer = {.fd = service->fd};

	while (poll(&peer, 1, -1) <= 0)
		;
	atomic_store(&service->is_over, true);
	return NULL;
}

void secrets_serve(void *context, int fd)
{
	struct service service = {.conf = context, .fd = fd};
	struct buf body = BUF_INIT(SECRETS_FRAME_MAX);
	pthread_t watcher;
	uint32_t kind;

	if (pthread_create(&watcher, NULL, watch, &service) != 0)
		return;
	if (frame_receive(fd, &kind, &body, NULL, (struct frame_wait){INT64_MAX, &service.is_over}) == FRAME_OK) {
		if (kind == SECRETS_ACCOUNT || kind == SECRETS_SMARTHOST)
			use_way(&service, &body);
		if (kind == SECRETS_DIALUP)
			serve_line(&service, buf_slice(&body));
		else if (kind == SECRETS_WHILE_UP)
			serve_while_up(&service);
		else if (kind == SECRETS_SIGN_INS)
			serve_sign_ins(&service);
		else if (kind == SECRETS_KEY)
			serve_key(&service, &body);
		else if (open_secret(&service, kind, buf_text(&body)))
			serve_login(&service, &body);
	}
	buf_clear(&body);
	/* Closes the connection, so that a waiting session and the watcher thread end. */
	shutdown(fd, SHUT_RDWR);
	pthread_join(watcher, NULL);
}
