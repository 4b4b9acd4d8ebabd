/*
 * A smarthost that is being talked to: the connection and the client's core over it.
 */
#ifndef LANPOST_GATEWAY_SMARTHOST_H
#define LANPOST_GATEWAY_SMARTHOST_H

#include "gateway/smtp_client.h"
#include "mail/remote.h"

struct smarthost {
	const struct conf *conf;
	const struct conf_smarthost *settings;
	const atomic_bool *cancel;
	bool may_pipeline;
	struct remote *remote; /* NULL: not connected */
	struct smtp_client client;
};

/* Connects, logs in and learns the server's abilities, unless that is done. */
int smarthost_connect(struct smarthost *smarthost, struct error *error);
/* Says QUIT, without waiting for an answer, if the line is whole. */
void smarthost_close(struct smarthost *smarthost);

enum smarthost_end {
	SMARTHOST_DONE,	    /* each recipient has his reply */
	SMARTHOST_BROKEN,   /* it ended before the message was out whole; refusals stand, nothing was sent */
	SMARTHOST_IN_DOUBT, /* it ended after the message was out and before the answer */
	SMARTHOST_STOPPED,  /* before_data said so; nothing was sent */
};

/* One transaction on a connected smarthost. before_data runs when the envelope is on its way and before any byte
 * of the message is; it returns -1 to stop. After any end but DONE the connection is closed. */
enum smarthost_end smarthost_send(struct smarthost *smarthost, struct smtp_transaction *transaction,
    const struct slice *parts, size_t part_count, int (*before_data)(void *context), void *context,
    struct error *error);

#endif
