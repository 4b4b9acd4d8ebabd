/*
 * One client's session, from the first byte to the last, on its own thread.
 */
#ifndef LANPOST_LAN_SERVER_SESSION_H
#define LANPOST_LAN_SERVER_SESSION_H

#include "base/net/stream.h"
#include "config/conf.h"
#include "spool/storage/storage.h"

#include "lan-server/login/auth.h"
#include "lan-server/dialogue.h"
#include "lan-server/server/connections.h"
#include "lan-server/smtp/send_quota.h"
#include "lan-server/server/mailbox_quota.h"
#include "lan-server/server/lan_kind.h"

struct session {
	/* Set before session_run(); borrowed, must outlive it. */
	enum lan_kind kind;
	const struct conf *conf;
	struct tls_context *tls;
	const struct spool *spool;
	struct send_quota *send_quota;
	struct mailbox_quota *quota;
	struct connections *connections;
	struct maildrop_locks *maildrops;
	int stop_fd;
	int filter_fd; /* mail/filter/filter_ask.h */
	/* Calls fn with the newest configuration; `conf` is that of the session's start. NULL: it is never replaced. */
	void (*with_conf)(void *server, void (*fn)(const struct conf *conf, void *own), void *own);
	void *server;
	void (*logged_in)(void *context, const char *user); /* by POP3 or IMAP, with `fetch_on_login`; NULL: nobody asks */
	void *logged_in_context;
	/* Private. */
	struct auth_client login;     /* with its address */
	struct connection connection; /* admitted already */
	struct msgid id;
	struct stream stream;
	struct dialogue *dialogue;
	void *own;    /* of the service */
	int64_t ends; /* deadline of the whole session */
	uint64_t progress;
	const char *user; /* the logged-in user; NULL: none */
	bool may_stay;    /* within the user's limit of connections */
	bool has_spoken;
	struct client_incoming incoming; /* the message being received */
};

/* Talks to the client until the session ends, on an initialised stream; does not close it. */
void session_run(struct session *session);
/* The bytes in all folders of a user, for the quota; context is the session: a hook of the cores. */
uint64_t session_mailbox_used(void *context, const char *user);

#endif
