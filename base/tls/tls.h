/*
 * TLS for servers, over OpenSSL: contexts from a certificate, a self-signed certificate if the admin has none,
 * the details of a certificate for people, and sessions on non-blocking sockets that report what they wait for.
 *
 * TLS 1.2 and newer, no renegotiation. An idle session frees its buffers. Nothing here waits: base/net/stream
 * handles deadlines. OpenSSL writes with write(2), so the process must ignore SIGPIPE.
 */
#ifndef LANPOST_BASE_TLS_H
#define LANPOST_BASE_TLS_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct tls_context;

/* Loads a certificate chain and its key, both PEM. Sessions hold references to what they need of
 * a context, so it may be freed before them. */
int tls_context_new(
    const char *cert_path, const char *key_path, struct tls_context **context, struct error *error);
void tls_context_free(struct tls_context *context);

/* Creates or renews `<folder>/cert.pem` and `<folder>/key.pem` (mode 0600): a self-signed certificate for these names and
 * addresses (the first one that is a name is the subject), EC P-256, good for 10 years. An existing certificate stays if
 * it has all names and is valid for another month, since mail programs ask again about each new one. A new one has the old
 * key, so that a pinned key stays valid, and the old names after the new ones, so that a computer that moves between two
 * networks changes its certificate once. A certificate that an authority has signed is never changed. */
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

/* The result of a call on a session, if not a number of bytes above 0. */
enum tls_result {
	TLS_CLOSED = 0,      /* the peer ended the session */
	TLS_WANT_READ = -1,  /* try again when the socket is readable */
	TLS_WANT_WRITE = -2, /* try again when the socket is writable */
	TLS_FAILED = -3,     /* broken permanently; tls_reason() says why */
};

/* A server's session on a connected non-blocking socket, which remains the caller's. */
struct tls *tls_new(struct tls_context *context, int fd);
void tls_free(struct tls *tls);
int tls_handshake(struct tls *tls); /* 1 when done, else enum tls_result */
ssize_t tls_read(struct tls *tls, void *bytes, size_t len);
ssize_t tls_write(struct tls *tls, struct slice bytes); /* bytes.len > 0 */
void tls_shutdown(struct tls *tls);                     /* sends close_notify, does not wait */
/* True if decoded bytes are available although the socket is silent. */
bool tls_pending(const struct tls *tls);
#define TLS_BINDING_MAX 64 /* EVP_MAX_MD_SIZE */
/* The channel binding of that type: tls-exporter (RFC 9266), tls-unique or tls-server-end-point (RFC 5929). Returns its
 * length, 0 if this session has none of that type. */
size_t tls_binding(const struct tls *tls, struct slice type, unsigned char out[TLS_BINDING_MAX]);
/* OpenSSL's text for the last failure in this thread. Returns out. */
char *tls_reason(char *out, size_t size);

#endif
