/*
 * The part of the configuration for the process that checks passwords: only names and verifiers. The supervisor
 * creates it, in anonymous memory; the text is secret.
 */
#ifndef LANPOST_LAN_SERVER_AUTH_CONFIG_H
#define LANPOST_LAN_SERVER_AUTH_CONFIG_H

#include "base/buf.h"
#include "config/conf.h"

#define AUTH_CONFIG_MAX (64 * 1024 * 1024)
#define AUTH_SALT_KEY_LEN 32

struct auth_config {
	bool allow_empty_password;
	char salt_key[AUTH_SALT_KEY_LEN]; /* of the salts for unknown names */
	struct auth_config_user {
		char *name;
		char *hash;  /* crypt(3); "": no password is needed, if that is allowed */
		char *scram; /* base/scram.h, "" */
		char *clear; /* for APOP and CRAM-MD5; "" if the user may not use them */
	} *users;
	size_t user_count;
	char *tls_chain, *tls_key; /* PEM; "": none */
	char *tls_problem;	   /* a phrase that says why; "" */
	char *notes;		   /* lan-server/login/ban_notes.h */
};

struct auth_config_tls {
	struct slice chain, key, problem;
};

/* Data that is not in the configuration. */
struct auth_config_more {
	const char *salt_key; /* AUTH_SALT_KEY_LEN bytes */
	struct slice notes;
	struct auth_config_tls tls;
};

void auth_config_write(const struct conf *conf, const struct auth_config_more *more, struct buf *out);
/* Parses a config; returns false, with an empty one, for invalid bytes. */
bool auth_config_read(struct slice bytes, struct auth_config *config);
/* Wipes and frees the content. */
void auth_config_clear(struct auth_config *config);

#endif
