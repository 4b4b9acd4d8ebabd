/*
 * TLS for servers, over OpenSSL: contexts from a certificate, our own certificate where the admin
 * has none, what a certificate looks like to people, and sessions on non-blocking sockets that say what they wait for.
 *
 * TLS 1.2 and newer, no renegotiation. An idle session gives its buffers back. Nothing here waits:
 * deadlines are the business of base/net/stream. OpenSSL writes with write(2), so the process must
 * ignore SIGPIPE.
 */
#ifndef LANPOST_BASE_TLS_H
#define LANPOST_BASE_TLS_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct tls_context;

/* Loads a certificate chain and its key, both PEM. Sessions keep what they need of a context, so it
 * may be freed while they live. */
int tls_context_new(
    const char *cert_path, const char *key_path, struct tls_context **context, struct error *error);
void tls_context_free(struct tls_context *context);

/* Sees to `<folder>/cert.pem` and `<folder>/key.pem` (mode 0600): a self-signed certificate for these names and addresses (the first
 * one that is a name is the subject), EC P-256, good for 10 years. What is there stays as long as it holds all of them and is valid
 * for another month: mail programs ask again about each new one. A new one has the old key, so that a pinned key stays right, and
 * the old names behind the new ones, so that a computer that changes between two networks changes its certificate once. A
 * certificate that an authority signed is never touched. */
int tls_make_certificate(const char *folder, const struct strlist *names, struct error *error);

#define TLS_FINGERPRINT_MAX 96

struct tls_certificate {
	char sha256[TLS_FINGERPRINT_MAX]; /* fingerprint as mail programs show it: "AB:CD:..." */
	bool is_self_signed;
	char *der; /* owned */
	size_t der_len;
};
/* Reads the first certificate of a PEM file. */
int tls_certificate_read(const char *path, struct tls_certificate *certificate, struct error *error);
void tls_certificate_clear(struct tls_certificate *certificate);

struct tls; /* one session */

/* What a call on a session came to, if not a number of bytes above 0. */
enum tls_result {
	TLS_CLOSED = 0,      /* the peer ended the session */
	TLS_WANT_READ = -1,  /* again when the socket can be read */
	TLS_WANT_WRITE = -2, /* again when the socket can be written */
	TLS_FAILED = -3,     /* broken permanently; tls_reason() says why */
};

/* A server's session on a connected non-blocking socket, which stays the caller's. */
struct tls *tls_new(struct tls_context *context, int fd);
void tls_free(struct tls *tls);
int tls_handshake(struct tls *tls); /* 1 when done, else enum tls_result */
ssize_t tls_read(struct tls *tls, void *bytes, size_t len);
ssize_t tls_write(struct tls *tls, struct slice bytes); /* bytes.len > 0 */
void tls_shutdown(struct tls *tls);                     /* says goodbye, does not wait */
/* True if decoded bytes wait inside though the socket is silent. */
bool tls_pending(const struct tls *tls);
#define TLS_BINDING_MAX 64 /* EVP_MAX_MD_SIZE */
/* The channel binding of that type: tls-exporter (RFC 9266), tls-unique or tls-server-end-point (RFC 5929). Returns its length,
 * 0 where this session has none of that type. */
size_t tls_binding(const struct tls *tls, struct slice type, unsigned char out[TLS_BINDING_MAX]);
/* OpenSSL's words for the last failure in this thread. Returns out. */
char *tls_reason(char *out, size_t size);

#endif
