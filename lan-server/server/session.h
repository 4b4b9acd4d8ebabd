/*
 * The life of one client's session, from the first byte to the last, on a thread of its own.
 */
#ifndef LANPOST_LAN_SERVER_SESSION_H
#define LANPOST_LAN_SERVER_SESSION_H

#include "base/net/stream.h"
#include "config/conf.h"
#include "spool/log/intake.h"

#include "lan-server/login/auth.h"
#include "lan-server/client_limits.h"
#include "lan-server/server/connections.h"
#include "lan-server/smtp/daily.h"
#include "lan-server/smtp/quota.h"
#include "lan-server/pop3/maildrop.h"
#include "lan-server/server/server.h"

struct session {
	/* Set before session_run(); borrowed, must outlive it. */
	enum lan_kind kind;
	struct in6_addr client;
	const struct conf *conf;
	struct tls_context *tls;
	struct auth *auth;
	unsigned offers; /* enum auth_offers */
	const struct spool *spool;
	struct daily *daily;
	struct quota *quota;
	struct connections *connections;
	int stop_fd;
	/* Its own. */
	struct connection connection; /* admitted already */
	struct msgid id;
	struct stream stream;
	struct maildrop maildrop;
	int64_t ends; /* deadline of the whole session */
	uint64_t progress;
	const char *user; /* logged in; NULL: a stranger */
	bool may_stay;    /* not one of too many of that user */
	bool has_spoken;
	struct client_incoming incoming; /* the message that is coming */
};

/* Speaks with the client until it ends, on a stream that is set up; does not close it. */
void session_run(struct session *session);

#endif
