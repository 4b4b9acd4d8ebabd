/* Declarations that the login methods share. */
#ifndef LANPOST_UPSTREAM_LOGIN_PRIV_H
#define LANPOST_UPSTREAM_LOGIN_PRIV_H

#include "upstream/login.h"

#define LOGIN_TEXT_MAX 65536 /* of a response; a token may be long */
#define LOGIN_DIGEST_MAX 64
#define LOGIN_MD5_LEN 16

/* The kinds of methods that one refusal excludes; a bit each. */
enum login_kind { KIND_CHALLENGE = 1, KIND_PASSWORD = 2, KIND_COMMAND = 4, KIND_TOKEN = 8 };

struct login_mechanism {
	enum conf_auth way;
	const char *sasl; /* its name; NULL: a command of the protocol */
	unsigned protocols;
	enum login_kind kind;
	bool speaks_first; /* a first response without a challenge */
	/* Appends the response to the challenge (decoded for SASL; ptr NULL: none yet), for a command the whole line
	 * without its end. login->step counts up from 0. Returns false if the challenge is not valid, or if no response
	 * is left. */
	bool (*respond)(struct login *login, struct slice challenge, struct buf *response);
};

struct login {
	struct login_settings settings;
	const struct login_mechanism *mechanism; /* the current method; NULL: none */
	unsigned offered, tried;		 /* a bit per method */
	unsigned refused_kinds;
	bool is_private;
	bool is_definite; /* a password was refused as wrong */
	int step;
	bool is_proved;   /* the server's proof is valid, or none is needed */
	bool has_shown;	  /* a value derived from the secret was sent in this exchange */
	bool has_ir;	  /* IMAP: an initial response may come with the command */
	bool is_cancelled; /* "*" was sent */
	bool is_lost;	  /* the keeper of the secret did not answer: the login ends */
	bool is_answered; /* a line was received since this method began */
	char *pending;	  /* a first response that waits for the server's request */
	unsigned tag;
	enum conf_auth first_refused;
	char timestamp[256]; /* APOP */
	char nonce[32];	     /* ours, printable */
	struct buf out;
	struct buf scram;    /* client-first-bare, then the AuthMessage */
	unsigned char signature[LOGIN_DIGEST_MAX];
	size_t signature_len;
	char *seen;	     /* the secret, if the keeper has returned it; NULL: not needed */
	struct buf shown;    /* everything that was sent with the secret in it, one per line */
	char words[LOGIN_WORDS_MAX];
};

extern const struct login_mechanism login_mechanisms[];
extern const size_t login_mechanism_count;

/* Computes with the secret; returns false if the keeper has none, or if the request is invalid. */
bool login_ask(struct login *login, enum login_question question, struct slice with, unsigned iterations, struct buf *out);
/* The secret itself, NULL if the keeper does not return it; valid until login_secret_forget(). */
const char *login_secret_text(struct login *login);
void login_secret_forget(struct login *login);
/* Reads the server's offer: its greeting, and its capabilities. */
void login_read_abilities(struct login *login, struct slice greeting, struct slice abilities);

/* The best method that is left, NULL if there is none. */
const struct login_mechanism *login_choose(const struct login *login);

/* Writes bytes as lower-case hexadecimal digits. */
void login_hex(const unsigned char *bytes, size_t len, struct buf *out);

bool login_scram(struct login *login, const char *digest_name, struct slice challenge, struct buf *response);
bool login_digest_md5(struct login *login, struct slice challenge, struct buf *response);

#endif
