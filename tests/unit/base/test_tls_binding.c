/* Channel bindings: both ends of a session have the same bytes, and other sessions have others. */
#include "base/tls/tls.h"

#include "base/alloc.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/unit/remove_tree.h"

struct ends {
	struct tls_context *context;
	SSL_CTX *client_context;
	struct tls *server;
	SSL *client;
	int fds[2];
};

static char folder[] = "/tmp/lanpost-binding-XXXXXX";

static void make_files(void)
{
	struct strlist names = {(char *[]){(char[]){"gw.office.lan"}}, 1};
	struct error error;

	assert_non_null(mkdtemp(folder));
	assert_int_equal(tls_make_certificate(folder, &names, &error), 0);
}

static void meet(struct ends *ends, int version, unsigned long options, SSL_SESSION *resumed)
{
	char *cert = xasprintf("%s/cert.pem", folder), *key = xasprintf("%s/key.pem", folder);
	struct error error;
	bool done = false;

	if (ends->context == NULL)
		assert_int_equal(tls_context_new(cert, key, &ends->context, &error), 0);
	free(cert);
	free(key);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends->fds), 0);
	ends->server = tls_new(ends->context, ends->fds[0]);
	ends->client_context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(ends->client_context, version);
	SSL_CTX_set_options(ends->client_context, options);
	ends->client = SSL_new(ends->client_context);
	SSL_set_fd(ends->client, ends->fds[1]);
	if (resumed != NULL)
		SSL_set_session(ends->client, resumed);
	for (int i = 0; i < 100 && !done; i++) {
		bool client = SSL_connect(ends->client) == 1;

		done = tls_handshake(ends->server) == 1 && client;
	}
	assert_true(done);
}

static void part(struct ends *ends)
{
	tls_free(ends->server);
	SSL_free(ends->client);
	SSL_CTX_free(ends->client_context);
	close(ends->fds[0]);
	close(ends->fds[1]);
}

static size_t get(const struct ends *ends, const char *type, unsigned char *out)
{
	return tls_binding(ends->server, slice_of(type), out);
}

static void test_tls_13(void **state)
{
	unsigned char ours[TLS_BINDING_MAX], theirs[TLS_BINDING_MAX], other[TLS_BINDING_MAX];
	static const char label[] = "EXPORTER-Channel-Binding";
	struct ends ends = {0}, second = {0};

	(void)state;
	meet(&ends, TLS1_3_VERSION, 0, NULL);
	meet(&second, TLS1_3_VERSION, 0, NULL);
	assert_int_equal(get(&ends, "tls-exporter", ours), 32);
	assert_int_equal(SSL_export_keying_material(ends.client, theirs, 32, label, strlen(label), NULL, 0, 0), 1);
	assert_memory_equal(ours, theirs, 32);
	assert_int_equal(get(&second, "tls-exporter", other), 32);
	assert_memory_not_equal(ours, other, 32);
	assert_int_equal(get(&ends, "tls-unique", ours), 0);
	assert_int_equal(get(&ends, "tls-nonsense", ours), 0);
	part(&ends);
	part(&second);
	tls_context_free(ends.context);
	tls_context_free(second.context);
}

static void test_tls_12(void **state)
{
	unsigned char ours[TLS_BINDING_MAX], theirs[TLS_BINDING_MAX];
	struct ends ends = {0};
	SSL_SESSION *session;
	size_t len;

	(void)state;
	meet(&ends, TLS1_2_VERSION, 0, NULL);
	len = SSL_get_finished(ends.client, theirs, sizeof(theirs));
	assert_true(len > 0);
	assert_int_equal(get(&ends, "tls-unique", ours), len);
	assert_memory_equal(ours, theirs, len);
	assert_int_equal(get(&ends, "tls-exporter", ours), 0);
	session = SSL_get1_session(ends.client);
	part(&ends);
	meet(&ends, TLS1_2_VERSION, 0, session); /* there the server's message is the first */
	if (SSL_session_reused(ends.client)) {
		len = SSL_get_peer_finished(ends.client, theirs, sizeof(theirs));
		assert_int_equal(get(&ends, "tls-unique", ours), len);
		assert_memory_equal(ours, theirs, len);
	}
	SSL_SESSION_free(session);
	part(&ends);
	meet(&ends, TLS1_2_VERSION, SSL_OP_NO_EXTENDED_MASTER_SECRET, NULL);
	assert_int_equal(get(&ends, "tls-unique", ours), 0);
	part(&ends);
	tls_context_free(ends.context);
}

static void test_certificate(void **state)
{
	unsigned char ours[TLS_BINDING_MAX], theirs[TLS_BINDING_MAX];
	struct ends ends = {0};
	unsigned len;

	(void)state;
	meet(&ends, TLS1_3_VERSION, 0, NULL);
	assert_int_equal(X509_digest(SSL_get0_peer_certificate(ends.client), EVP_sha256(), theirs, &len), 1);
	assert_int_equal(get(&ends, "tls-server-end-point", ours), len);
	assert_memory_equal(ours, theirs, len);
	part(&ends);
	tls_context_free(ends.context);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls_13),
	    cmocka_unit_test(test_tls_12),
	    cmocka_unit_test(test_certificate),
	};
	int failed;

	make_files();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_tree(folder);
	return failed;
}
