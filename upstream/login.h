/*
 * Logging in to a server outside, in POP3, IMAP or SMTP: which way, in which order, and what is said. No I/O.
 *
 * libcurl connects and asks for the server's abilities; the login is ours, since libcurl takes one mechanism only, never
 * the LOGIN command of IMAP where a mechanism is offered, and NTLM before USER and PASS.
 *
 * The order. Where nobody listens (TLS with a server that proved who it is) what works everywhere comes first: SCRAM, which
 * proves the server, too, then the password itself (PLAIN, LOGIN), then the old challenges, for which a server must keep the
 * password, then the protocol's own command, which some announce and do not take. Elsewhere what hides the password comes first. What worked the last
 * time precedes both.
 *
 * The bound. A wrong password must not close the mailbox: providers lock it after five to ten failures. A refusal rules out
 * the whole kind: a challenge (the server may keep hashes only), the password by SASL, the password by a command of the
 * protocol. So there are at most LOGIN_REFUSALS_MAX refused passwords per login, and two where the server says
 * definitely that the password is wrong ([AUTH], [AUTHENTICATIONFAILED], 535): then only a refused challenge is followed by
 * the password itself. What is refused before a password was shown (BAD, 504, "-ERR" to the bare AUTH) does not count.
 */
#ifndef LANPOST_UPSTREAM_LOGIN_H
#define LANPOST_UPSTREAM_LOGIN_H

#include "base/buf.h"
#include "config/conf.h"

#define LOGIN_REFUSALS_MAX 3
#define LOGIN_LINE_MAX 8192 /* of a reply */
#define LOGIN_WORDS_MAX 160

enum login_protocol { LOGIN_POP3 = 1, LOGIN_IMAP = 2, LOGIN_SMTP = 4 };

#define LOGIN_SECRET_MAX 4096

/* What a login asks of the secret. Most ways need no more of it than a digest. */
enum login_question {
	LOGIN_SHOW,	      /* all of it */
	LOGIN_HMAC_MD5,	      /* keyed with it, of `with` */
	LOGIN_MD5_BEHIND,     /* MD5 of `with` and the secret behind it */
	LOGIN_SALTED_SHA_1,   /* PBKDF2 with HMAC, `with` is the salt (RFC 5802: SaltedPassword) */
	LOGIN_SALTED_SHA_256,
	LOGIN_MASK,	      /* `with`, where the secret is masked wherever it is in it, in any form (secret_mask.h) */
};
#define LOGIN_ITERATIONS_MAX 1000000 /* about a second: a hostile server shall not keep us busy */

/* Somebody else who keeps the secret, and answers from another process. */
struct login_keeper {
	/* Appends the answer to out; false: none exists. iterations: of the salted ones. */
	bool (*answer)(void *context, enum login_question question, struct slice with, unsigned iterations, struct buf *out);
	void *context;
	bool has_line_end; /* the secret: no command can carry it */
};
/* The answer itself, for who has the secret. */
bool login_secret_answer(const char *secret, enum login_question question, struct slice with, unsigned iterations, struct buf *out);

struct login_settings {
	enum login_protocol protocol;
	const char *host; /* "pop.example.ru:995" */
	const char *user, *secret; /* the secret is a password, or a token with is_token; all must outlive the login */
	const struct login_keeper *keeper; /* who has the secret instead; NULL: it is in `secret` */
	bool is_token;
	enum conf_auth auth;  /* from the configuration */
	enum conf_auth known; /* what worked the last time; AUTH_AUTO: nothing is known */
};

enum login_result {
	LOGIN_WAIT,    /* for the next line */
	LOGIN_SAY,     /* send out, then reset it and wait for a line */
	LOGIN_DONE,    /* logged in, by login_way() */
	LOGIN_REFUSED, /* nothing is left to try; words is the last refusal */
	LOGIN_BUSY,    /* refused for the moment only; words says why */
	LOGIN_NONE,    /* nothing was tried: the server offers nothing that may be used */
	LOGIN_LOST,    /* who keeps the secret does not answer */
	LOGIN_BROKEN,  /* an answer that is not one of this protocol; in words */
};

struct login;
struct login *login_new(const struct login_settings *settings);
void login_free(struct login *login);
/* Whether nobody listens: TLS with a server that proved who it is. */
void login_set_private(struct login *login, bool is_private);
/* Begins on a new connection: the server's greeting and what it said of its abilities (CAPA, CAPABILITY or EHLO), whole
 * lines. What an earlier connection of this login was refused is not tried again. */
enum login_result login_begin(struct login *login, struct slice greeting, struct slice abilities);
/* A line of the server, without its end. */
enum login_result login_hear(struct login *login, struct slice line);
/* The server hung up. True if another way is left: connect and login_begin() again. */
bool login_hung_up(struct login *login);

/* What is to be sent: whole lines. */
struct buf *login_out(struct login *login);
/* The last refusal, printable, without the secret in any form that was sent. */
const char *login_words(const struct login *login);
/* What is tried now, or what worked; AUTH_AUTO before the first. */
enum conf_auth login_way(const struct login *login);
/* The first way that was refused; AUTH_AUTO: none. */
enum conf_auth login_refused_way(const struct login *login);
/* What the configuration asks for. */
enum conf_auth login_asked(const struct login *login);
/* A way that the server offers and that was not tried, where the server did not say that the password is wrong; AUTH_AUTO:
 * none. */
enum conf_auth login_untried(const struct login *login);
/* The value of `auth` for a way: "cram-md5". */
const char *login_name(enum conf_auth way);
/* The way of that name; AUTH_AUTO for any other text. */
enum conf_auth login_by_name(const char *name);

#endif
