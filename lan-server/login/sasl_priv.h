/* Declarations that the mechanisms share. */
#ifndef LANPOST_LAN_SERVER_SASL_PRIV_H
#define LANPOST_LAN_SERVER_SASL_PRIV_H

#include "lan-server/login/sasl.h"

#define SASL_TEXT_MAX 12288

/* One step of a mechanism: gets the client's decoded response, writes the next challenge (not
 * encoded). */
typedef enum sasl_result sasl_step_fn(struct sasl *sasl, struct slice response,
    struct buf *challenge, const char **user, struct error *error);

struct sasl {
	struct sasl_hooks hooks;
	const char *hostname;
	sasl_step_fn *step;    /* the next one */
	bool started;
	bool client_first;     /* it waits for a response before its first challenge */
	char *name;            /* as sent by the client; NULL before */
	struct buf first;      /* CRAM-MD5: the challenge; SCRAM: client-first-bare "," server-first */
	struct buf nonce;      /* SCRAM: the client's and ours */
	struct buf gs2_header; /* SCRAM: followed by the channel binding */
	unsigned offered;      /* enum sasl_mechanisms */
	bool is_bound;	       /* SCRAM-SHA-256-PLUS */
	struct scram_keys scram; /* salt and iterations */
	const char *user;      /* SCRAM: proved, waits for the client's last line */
};

enum sasl_result sasl_malformed(struct error *error);

sasl_step_fn sasl_cram_challenge, sasl_scram_first;

#endif
