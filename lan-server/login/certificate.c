#include "lan-server/login/certificate.h"

#include "base/alloc.h"
#include "base/net/lan_address.h"
#include "spool/layout.h"

#include <stdlib.h>

/* The names that people enter as the server: the gateway's name, its short name, its addresses
 * on the LAN. */
static void own_names(const struct conf *conf, struct strlist *names)
{
	char *short_name = xstrndup(conf->gateway.hostname, strcspn(conf->gateway.hostname, "."));

	strlist_add(names, conf->gateway.hostname);
	strlist_add(names, short_name);
	strlist_add(names, "localhost");
	strlist_add(names, "127.0.0.1");
	strlist_add(names, "::1");
	for (size_t i = 0; i < conf->lan.listen.count; i++)
		if (strcmp(conf->lan.listen.items[i], "0.0.0.0") != 0 && strcmp(conf->lan.listen.items[i], "::") != 0)
			strlist_add(names, conf->lan.listen.items[i]);
	lan_addresses(names);
	free(short_name);
}

int certificate_make(const struct conf *conf, struct error *error)
{
	struct strlist names = {NULL, 0};
	char *folder;
	int result;

	if (conf->lan.tls_cert[0] != '\0')
		return 0;
	folder = layout_tls(SPOOL_OF(conf), "");
	own_names(conf, &names);
	result = tls_make_certificate(folder, &names, error);
	strlist_clear(&names);
	free(folder);
	return result;
}

int certificate_files(const struct conf *conf, struct buf *chain, struct buf *key, struct error *error)
{
	const char *cert = conf->lan.tls_cert, *key_file = conf->lan.tls_key;
	char *own_cert, *own_key;
	int result;

	if (cert[0] != '\0')
		return tls_files_read(cert, key_file[0] != '\0' ? key_file : cert, chain, key, error);
	own_cert = layout_tls(SPOOL_OF(conf), "cert.pem");
	own_key = layout_tls(SPOOL_OF(conf), "key.pem");
	result = tls_files_read(own_cert, own_key, chain, key, error);
	free(own_cert);
	free(own_key);
	return result;
}

int certificate_load(struct auth *auth, struct tls_context **tls, struct error *error)
{
	struct buf chain = BUF_INIT(AUTH_ANSWER_MAX);
	int result = auth_certificate(auth, &chain, error);

	if (result == 0)
		result = tls_context_new_remote(buf_slice(&chain), auth_signer(auth), tls, error);
	buf_clear(&chain);
	return result;
}
