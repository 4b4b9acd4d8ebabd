/* The protocol between a session (secrets.c) and its secrets process (secrets_serve.c); a conversation is one login, one
 * command or one key. */
#ifndef LANPOST_GATEWAY_SECRETS_PRIV_H
#define LANPOST_GATEWAY_SECRETS_PRIV_H

#include "base/net/frame.h"
#include "gateway/session/line_counters.h"
#include "gateway/session/secrets.h"

#define SECRETS_FRAME_MAX 16384
#define SECRETS_OUTPUT_MAX 2048 /* of a command of the line */
#define SECRETS_QUESTIONS_MAX 64 /* of a login: three connections, a few methods each */
#define SECRETS_CONNECTIONS_MAX 32 /* simultaneous logins at a smarthost */

enum secrets_kind {
	/* The session's first frame. */
	SECRETS_ACCOUNT = 1, /* its name */
	SECRETS_SMARTHOST,   /* its name */
	SECRETS_DIALUP,	     /* a byte: 0 up, 1 down; and the name of one of several lines */
	SECRETS_KEY,	     /* domain of a [dkim] section */
	SECRETS_WHILE_UP,    /* nothing */
	/* Answers. */
	SECRETS_GOOD, /* to the first request: whether the secret has a line end (a byte); exit code (32 bits) and output;
	 * whether the key is Ed25519 (a byte); after SECRETS_WHILE_UP: struct secrets_ran and the output; to a question: the answer */
	SECRETS_BAD,  /* class (32 bits) and phrase of an error */
	/* After SECRETS_KEY: a digest to sign; may be repeated. */
	SECRETS_SIGN,
	/* And an enum login_question: rounds (32 bits) and `with`. */
	SECRETS_QUESTION = 16,
};

struct secrets_ran {
	int32_t code;
	int32_t has_bytes;
	struct line_counters bytes;
};

/* Sends a frame and receives its answer. Returns -1 with the error of the other side, or if it does not answer. */
int secrets_exchange(const struct conversation *conversation, const struct frame *question, struct buf *answer, struct frame_wait wait,
    struct error *error);

/* The functions of struct outbound_keys; context: the struct secrets. */
int secrets_key_open(void *context, const struct conf_dkim *dkim, struct dkim_signer *signer, struct error *error);
void secrets_key_close(struct dkim_signer *signer);

#endif
