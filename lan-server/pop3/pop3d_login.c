/*
 * POP3 before the mailbox is open: capabilities and logins.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/rand.h"

#include "lan-server/pop3/pop3d_priv.h"

#include <stdlib.h>

#define DAY_SECONDS (24 * 3600)

enum pop3d_reply pop3d_greet(struct pop3d *pop3d)
{
	const struct pop3d_options *options = &pop3d->options;
	uint64_t number;

	if (!options->offers_apop)
		return pop3d_about(pop3d, REPLY_GREETING, options->conf->gateway.hostname, NULL);
	rand_bytes(&number, sizeof(number));
	pop3d->apop = xasprintf("<%llu.%lld@%s>", (unsigned long long)number,
	    (long long)clock_wall(), options->conf->gateway.hostname);
	return pop3d_about(pop3d, REPLY_GREETING_APOP, pop3d->apop, NULL);
}

/* --- capabilities */

static bool may_log_in(const struct pop3d *pop3d)
{
	return pop3d->dialogue.tls || !pop3d->options.tls_required;
}

static void offer_logins(struct pop3d *pop3d)
{
	const struct pop3d_options *options = &pop3d->options;
	struct buf names = BUF_INIT(256);

	if (!may_log_in(pop3d))
		return;
	sasl_list(options->sasl.mechanisms(options->sasl.context, pop3d->dialogue.tls), &names);
	pop3d_line_of_reply(pop3d, "USER\r\nSASL %s", buf_text(&names));
	buf_clear(&names);
}

/* Seconds after which messages are removed, 0: never. user NULL: the minimum of all users. */
static int64_t expires(const struct conf *conf, const char *user)
{
	int64_t least = 0;

	for (size_t i = 0; i < conf->user_count; i++) {
		int64_t expire = conf->users[i].expire;

		if ((user == NULL || strcmp(conf->users[i].name, user) == 0) && expire > 0 && (least == 0 || expire < least))
			least = expire;
	}
	return least;
}

static void offer_expire(struct pop3d *pop3d)
{
	const char *user = pop3d->dialogue.user;
	int64_t seconds = expires(pop3d->options.conf, user);

	if (seconds == 0)
		pop3d_line_of_reply(pop3d, "EXPIRE NEVER");
	else
		pop3d_line_of_reply(pop3d, "EXPIRE %lld%s", (long long)(seconds / DAY_SECONDS), user == NULL ? " USER" : "");
}

enum pop3d_reply pop3d_cmd_capa(struct pop3d *pop3d, struct slice arg)
{
	(void)arg;
	pop3d_line_of_reply(pop3d, "+OK Capability list follows");
	pop3d_line_of_reply(pop3d, "TOP\r\nUIDL\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nPIPELINING\r\nUTF8");
	offer_logins(pop3d);
	if (!pop3d->dialogue.tls && pop3d->options.tls_offered)
		pop3d_line_of_reply(pop3d, "STLS");
	if (pop3d->options.conf->lan.pop3_login_delay > 0)
		pop3d_line_of_reply(pop3d, "LOGIN-DELAY %lld", (long long)pop3d->options.conf->lan.pop3_login_delay);
	offer_expire(pop3d);
	pop3d_line_of_reply(pop3d, "IMPLEMENTATION lanpost");
	return REPLY_END_OF_NAMES;
}

enum pop3d_reply pop3d_cmd_stls(struct pop3d *pop3d, struct slice arg)
{
	(void)arg;
	if (pop3d->dialogue.tls)
		return REPLY_TLS_ACTIVE;
	return pop3d->options.tls_offered ? REPLY_START_TLS : REPLY_NO_TLS;
}

/* --- logging in */

static enum pop3d_reply open_mailbox(struct pop3d *pop3d, const char *user)
{
	struct pop3d_hooks *hooks = &pop3d->options.hooks;
	struct error error = ERROR_INIT;

	switch (hooks->open(hooks->drop, user, &pop3d->list, &error)) {
	case MAILDROP_OPEN:
		break;
	case MAILDROP_IN_USE:
		return REPLY_IN_USE;
	case MAILDROP_TOO_SOON:
		return REPLY_TOO_SOON;
	case MAILDROP_FAILED:
		return REPLY_NOT_OPENED;
	}
	pop3d->deleted = xcalloc(pop3d->list.count + 1, sizeof(*pop3d->deleted));
	pop3d->dialogue.user = user;
	pop3d_enter_state(pop3d, POP3D_TRANSACTION);
	client_limits_success(&pop3d->dialogue.limits);
	return pop3d_about(pop3d, REPLY_OPENED, REPLY_NUMBER(pop3d->list.count), NULL);
}

static enum pop3d_reply login_failed(struct pop3d *pop3d, const struct error *error)
{
	enum pop3d_reply reply = error->class == ERROR_LOGIN ? REPLY_AUTH_FAILED : REPLY_AUTH_LATER;

	return pop3d_about(pop3d, reply, ERROR_EN(error), NULL);
}

enum pop3d_reply pop3d_cmd_user(struct pop3d *pop3d, struct slice arg)
{
	if (!may_log_in(pop3d))
		return REPLY_STLS_FIRST;
	free(pop3d->name);
	pop3d->name = slice_dup(arg);
	return REPLY_SEND_PASS;
}

enum pop3d_reply pop3d_cmd_pass(struct pop3d *pop3d, struct slice arg)
{
	struct sasl_hooks *sasl = &pop3d->options.sasl;
	struct error error = ERROR_INIT;
	const char *user;
	int done;

	if (pop3d->name == NULL)
		return REPLY_USER_FIRST;
	done = sasl->login(sasl->context, slice_of(pop3d->name), arg, &user, &error);
	free(pop3d->name);
	pop3d->name = NULL;
	return done == 0 ? open_mailbox(pop3d, user) : login_failed(pop3d, &error);
}

enum pop3d_reply pop3d_cmd_apop(struct pop3d *pop3d, struct slice arg)
{
	struct sasl_hooks *sasl = &pop3d->options.sasl;
	struct slice digest = arg;
	struct slice name = slice_cut(&digest, ' ');
	struct error error = ERROR_INIT;
	struct sasl_proof proof;
	const char *user;

	if (pop3d->apop == NULL || !may_log_in(pop3d))
		return REPLY_NO_APOP;
	proof = (struct sasl_proof){slice_of(pop3d->apop), slice_trim(digest)};
	if (sasl->digest(sasl->context, name, SASL_DIGEST_APOP, &proof, &user, &error) != 0)
		return login_failed(pop3d, &error);
	return open_mailbox(pop3d, user);
}

void pop3d_auth_end(struct pop3d *pop3d)
{
	sasl_free(pop3d->sasl);
	pop3d->sasl = NULL;
	pop3d_enter_state(pop3d, POP3D_AUTHORIZATION);
}

enum pop3d_reply pop3d_auth_response(struct pop3d *pop3d, struct slice line)
{
	struct buf challenge = BUF_INIT(4 * POP3D_LINE_MAX);
	struct error error = ERROR_INIT;
	const char *user = NULL;
	enum sasl_result result = sasl_step(pop3d->sasl, line, &challenge, &user, &error);

	if (result == SASL_CHALLENGE)
		pop3d_line_of_reply(pop3d, "+ %s", buf_text(&challenge));
	buf_clear(&challenge);
	if (result == SASL_CHALLENGE)
		return REPLY_NONE;
	pop3d_auth_end(pop3d);
	if (result == SASL_DONE)
		return open_mailbox(pop3d, user);
	if (result == SASL_FAILED)
		return login_failed(pop3d, &error);
	return pop3d_about(pop3d, REPLY_AUTH_MALFORMED, ERROR_EN(&error), NULL);
}

/* The query of programs that are older than CAPA. */
static enum pop3d_reply list_mechanisms(struct pop3d *pop3d, unsigned offered)
{
	struct buf names = BUF_INIT(256);
	struct slice rest;

	sasl_list(offered, &names);
	rest = buf_slice(&names);
	pop3d_line_of_reply(pop3d, "+OK");
	while (rest.len > 0) {
		struct slice name = slice_cut(&rest, ' ');

		pop3d_line_of_reply(pop3d, "%.*s", SLICE_PRINT(name));
	}
	buf_clear(&names);
	return REPLY_END_OF_NAMES;
}

/* The AUTH command (RFC 5034). */
enum pop3d_reply pop3d_cmd_auth(struct pop3d *pop3d, struct slice arg)
{
	const struct pop3d_options *options = &pop3d->options;
	unsigned offered = options->sasl.mechanisms(options->sasl.context, pop3d->dialogue.tls);
	struct slice initial = arg;
	struct slice name = slice_cut(&initial, ' ');

	if (!may_log_in(pop3d))
		return REPLY_STLS_FIRST;
	if (arg.len == 0)
		return list_mechanisms(pop3d, offered);
	sasl_begin(&pop3d->sasl, &options->sasl, options->conf->gateway.hostname, offered, name);
	if (pop3d->sasl == NULL)
		return REPLY_NO_MECHANISM;
	pop3d_enter_state(pop3d, POP3D_LOGIN);
	initial = slice_trim(initial);
	return pop3d_auth_response(pop3d, initial.len > 0 ? initial : SLICE_NONE);
}
