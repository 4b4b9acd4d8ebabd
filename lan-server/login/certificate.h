/*
 * The certificate that mail programs see: the admin's, or the self-signed one in `<spool>/tls/`.
 */
#ifndef LANPOST_LAN_SERVER_CERTIFICATE_H
#define LANPOST_LAN_SERVER_CERTIFICATE_H

#include "base/tls/tls.h"
#include "config/conf.h"

#include "lan-server/login/auth.h"

/* Creates or renews the self-signed one, if it is used. Not called by the LAN server, which neither writes keys nor sees
 * the addresses of this machine. */
int certificate_make(const struct conf *conf, struct error *error);
/* Appends the content of the files (base/tls/tls_key.h). Not called by the LAN server, either, which may not
 * read the key. */
int certificate_files(const struct conf *conf, struct buf *chain, struct buf *key, struct error *error);
/* Called by the LAN server: a context whose key stays with auth, which must outlive it. */
int certificate_load(struct auth *auth, struct tls_context **tls, struct error *error);

#endif
