/* What a session (secrets.c) and its secrets process (secrets_serve.c) say to each other; a conversation is one login or one command. */
#ifndef LANPOST_GATEWAY_SECRETS_PRIV_H
#define LANPOST_GATEWAY_SECRETS_PRIV_H

#include "base/net/frame.h"

#define SECRETS_FRAME_MAX 16384
#define SECRETS_OUTPUT_MAX 2048 /* of a command of the line */
#define SECRETS_QUESTIONS_MAX 64 /* of a login: three connections, a few ways each */
#define SECRETS_LANES_MAX 32 /* logins at once at a smarthost */

enum secrets_kind {
	/* The session's first word. */
	SECRETS_ACCOUNT = 1, /* its name */
	SECRETS_SMARTHOST,   /* its name */
	SECRETS_LINE,	     /* a byte: 0 up, 1 down */
	/* Answers. */
	SECRETS_GOOD, /* to the first: whether the secret has a line end (a byte); exit code (32 bits) and output; to a question: the answer */
	SECRETS_BAD,  /* class (32 bits) and phrase of an error */
	/* And an enum login_question: rounds (32 bits) and `with`. */
	SECRETS_QUESTION = 16,
};

#endif
