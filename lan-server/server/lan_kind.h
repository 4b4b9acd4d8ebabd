/*
 * What the LAN server listens for: one kind for each port that can be configured. A further protocol is further rows here.
 */
#ifndef LANPOST_LAN_SERVER_LAN_KIND_H
#define LANPOST_LAN_SERVER_LAN_KIND_H

#include "config/conf.h"

enum lan_kind { LAN_SMTP, LAN_SUBMISSION, LAN_SMTPS, LAN_POP3, LAN_POP3S, LAN_KINDS };

const char *lan_kind_name(enum lan_kind kind); /* "smtp", "submission", ...; as in [lan] smtp_port */
const struct service *lan_kind_service(enum lan_kind kind);
bool lan_kind_has_tls(enum lan_kind kind); /* from the first byte */
int64_t lan_kind_port(enum lan_kind kind, const struct conf_lan *lan); /* 0: none */
/* Nobody logs in there without TLS. */
bool lan_kind_needs_tls(enum lan_kind kind, const struct conf_lan *lan);

#endif
