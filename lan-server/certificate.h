/*
 * The certificate that mail programs see: the admin's, or our own in `<spool>/tls/`.
 */
#ifndef LANPOST_LAN_CERTIFICATE_H
#define LANPOST_LAN_CERTIFICATE_H

#include "base/tls.h"
#include "config/conf.h"

/* Makes or renews our own, if that is what is shown. Not by the LAN server, which neither writes keys nor sees the addresses of this
 * machine. */
int lan_certificate_make(const struct conf *conf, struct error *error);
int lan_certificate_load(const struct conf *conf, struct tls_context **tls, struct error *error);

#endif
