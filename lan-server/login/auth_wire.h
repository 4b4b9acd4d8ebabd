/*
 * The protocol between the LAN server and the process with the password verifiers (gateway/services/auth_process.h).
 *
 * Both have an end of one AF_UNIX socket of type SOCK_SEQPACKET. A question is one message with a descriptor: one end of
 * a socket pair that was created only for this question. The answer is one message on it. So any thread may ask and any
 * thread may answer, the answering side never waits for the asking one, and the end of a process closes its sockets, so
 * that nobody keeps waiting.
 *
 * Each side treats the other as hostile: every length is checked against the received size.
 */
#ifndef LANPOST_LAN_SERVER_AUTH_WIRE_H
#define LANPOST_LAN_SERVER_AUTH_WIRE_H

#include "base/buf.h"
#include "base/err.h"

#include <netinet/in.h>

/* The kinds of questions, with their strings. */
enum auth_kind {
	ASK_OFFERS = 1,	 /* number: bits of enum auth_offers */
	ASK_PASSWORD,	 /* name, text: the password */
	ASK_SCRAM_BEGIN, /* name -> bytes: salt, number: iterations */
	ASK_SCRAM_END,	 /* name, text: AuthMessage, proof: 32 bytes -> bytes: the server's signature */
	ASK_CRAM_MD5,	 /* name, text: the challenge, proof: the digest in hexadecimal digits */
	ASK_APOP,	 /* the same */
	ASK_CERTIFICATE, /* -> bytes: the TLS certificate and its chain (PEM); NO: a phrase with the reason why there is none */
	ASK_SIGN,	 /* name: scheme, text: the data to sign, proof: the key's id (base/tls/tls_key.h) -> bytes */
	ASK_KINDS,
};

/* The mechanisms that the users' secrets allow. */
enum auth_offers {
	AUTH_ALL_HAVE_SCRAM = 1,
	AUTH_SOMEBODY_IS_WEAK = 2, /* CRAM-MD5, APOP */
};

enum auth_verdict {
	VERDICT_NO,
	VERDICT_YES,
	VERDICT_LATER, /* banned for a while */
	VERDICTS,
};

#define AUTH_NAME_MAX 320
#define AUTH_TEXT_MAX 32768
#define AUTH_PROOF_MAX 64
#define AUTH_QUESTION_MAX (AUTH_NAME_MAX + AUTH_TEXT_MAX + AUTH_PROOF_MAX + 64)
#define AUTH_ANSWER_MAX 65536
#define AUTH_DELAYS_MAX 16

struct auth_question {
	enum auth_kind kind;
	struct in6_addr client;
	struct slice name;  /* the name in normal form */
	struct slice text;
	struct slice proof;
};

struct auth_answer {
	enum auth_verdict verdict;
	uint32_t delays;   /* the client waits this many delays for it, at most AUTH_DELAYS_MAX */
	uint32_t shut_out; /* enum bans_news: bans caused by this question */
	uint32_t number;
	struct buf bytes;  /* limit AUTH_ANSWER_MAX */
};

#define AUTH_ANSWER_INIT {.verdict = VERDICT_NO, .bytes = BUF_INIT(AUTH_ANSWER_MAX)}

/* Conversion to bytes and back. Reading returns false unless the bytes are exactly one question (answer); the slices
 * of a question point into the bytes. */
void auth_question_write(const struct auth_question *question, struct buf *out);
bool auth_question_read(struct slice bytes, struct auth_question *question);
void auth_answer_write(const struct auth_answer *answer, struct buf *out);
bool auth_answer_read(struct slice bytes, struct auth_answer *answer);

/* Asks and waits for the answer. fd: our end of the shared socket. Returns -1, class TEMPORARY, if none arrived in
 * time. */
int auth_ask(int fd, const struct auth_question *question, struct auth_answer *answer, int64_t deadline, struct error *error);
/* The same without waiting: returns the descriptor for the answer, or -1. The deadline is for
 * sending. */
int auth_ask_begin(int fd, const struct auth_question *question, int64_t deadline, struct error *error);
/* Called by the other side: receives the next question's bytes (buf of at least AUTH_QUESTION_MAX) and the descriptor for
 * its answer. Blocks; returns -1 if there will be no more. An invalid message has len 0 or reply_fd -1. */
int auth_take(int fd, char *bytes, size_t *len, int *reply_fd);
/* Sends the answer, or nothing if nobody waits for it any more. Closes reply_fd. */
void auth_reply(int reply_fd, const struct auth_answer *answer);

#endif
