/*
 * IMAP on the LAN server: gives access to all folders of the spool.
 */
#include "lan-server/imap/imapd.h"
#include "lan-server/server/service.h"
#include "lan-server/server/session.h"

static void with_conf(void *context, void (*fn)(const struct conf *conf, void *own), void *own)
{
	const struct session *session = context;

	session->with_conf(session->server, fn, own);
}

static struct dialogue *begin(struct session *session)
{
	struct imapd_options options = {
	    .conf = session->conf,
	    .spool = session->spool,
	    .session = session->id.text,
	    .client = session->login.address,
	    .tls = lan_kind_has_tls(session->kind),
	    .tls_offered = session->tls != NULL,
	    .tls_required = lan_kind_needs_tls(session->kind, &session->conf->lan),
	    .sasl = auth_hooks(&session->login),
	    .used = session_mailbox_used,
	    .with_conf = session->with_conf == NULL ? NULL : with_conf,
	    .context = session,
	};

	return imapd_new(&options);
}

static void end(struct session *session)
{
	(void)session;
}

const struct service service_imap = {
    .begin = begin,
    .end = end,
    .refusals =
	{
	    [ADMISSION_DENIED] = "* BYE [NOPERM] Access denied for your address\r\n",
	    [ADMISSION_FULL] = "* BYE [UNAVAILABLE] Too many connections, try again later\r\n",
	    [ADMISSION_FULL_FOR_IP] = "* BYE [UNAVAILABLE] Too many connections from your address\r\n",
	    [ADMISSION_FULL_FOR_NETWORK] = "* BYE [UNAVAILABLE] Too many sessions from your network\r\n",
	    [ADMISSION_BROKEN] = "* BYE [UNAVAILABLE] Service temporarily unavailable, try again later\r\n",
	},
};
