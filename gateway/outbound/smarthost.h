/*
 * A connection to a smarthost, with the SMTP client core.
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
	struct remote_wire *wire; /* as in upstream/remote.h */
	enum conf_auth login_way; /* the login method that worked last time */
	struct remote *remote; /* NULL: not connected */
	struct smtp_client client;
};

/* Connects, logs in and gets the server's capabilities, unless that is done. may_pipeline: whether PIPELINING
 * may be used if announced. */
int smarthost_connect(struct smarthost *smarthost, bool may_pipeline, struct error *error);
/* Sends QUIT, without waiting for a reply, if the connection is intact. */
void smarthost_close(struct smarthost *smarthost);
/* Closes the connection without QUIT. */
void smarthost_hang_up(struct smarthost *smarthost);

/* Sends the message that the client needs (smtp_client_wants()), except the rest in client.out. On failure the
 * connection is unusable: the caller closes it. */
int smarthost_put(struct smarthost *smarthost, const struct slice *parts, size_t count, struct error *error);
/* Sends client.out. Failure as above. */
int smarthost_flush(struct smarthost *smarthost, struct error *error);
/* The same, and waits for at least one reply. Failure as above. */
int smarthost_exchange(struct smarthost *smarthost, struct error *error);

#endif
