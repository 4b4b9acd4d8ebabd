#include "base/tls/tls_priv.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#define READS_MAX 4 /* a record of the largest size needs two */

char *tls_reason(char *out, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);

	snprintf(out, size, "%s", reason != NULL ? reason : "connection broken");
	ERR_clear_error();
	return out;
}

/* A key under a passphrase would ask for it on the terminal of a daemon. */
static int no_passphrase(char *out, int size, int writing, void *context)
{
	(void)writing;
	(void)context;
	if (size > 0)
		out[0] = '\0';
	return 0;
}

static int load_files(
    SSL_CTX *ctx, const char *cert_path, const char *key_path, struct error *error)
{
	char reason[120];

	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
		return error_set(error, ERROR_CONFIG, N_("cannot use certificate %s: %s"), cert_path,
		    tls_reason(reason, sizeof(reason)));
	if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1)
		return error_set(error, ERROR_CONFIG, N_("cannot use private key %s: %s"), key_path,
		    tls_reason(reason, sizeof(reason)));
	return 0;
}

struct tls_context *tls_context_make(OSSL_LIB_CTX *library)
{
	SSL_CTX *ctx = SSL_CTX_new_ex(library, NULL, TLS_server_method());
	struct tls_context *context;

	if (ctx == NULL)
		return NULL;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
	                             SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(ctx, 1); /* each resumed session provides a new ticket */
	SSL_CTX_set_read_ahead(ctx, 1); /* reads header and body of a record in one call */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
	                          SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	context = xmalloc(sizeof(*context));
	context->ctx = ctx;
	return context;
}

int tls_context_new(
    const char *cert_path, const char *key_path, struct tls_context **context, struct error *error)
{
	struct tls_context *made;

	ERR_clear_error();
	made = tls_context_make(NULL);
	if (made == NULL)
		return error_set(error, ERROR_TEMPORARY, N_("OpenSSL cannot create a context"));
	if (load_files(made->ctx, cert_path, key_path, error) != 0) {
		tls_context_free(made);
		return -1;
	}
	*context = made;
	return 0;
}

void tls_context_free(struct tls_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ctx);
	free(context);
}

/* OpenSSL handles records without data (TLS 1.3: KeyUpdate) within one call, as long as the socket has more of them. A peer
 * that sends them without pause would keep us there for ever: so after some reads the socket seems to be empty. */
static long limit_reads(
    BIO *bio, int operation, const char *bytes, size_t len, int integer, long number, int result, size_t *processed)
{
	struct tls *tls = (struct tls *)BIO_get_callback_arg(bio);

	(void)bytes, (void)len, (void)integer, (void)number, (void)processed;
	if (operation != BIO_CB_READ || ++tls->reads <= READS_MAX)
		return result;
	BIO_set_retry_read(bio);
	return -1;
}

struct tls *tls_new(struct tls_context *context, int fd)
{
	struct tls *tls = xmalloc(sizeof(*tls));

	tls->ssl = SSL_new(context->ctx);
	if (tls->ssl == NULL || SSL_set_fd(tls->ssl, fd) != 1)
		abort(); /* only if out of memory */
	BIO_set_callback_arg(SSL_get_rbio(tls->ssl), (char *)tls);
	BIO_set_callback_ex(SSL_get_rbio(tls->ssl), limit_reads);
	return tls;
}

void tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

static int result_of(struct tls *tls, int done)
{
	switch (SSL_get_error(tls->ssl, done)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_CLOSED;
	default:
		return TLS_FAILED;
	}
}

int tls_handshake(struct tls *tls)
{
	int done;

	ERR_clear_error();
	tls->reads = 0;
	done = SSL_accept(tls->ssl);
	return done == 1 ? 1 : result_of(tls, done);
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t len)
{
	size_t got = 0;

	ERR_clear_error();
	tls->reads = 0;
	if (SSL_read_ex(tls->ssl, bytes, len, &got) == 1)
		return (ssize_t)got;
	return result_of(tls, 0);
}

ssize_t tls_write(struct tls *tls, struct slice bytes)
{
	size_t sent = 0;

	ERR_clear_error();
	tls->reads = 0;
	if (SSL_write_ex(tls->ssl, bytes.ptr, bytes.len, &sent) == 1)
		return (ssize_t)sent;
	return result_of(tls, 0);
}

void tls_shutdown(struct tls *tls)
{
	ERR_clear_error();
	if (SSL_is_init_finished(tls->ssl))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}

bool tls_pending(const struct tls *tls)
{
	return SSL_has_pending(tls->ssl) != 0;
}

