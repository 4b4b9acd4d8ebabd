/*
 * Flushes the queue: sends each waiting message to its smarthost, and records each recipient's result in the log.
 *
 * All smarthosts at once; several connections to each if there is enough work, many messages per connection. The attempt
 * is durable before the first byte of a message is sent, and its outcome before the next message but one is sent on the
 * connection, so that a crash leaves at most two messages per connection in doubt, or SMTP_WINDOW with CHUNKING. If a
 * smarthost cannot be reached or refuses the login, its entries are not changed; they go to its `fallback`, or wait.
 */
#ifndef LANPOST_GATEWAY_OUTBOUND_H
#define LANPOST_GATEWAY_OUTBOUND_H

#include "config/conf.h"
#include "gateway/outbound/pictures.h"
#include "mail/byte_shares.h"
#include "mail/limits_now.h"
#include "message/dkim/dkim.h"
#include "spool/storage/storage.h"
#include "upstream/remote.h"

#include <stdatomic.h>

/* The state of a smarthost after a flush. */
struct outbound_host {
	bool tried;
	size_t begun; /* messages in all flushes of the session */
	size_t held; /* messages that its own limit has kept in the queue, and that limit */
	struct limit_now limit;
	struct error error; /* class NONE: it works */
};

/* A process that holds the keys of [dkim], so that this process never has one. */
struct outbound_keys {
	/* Reads the key of a domain; *signer works until close(). */
	int (*open)(void *context, const struct conf_dkim *dkim, struct dkim_signer *signer, struct error *error);
	void (*close)(struct dkim_signer *signer);
	void *context;
};

struct outbound_job {
	const struct conf *conf;
	const struct spool *spool; /* all of it is open */
	const char *session;
	bool all; /* also entries whose next attempt is not due */
	void (*progress)(void *context, size_t done, size_t total); /* from any thread, one at a time; may be NULL */
	void *context;
	const atomic_bool *cancel; /* may be NULL */
	const struct remote_secrets *secrets; /* as in upstream/remote.h */
	const struct outbound_keys *keys; /* NULL: nothing is signed */
	/* Called before each message is begun, with its bytes, which are then reserved; false: neither it nor another is sent in this session.
	 * not_sent() gives them back. From any thread; both may be NULL. */
	bool (*may_send)(void *context, uint64_t bytes);
	void (*not_sent)(void *context, uint64_t bytes);
	const atomic_bool *enough; /* if true, nothing new is begun; may be NULL */
	struct pictures *pictures; /* NULL: photos stay as they are */
	struct remote_wire *wire; /* what the connections cost is added; may be NULL */
};

struct outbound_result {
	size_t sent, refused, deferred; /* messages; one that some recipients got and others refused counts as both */
	struct byte_shares shares; /* who has written what was sent; the caller's */
};

/* hosts: conf->smarthost_count of them, in that order, zero before the first flush of a session. Returns -1 if a smarthost
 * failed completely (the first such error; the others were tried) or our disk failed. *result is always filled. */
int outbound_flush(const struct outbound_job *job, struct outbound_host *hosts, struct outbound_result *result,
    struct error *error);

/* What a flush would send, in its order, and what may_send() would keep back; nothing is sent. */
struct outbound_plan {
	size_t count, held;
	uint64_t bytes, held_bytes;
};
int outbound_plan(const struct outbound_job *job, struct outbound_plan *plan, struct error *error);

#endif
