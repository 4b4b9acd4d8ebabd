/*
 * The passwords of a session, in a separate process: `secrets`.
 *
 * The session reads replies of providers and smarthosts, and external mail; so it wipes all passwords at its start, and
 * requests from this process, for each login, only what the login needs: a digest, or the password if the server requires
 * it. This process also runs all commands of the configuration (passwords, tokens, the line), so that the session runs no
 * program at all, and signs with the keys of [dkim].
 */
#ifndef LANPOST_GATEWAY_SECRETS_H
#define LANPOST_GATEWAY_SECRETS_H

#include "base/buf.h"
#include "config/conf.h"
#include "gateway/outbound/outbound.h"
#include "gateway/process/helper.h"
#include "gateway/session/line_counters.h"
#include "upstream/remote.h"

struct secrets {
	struct helper helper;
	const struct conf *conf;
	struct remote_secrets remote; /* for remote_open() */
	struct outbound_keys keys;    /* for outbound_flush() */
};

/* Forks the process, then wipes all secrets in conf. */
int secrets_start(struct secrets *secrets, struct conf *conf, struct error *error);
void secrets_stop(struct secrets *secrets);

/* Runs a command of [line] as command_run() does: connect_command, or disconnect_command with is_down. Its standard
 * output and error go to *output. */
int secrets_run_dialup(struct secrets *secrets, bool is_down, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error);
/* The same without a secrets process. */
int secrets_dialup_command(const struct conf *conf, bool is_down, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error);

/* Runs while_up. *bytes: what the line has carried meanwhile; *has_bytes: whether that is known. */
int secrets_run_while_up(struct secrets *secrets, const atomic_bool *cancel, struct buf *output, int *status, struct line_counters *bytes,
    bool *has_bytes, struct error *error);

/* When the sign-ins end (mail/sign_in.h), in seconds since 1970: for each account, then for each smarthost; 0: not known; -1: it has none, or one that
 * fails its logins anyway. ends: account_count + smarthost_count numbers. */
int secrets_sign_ins(struct secrets *secrets, const atomic_bool *cancel, int64_t *ends, struct error *error);

/* The main function of a worker; for tests. context: the struct conf. */
void secrets_serve(void *context, int fd);

#endif
