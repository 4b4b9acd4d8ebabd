#include "gateway/session/secrets.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/frame.h"
#include "base/i18n.h"
#include "gateway/session/secrets_priv.h"
#include "upstream/login.h"

#include <stdlib.h>

#define OPEN_MS 200000	/* a sign-in is renewed, after another login that renews it */
#define ANSWER_MS 20000 /* a million rounds on a slow machine */
#define LINE_EXTRA_MS 30000

/* A login in progress. */
struct asker {
	struct secrets *secrets;
	struct conversation conversation;
	const atomic_bool *cancel;
};

/* --- asking */

static int lost(enum frame_result result, struct error *error)
{
	if (result == FRAME_CANCELLED)
		return error_set(error, ERROR_CANCELLED, N_("cancelled"));
	return error_set(error, ERROR_IO, N_("the password process does not answer (see the log)"));
}

/* The error that the process reports. */
static int failed(const struct buf *answer, struct error *error)
{
	struct slice text = slice_from(buf_slice(answer), sizeof(uint32_t));
	uint32_t class;

	if (answer->len < sizeof(class))
		return lost(FRAME_CLOSED, error);
	memcpy(&class, answer->ptr, sizeof(class));
	error_set(error, class > ERROR_NONE && class <= ERROR_CANCELLED ? (enum error_class)class : ERROR_IO, "%s", "");
	if (text.len >= sizeof(error->phrase))
		text.len = sizeof(error->phrase) - 1;
	memcpy(error->phrase, text.ptr, text.len);
	error->phrase[text.len] = '\0';
	return -1;
}

int secrets_exchange(const struct conversation *conversation, const struct frame *question, struct buf *answer, struct frame_wait wait,
    struct error *error)
{
	enum frame_result result = frame_send(conversation->fd, question, wait);
	uint32_t kind;

	if (result == FRAME_OK)
		result = frame_receive(conversation->fd, &kind, answer, NULL, wait);
	if (result != FRAME_OK)
		return lost(result, error);
	return kind == SECRETS_GOOD ? 0 : failed(answer, error);
}

static bool keeper_answer(void *context, enum login_question question, struct slice with, unsigned iterations, struct buf *out)
{
	struct asker *asker = context;
	const uint32_t rounds = iterations;
	const struct slice parts[] = {{(const char *)&rounds, sizeof(rounds)}, with};
	const struct frame asked = {.kind = SECRETS_QUESTION + (uint32_t)question, .parts = parts, .count = ARRAY_LEN(parts)};
	struct buf answer = BUF_SECRET(SECRETS_FRAME_MAX);
	struct error error;
	bool good = secrets_exchange(&asker->conversation, &asked, &answer,
			(struct frame_wait){clock_now_ms() + ANSWER_MS, asker->cancel}, &error) == 0 &&
		    buf_append_slice(out, buf_slice(&answer)) == 0;

	buf_clear(&answer);
	return good;
}

/* --- for remote_open() */

/* Identifies the server; returns false if it is not in the configuration. */
static bool name_of(const struct conf *conf, const struct conf_remote *remote, uint32_t *kind, const char **name)
{
	*kind = SECRETS_ACCOUNT;
	for (size_t i = 0; i < conf->account_count; i++)
		if (remote == &conf->accounts[i].remote) {
			*name = conf->accounts[i].name;
			return true;
		}
	*kind = SECRETS_SMARTHOST;
	for (size_t i = 0; i < conf->smarthost_count; i++)
		if (remote == &conf->smarthosts[i].remote) {
			*name = conf->smarthosts[i].name;
			return true;
		}
	return false;
}

static void keeper_close(struct login_keeper *keeper, bool was_refused)
{
	const struct frame refused = {.kind = SECRETS_REFUSED};
	struct asker *asker = keeper->context;
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct error ignored;

	if (was_refused) /* and waits until that is noted: the process ends with the session */
		secrets_exchange(&asker->conversation, &refused, &answer, (struct frame_wait){clock_now_ms() + ANSWER_MS, asker->cancel}, &ignored);
	buf_clear(&answer);
	helper_hang_up(&asker->conversation);
	free(asker);
}

static int keeper_open(void *context, const struct conf_remote *remote, const atomic_bool *cancel, struct login_keeper *keeper,
    struct error *error)
{
	struct secrets *secrets = context;
	struct asker *asker = xcalloc(1, sizeof(*asker));
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	const char *name = "", *way = secrets->conf->line.way == NULL ? "" : secrets->conf->line.way;
	struct secrets_opened opened = {0};
	uint32_t kind;
	int result = -1;

	*asker = (struct asker){.secrets = secrets, .conversation = CONVERSATION_NONE, .cancel = cancel};
	*keeper = (struct login_keeper){.answer = keeper_answer, .context = asker};
	if (!name_of(secrets->conf, remote, &kind, &name))
		error_set(error, ERROR_CONFIG, N_("there is no password for %s"), remote->url);
	else if (helper_converse(&secrets->helper, &asker->conversation, error) == 0)
		result = secrets_exchange(&asker->conversation,
		    &(struct frame){.kind = kind, .parts = (const struct slice[]){{name, strlen(name) + 1}, slice_of(way)}, .count = 2}, &answer,
		    (struct frame_wait){clock_now_ms() + OPEN_MS, cancel}, error);
	if (result == 0 && answer.len != sizeof(opened))
		result = lost(FRAME_CLOSED, error);
	if (result == 0)
		memcpy(&opened, answer.ptr, sizeof(opened));
	keeper->has_line_end = opened.has_line_end != 0;
	keeper->received = opened.bytes.received;
	keeper->sent = opened.bytes.sent;
	buf_clear(&answer);
	if (result != 0)
		keeper_close(keeper, false);
	return result;
}

/* --- the line */

int secrets_run_dialup(struct secrets *secrets, bool is_down, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error)
{
	const char what = is_down ? 1 : 0;
	const char *way = secrets->conf->line.way == NULL ? "" : secrets->conf->line.way;
	const struct slice parts[] = {{&what, 1}, slice_of(way)};
	struct frame_wait wait = {clock_now_ms() + secrets->conf->line.command_timeout * 1000 + LINE_EXTRA_MS, cancel};
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct conversation conversation;
	int32_t code = 0;
	int result = helper_converse(&secrets->helper, &conversation, error);

	if (result == 0)
		result = secrets_exchange(&conversation,
		    &(struct frame){.kind = SECRETS_DIALUP, .parts = parts, .count = ARRAY_LEN(parts)}, &answer, wait, error);
	if (result == 0 && answer.len < sizeof(code))
		result = lost(FRAME_CLOSED, error);
	if (result == 0) {
		memcpy(&code, answer.ptr, sizeof(code));
		*status = code;
		buf_append_slice(output, slice_from(buf_slice(&answer), sizeof(code)));
	}
	helper_hang_up(&conversation);
	buf_clear(&answer);
	return result;
}

int secrets_run_while_up(struct secrets *secrets, const atomic_bool *cancel, struct buf *output, int *status, struct line_counters *bytes,
    bool *has_bytes, struct error *error)
{
	struct frame_wait wait = {clock_now_ms() + secrets->conf->line.while_up_timeout * 1000 + LINE_EXTRA_MS, cancel};
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct conversation conversation;
	struct secrets_ran ran;
	int result = helper_converse(&secrets->helper, &conversation, error);

	if (result == 0)
		result = secrets_exchange(&conversation, &(struct frame){.kind = SECRETS_WHILE_UP}, &answer, wait, error);
	if (result == 0 && answer.len < sizeof(ran))
		result = lost(FRAME_CLOSED, error);
	if (result == 0) {
		memcpy(&ran, answer.ptr, sizeof(ran));
		*status = ran.code;
		*bytes = ran.bytes;
		*has_bytes = ran.has_bytes != 0;
		buf_append_slice(output, slice_from(buf_slice(&answer), sizeof(ran)));
	}
	helper_hang_up(&conversation);
	buf_clear(&answer);
	return result;
}

/* --- sign-ins */

int secrets_sign_ins(struct secrets *secrets, const atomic_bool *cancel, int64_t *ends, struct error *error)
{
	size_t size = (secrets->conf->account_count + secrets->conf->smarthost_count) * sizeof(*ends);
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct conversation conversation;
	int result = helper_converse(&secrets->helper, &conversation, error);

	if (result == 0)
		result = secrets_exchange(&conversation, &(struct frame){.kind = SECRETS_SIGN_INS}, &answer,
		    (struct frame_wait){clock_now_ms() + ANSWER_MS, cancel}, error);
	if (result == 0 && answer.len != size)
		result = lost(FRAME_CLOSED, error);
	if (result == 0 && size > 0)
		memcpy(ends, answer.ptr, size);
	helper_hang_up(&conversation);
	buf_clear(&answer);
	return result;
}

/* --- life */

static void wipe(char *text)
{
	explicit_bzero(text, strlen(text));
}

/* This process has no local logins. */
static void forget_users(void *context)
{
	const struct conf *conf = context;

	for (size_t i = 0; i < conf->user_count; i++) {
		wipe(conf->users[i].password);
		wipe(conf->users[i].scram_sha256);
		wipe(conf->users[i].clear_password);
	}
}

int secrets_start(struct secrets *secrets, struct conf *conf, struct error *error)
{
	const struct helper_job job = {
	    .name = "secrets",
	    .begin = forget_users,
	    .serve = secrets_serve,
	    .context = conf,
	    .most = conf->account_count + conf->smarthost_count * SECRETS_CONNECTIONS_MAX + SECRETS_CONNECTIONS_MAX + conf->dkim_count,
	};

	*secrets = (struct secrets){.conf = conf,
	    .remote = {keeper_open, keeper_close, secrets},
	    .keys = {secrets_key_open, secrets_key_close, secrets}};
	if (helper_start(&secrets->helper, &job, error) != 0)
		return -1;
	conf_wipe_secrets(conf, NULL);
	return 0;
}

void secrets_stop(struct secrets *secrets)
{
	helper_stop(&secrets->helper);
}
