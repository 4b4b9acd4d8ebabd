/*
 * A smarthost that is being talked to: the connection and the client's core over it.
 */
#ifndef LANPOST_GATEWAY_SMARTHOST_H
#define LANPOST_GATEWAY_SMARTHOST_H

#include "upstream/smtp_client.h"
#include "upstream/remote.h"

struct smarthost {
	const struct conf *conf;
	const struct conf_smarthost *settings;
	const atomic_bool *cancel;
	const struct remote_secrets *secrets;
	enum conf_auth login_way; /* how a login worked the last time */
	struct remote *remote; /* NULL: not connected */
	struct smtp_client client;
};

/* Connects, logs in and learns the server's abilities, unless that is done. may_pipeline: whether what it says of
 * PIPELINING is believed. */
int smarthost_connect(struct smarthost *smarthost, bool may_pipeline, struct error *error);
/* Says QUIT, without waiting for an answer, if the line is whole. */
void smarthost_close(struct smarthost *smarthost);
/* Closes it without a word. */
void smarthost_hang_up(struct smarthost *smarthost);

/* Sends the message which the client wants (smtp_client_wants()), as far as it is not still in client.out. On failure the
 * line is of no use any more: hang up. */
int smarthost_put(struct smarthost *smarthost, const struct slice *parts, size_t count, struct error *error);
/* Sends what is in client.out. Failure as above. */
int smarthost_flush(struct smarthost *smarthost, struct error *error);
/* The same, and waits until at least one reply has come. Failure as above. */
int smarthost_exchange(struct smarthost *smarthost, struct error *error);

#endif
