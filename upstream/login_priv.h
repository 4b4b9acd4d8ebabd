/* What the ways to log in share. */
#ifndef LANPOST_UPSTREAM_LOGIN_PRIV_H
#define LANPOST_UPSTREAM_LOGIN_PRIV_H

#include "upstream/login.h"

#define LOGIN_TEXT_MAX 65536 /* of a response; a token may be long */
#define LOGIN_DIGEST_MAX 64
#define LOGIN_MD5_LEN 16

/* The kinds that a refusal rules out as a whole; a bit each. */
enum login_kind { KIND_CHALLENGE = 1, KIND_PASSWORD = 2, KIND_COMMAND = 4, KIND_TOKEN = 8 };

struct login_mechanism {
	enum conf_auth way;
	const char *sasl; /* its name; NULL: a command of the protocol */
	unsigned protocols;
	enum login_kind kind;
	bool speaks_first; /* a first response without a challenge */
	/* Appends the response to the challenge (of SASL decoded; ptr NULL: none yet), for a command the whole line without
	 * its end. login->step counts up from 0. False: the challenge is not valid, or nothing is left to say. */
	bool (*respond)(struct login *login, struct slice challenge, struct buf *response);
};

struct login {
	struct login_settings settings;
	const struct login_mechanism *mechanism; /* under way; NULL: none */
	unsigned offered, tried;		 /* a bit per way */
	unsigned refused_kinds;
	bool is_private;
	bool is_definite; /* a password was refused for what it is */
	int step;
	bool is_proved;   /* the server's proof was right, or none is needed */
	bool has_shown;	  /* something of the secret was sent in this exchange */
	bool has_ir;	  /* IMAP: an initial response may come with the command */
	bool is_cancelled; /* "*" was said */
	bool is_lost;	  /* the keeper of the secret did not answer: nothing more is said */
	bool is_answered; /* a line came since this way began */
	char *pending;	  /* a first response that waits for the server's go */
	unsigned tag;
	enum conf_auth first_refused;
	char timestamp[256]; /* APOP */
	char nonce[32];	     /* ours, printable */
	struct buf out;
	struct buf scram;    /* client-first-bare, then the AuthMessage */
	unsigned char signature[LOGIN_DIGEST_MAX];
	size_t signature_len;
	char *seen;	     /* the secret, once the keeper has shown it; NULL: it was not needed */
	struct buf shown;    /* all that was sent with the secret in it, a line each */
	char words[LOGIN_WORDS_MAX];
};

extern const struct login_mechanism login_mechanisms[];
extern const size_t login_mechanism_count;

/* What is computed with the secret; false: the keeper has none to compute with, or what it is asked makes no sense. */
bool login_ask(struct login *login, enum login_question question, struct slice with, unsigned iterations, struct buf *out);
/* The secret itself, NULL if the keeper does not give it; known until login_secret_forget(). */
const char *login_secret_text(struct login *login);
void login_secret_forget(struct login *login);
/* What the server offers: its greeting, and what it said of its abilities. */
void login_read_abilities(struct login *login, struct slice greeting, struct slice abilities);

/* Bytes of lower-case hexadecimal digits. */
void login_hex(const unsigned char *bytes, size_t len, struct buf *out);

bool login_scram(struct login *login, const char *digest_name, struct slice challenge, struct buf *response);
bool login_digest_md5(struct login *login, struct slice challenge, struct buf *response);

#endif
