/*
 * Login to an external server by POP3, IMAP or SMTP: the methods, their order, and the dialogue. No I/O.
 *
 * libcurl connects and requests the server's capabilities; the login is done here, since libcurl tries one mechanism only,
 * never the LOGIN command of IMAP if a mechanism is offered, and NTLM before USER and PASS.
 *
 * The order: on a private connection (TLS with a verified server) SCRAM comes first, which also verifies the server, then
 * the password itself (PLAIN, LOGIN), then the old challenges, for which a server must store the password, then the
 * protocol's own command, which some servers announce but refuse. On other connections the methods that hide the password
 * come first. In both cases the method that worked last time is tried before all others.
 *
 * The limit: a wrong password must not lock the mailbox; providers lock it after five to ten failures. A refusal excludes
 * all methods of its kind: challenges (the server may store only hashes), the password by SASL, the password by a command
 * of the protocol. So there are at most LOGIN_REFUSALS_MAX refused passwords per login, and two if the server says
 * definitely that the password is wrong ([AUTH], [AUTHENTICATIONFAILED], 535): then only a refused challenge is followed
 * by the password itself. A refusal before a password was sent (BAD, 504, "-ERR" to the bare AUTH) does not count.
 */
#ifndef LANPOST_UPSTREAM_LOGIN_H
#define LANPOST_UPSTREAM_LOGIN_H

#include "base/buf.h"
#include "config/conf_remote.h"

#define LOGIN_REFUSALS_MAX 3
#define LOGIN_LINE_MAX 8192 /* of a reply */
#define LOGIN_WORDS_MAX 160

enum login_protocol { LOGIN_POP3 = 1, LOGIN_IMAP = 2, LOGIN_SMTP = 4 };

#define LOGIN_SECRET_MAX 4096

/* What a login needs of the secret. Most methods need only a digest. */
enum login_question {
	LOGIN_SHOW,	      /* the secret itself */
	LOGIN_HMAC_MD5,	      /* HMAC of `with`, keyed with the secret */
	LOGIN_MD5_BEHIND,     /* MD5 of `with` followed by the secret */
	LOGIN_SALTED_SHA_1,   /* PBKDF2 with HMAC, `with` is the salt (RFC 5802: SaltedPassword) */
	LOGIN_SALTED_SHA_256,
	LOGIN_MASK,	      /* `with`, with the secret masked in any form (secret_mask.h) */
};
#define LOGIN_ITERATIONS_MAX 1000000 /* about a second: limits the work that a hostile server can cause */

/* A keeper of the secret in another process. */
struct login_keeper {
	/* Appends the answer to out; returns false if there is none. iterations: for salted
	 * kinds. */
	bool (*answer)(void *context, enum login_question question, struct slice with, unsigned iterations, struct buf *out);
	void *context;
	bool has_line_end; /* limit of the secret: no command can be longer */
	uint64_t received, sent; /* bytes that it cost on the line to get the secret */
};
/* Computes the answer, for a process that has the secret. */
bool login_secret_answer(const char *secret, enum login_question question, struct slice with, unsigned iterations, struct buf *out);

struct login_settings {
	enum login_protocol protocol;
	const char *host; /* "pop.example.ru:995" */
	const char *user, *secret; /* the secret is a password, or a token if is_token; all must outlive the login */
	const struct login_keeper *keeper; /* the keeper of the secret; NULL: it is in `secret` */
	bool is_token;
	enum conf_auth auth;  /* from the configuration */
	enum conf_auth known; /* the method that worked last time; AUTH_AUTO: not known */
};

enum login_result {
	LOGIN_WAIT,    /* wait for the next line */
	LOGIN_SAY,     /* send `out`, then reset it and wait for a line */
	LOGIN_DONE,    /* logged in, with the method login_way() */
	LOGIN_REFUSED, /* no method is left; words is the last refusal */
	LOGIN_BUSY,    /* refused for the moment only; words says why */
	LOGIN_NONE,    /* nothing was tried: the server offers no usable method */
	LOGIN_LOST,    /* the keeper of the secret does not answer */
	LOGIN_BROKEN,  /* a reply that violates the protocol; in words */
};

struct login;
struct login *login_new(const struct login_settings *settings);
void login_free(struct login *login);
/* Whether the connection is private: TLS with a verified server. */
void login_set_private(struct login *login, bool is_private);
/* Begins on a new connection, with the server's greeting and its capabilities (CAPA, CAPABILITY or EHLO), whole
 * lines. Methods that were refused on an earlier connection of this login are not tried again. */
enum login_result login_begin(struct login *login, struct slice greeting, struct slice abilities);
/* Processes a line of the server, without its end. */
enum login_result login_hear(struct login *login, struct slice line);
/* The server has disconnected. Returns true if another method is left: connect and call
 * login_begin() again. */
bool login_hung_up(struct login *login);

/* The bytes to send: whole lines. */
struct buf *login_out(struct login *login);
/* The last refusal, printable, without the secret in any form that was sent. */
const char *login_words(const struct login *login);
/* The current method, or the one that worked; AUTH_AUTO before the first. */
enum conf_auth login_way(const struct login *login);
/* The first method that was refused; AUTH_AUTO: none. */
enum conf_auth login_refused_way(const struct login *login);
/* The configured method. */
enum conf_auth login_asked(const struct login *login);
/* A method that the server offers and that was not tried, if the server did not say that the password is wrong;
 * AUTH_AUTO: none. */
enum conf_auth login_untried(const struct login *login);
/* The value of `auth` for a method: "cram-md5". */
const char *login_name(enum conf_auth way);
/* The method of that name; AUTH_AUTO for any other text. */
enum conf_auth login_by_name(const char *name);

#endif
