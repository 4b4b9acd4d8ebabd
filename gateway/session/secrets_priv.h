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
	SECRETS_ACCOUNT = 1, /* its name; behind a NUL that of one of several lines, for a sign-in (mail/sign_in.h) */
	SECRETS_SMARTHOST,   /* the same */
	SECRETS_DIALUP,	     /* a byte: 0 up, 1 down; and the name of one of several lines */
	SECRETS_KEY,	     /* domain of a [dkim] section */
	SECRETS_WHILE_UP,    /* nothing */
	SECRETS_SIGN_INS,    /* nothing */
	/* Answers. */
	SECRETS_GOOD, /* to the first request: struct secrets_opened; exit code (32 bits) and output;
	 * whether the key is Ed25519 (a byte); after SECRETS_WHILE_UP: struct secrets_ran and the output; after SECRETS_SIGN_INS: a number (64 bits) for each account, then each
	 * smarthost, as secrets_sign_ins() has it; to a question: the answer */
	SECRETS_BAD,  /* class (32 bits) and phrase of an error */
	/* After SECRETS_KEY: a digest to sign; may be repeated. */
	SECRETS_SIGN,
	/* After SECRETS_ACCOUNT or SECRETS_SMARTHOST: the server has refused the login. */
	SECRETS_REFUSED,
	/* And an enum login_question: rounds (32 bits) and `with`. */
	SECRETS_QUESTION = 16,
};

struct secrets_opened {
	struct remote_bytes bytes; /* what it cost on the line */
	int32_t has_line_end;
	int32_t unused;
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
