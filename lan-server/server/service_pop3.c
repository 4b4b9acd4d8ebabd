/*
 * POP3 on the LAN server: gives access to the mailboxes of the spool.
 */
#include "base/alloc.h"

#include "lan-server/pop3/maildrop.h"
#include "lan-server/pop3/pop3d.h"
#include "lan-server/server/service.h"
#include "lan-server/server/session.h"

#include <stdlib.h>

static struct maildrop *drop_new(struct session *session)
{
	struct maildrop *drop = xcalloc(1, sizeof(*drop));

	*drop = (struct maildrop){
	    .locks = session->maildrops,
	    .spool = session->spool,
	    .shows_junk = session->conf->scanner_count > 0 && session->conf->filter.spam_junk > 0,
	    .login_delay = session->conf->lan.pop3_login_delay * 1000,
	    .fd = session->connection.fd,
	    .heard = &session->connection.heard,
	    .session = session->id.text,
	    .client = session->login.address,
	};
	return drop;
}

static struct dialogue *begin(struct session *session)
{
	struct maildrop *drop = session->own = drop_new(session);
	struct pop3d_options options = {
	    .conf = session->conf,
	    .tls = lan_kind_has_tls(session->kind),
	    .tls_offered = session->tls != NULL,
	    .tls_required = lan_kind_needs_tls(session->kind, &session->conf->lan),
	    .offers_apop = (session->login.offers & AUTH_SOMEBODY_IS_WEAK) != 0,
	    .sasl = auth_hooks(&session->login),
	    .hooks = {drop, maildrop_open, maildrop_size, maildrop_read, maildrop_done, maildrop_is_intact, maildrop_remove,
		maildrop_close},
	};

	return pop3d_new(&options);
}

static void end(struct session *session)
{
	free(session->own);
}

const struct service service_pop3 = {
    .begin = begin,
    .end = end,
    .refusals =
	{
	    [ADMISSION_DENIED] = "-ERR [SYS/PERM] Access denied for your address\r\n",
	    [ADMISSION_FULL] = "-ERR [SYS/TEMP] Too many connections, try again later\r\n",
	    [ADMISSION_FULL_FOR_IP] = "-ERR [SYS/TEMP] Too many connections from your address\r\n",
	    [ADMISSION_FULL_FOR_NETWORK] = "-ERR [SYS/TEMP] Too many sessions from your network\r\n",
	    [ADMISSION_BROKEN] = "-ERR [SYS/TEMP] Service temporarily unavailable, try again later\r\n",
	},
};
