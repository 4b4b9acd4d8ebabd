/*
 * IMAP server (RFC 3501 and 9051, with the extensions that CAPABILITY lists): the dialogue, without I/O of its own on the network.
 *
 * The mail is behind spool/storage/folder.h. A session has its own array of UIDs of the selected folder, so that sequence numbers change only
 * where RFC 3501 section 7.4.1 allows it; what others change is reported by comparing it with the folder.
 */
#ifndef LANPOST_LAN_SERVER_IMAPD_H
#define LANPOST_LAN_SERVER_IMAPD_H

#include "config/conf.h"
#include "spool/spool.h"

#include "lan-server/dialogue.h"
#include "lan-server/login/sasl.h"

#include <netinet/in.h>

#define IMAPD_LINE_MAX 40000 /* sets of UIDs are long */

struct imapd_options {
	const struct conf *conf;   /* borrowed, as the next two */
	const struct spool *spool;
	const char *session;	   /* its id, for the log and for what it appends */
	struct in6_addr client;
	bool tls;          /* encrypted from the first byte */
	bool tls_offered;  /* STARTTLS is possible */
	bool tls_required; /* no login without TLS */
	struct sasl_hooks sasl;
	/* The bytes in all folders of a user or shared mailbox, for the quota. */
	uint64_t (*used)(void *context, const char *user);
	/* Calls fn with the configuration as it is now: rights end with a reload. NULL: `conf` is never replaced. */
	void (*with_conf)(void *context, void (*fn)(const struct conf *conf, void *own), void *own);
	void *context;
};

/* Whether a session is listing or searching messages now. For any thread. */
bool imapd_has_jobs(void);
/* Creates a session; its greeting is already in the replies. */
struct dialogue *imapd_new(const struct imapd_options *options);

#endif
