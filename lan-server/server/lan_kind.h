/*
 * The services of the LAN server: one kind per configurable port. Another protocol needs only more rows here.
 */
#ifndef LANPOST_LAN_SERVER_LAN_KIND_H
#define LANPOST_LAN_SERVER_LAN_KIND_H

#include "config/conf.h"

enum lan_kind { LAN_SMTP, LAN_SUBMISSION, LAN_SMTPS, LAN_POP3, LAN_POP3S, LAN_IMAP, LAN_IMAPS, LAN_KINDS };

const char *lan_kind_name(enum lan_kind kind); /* "smtp", "submission", ...; as in [lan] smtp_port */
const struct service *lan_kind_service(enum lan_kind kind);
bool lan_kind_has_tls(enum lan_kind kind); /* from the first byte */
int64_t lan_kind_port(enum lan_kind kind, const struct conf_lan *lan); /* 0: none */
/* Whether the gateway runs without a port that another program has, and warns: an upgrade must not stop where another IMAP server runs. */
bool lan_kind_is_optional(enum lan_kind kind);
/* No login without TLS. */
bool lan_kind_needs_tls(enum lan_kind kind, const struct conf_lan *lan);

#endif
