/*
 * What a provider of OAuth 2.0 answers, in JSON: to a request for a sign-in (RFC 8628 section 3.2) and for a token (RFC 6749
 * sections 5.1 and 5.2, RFC 8628 section 3.5). No I/O.
 *
 * Nothing of an answer is trusted: texts have the length and the bytes that the login and a terminal can take, times are bounded.
 */
#ifndef LANPOST_UPSTREAM_OAUTH2_ANSWER_H
#define LANPOST_UPSTREAM_OAUTH2_ANSWER_H

#include "base/err.h"
#include "base/str.h"

#define OAUTH2_TOKEN_MAX 4096 /* bytes with the NUL: what a login can send */
#define OAUTH2_URL_MAX 512
#define OAUTH2_CODE_MAX 64
#define OAUTH2_ANSWER_MAX (64u << 10)

/* A sign-in that has begun. */
struct oauth2_device {
	char device_code[OAUTH2_TOKEN_MAX];
	char user_code[OAUTH2_CODE_MAX];
	char page[OAUTH2_URL_MAX];	/* where the user enters the code */
	char page_with_code[OAUTH2_URL_MAX]; /* the same page, which knows the code; "": the provider has none */
	int64_t lifetime, interval;	/* seconds; interval: between two questions */
};

struct oauth2_tokens {
	char access[OAUTH2_TOKEN_MAX];
	char refresh[OAUTH2_TOKEN_MAX];	 /* "": the old one remains */
	int64_t lifetime;		 /* of the access token, seconds; 0: not known */
	int64_t refresh_lifetime;	 /* seconds; 0: not known */
};

enum oauth2_result {
	OAUTH2_GRANTED,
	OAUTH2_PENDING,	  /* the user has not answered yet */
	OAUTH2_SLOW_DOWN, /* the same, and the interval grows by five seconds */
	OAUTH2_DENIED,	  /* by the user */
	OAUTH2_EXPIRED,	  /* the code is too old */
	OAUTH2_INVALID,	  /* the refresh token is not accepted (any more) */
	OAUTH2_FAILED,	  /* for another reason, or an answer of another kind */
};

/* status: of HTTP. Returns -1 with the error (CONFIG for what the admin can change, else TEMPORARY or PROTOCOL). */
int oauth2_answer_device(long status, struct slice answer, struct oauth2_device *device, struct error *error);
/* error: for each result but GRANTED, PENDING and SLOW_DOWN. */
enum oauth2_result oauth2_answer_token(long status, struct slice answer, struct oauth2_tokens *tokens, struct error *error);

#endif
