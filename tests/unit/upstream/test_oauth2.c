/* A request to a provider ends when it must, whatever the provider sends. */
#include "upstream/oauth2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/tls/tls.h"
#include "tests/unit/remove_tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define UPDATES 20000

static char folder[] = "/tmp/lanpost-oauth2-XXXXXX";
static atomic_bool cancelled;
static int listener;

static int set_up(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char *name = (char *)(uintptr_t)"127.0.0.1";
	const struct strlist names = {&name, 1};
	struct error error;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(folder) == NULL || tls_make_certificate(folder, &names, &error) != 0)
		return -1;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 1) != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(listener);
	return remove_tree(folder);
}

static SSL *accept_one(SSL_CTX *context, int *fd)
{
	char *cert = xasprintf("%s/cert.pem", folder), *key = xasprintf("%s/key.pem", folder);
	SSL *ssl;

	SSL_CTX_use_certificate_chain_file(context, cert);
	SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM);
	free(cert);
	free(key);
	*fd = accept(listener, NULL, NULL);
	ssl = SSL_new(context);
	SSL_set_fd(ssl, *fd);
	SSL_accept(ssl);
	return ssl;
}

static bool send_all(int fd, struct slice bytes)
{
	while (bytes.len > 0) {
		ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		bytes = slice_from(bytes, (size_t)sent);
	}
	return true;
}

/* Whether the client has closed the connection without reading all of it. */
static bool left_something(int fd, struct slice sent)
{
	struct pollfd end = {.fd = fd, .events = POLLIN};
	char bytes[4096];
	ssize_t got = 1;

	if (!send_all(fd, sent))
		return true;
	while (got > 0)
		got = poll(&end, 1, 90000) == 1 ? recv(fd, bytes, sizeof(bytes), 0) : 0;
	return got < 0 && errno == ECONNRESET;
}

/* Answers a request by many records without data (KeyUpdate of TLS 1.3), and goes on when the caller has lost interest. */
static void *flood(void *left)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	BIO *out = BIO_new(BIO_s_mem());
	char request[4096], *bytes;
	int fd;
	SSL *ssl = accept_one(context, &fd);
	size_t len;

	SSL_read(ssl, request, sizeof(request));
	SSL_set0_wbio(ssl, out);
	for (int i = 0; i < UPDATES; i++)
		if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1)
			break;
	len = (size_t)BIO_get_mem_data(out, &bytes);
	if (send_all(fd, slice_make(bytes, len / 2))) {
		atomic_store(&cancelled, true);
		*(bool *)left = left_something(fd, slice_make(bytes + len / 2, len - len / 2));
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fd);
	return NULL;
}

static void test_records_without_data_do_not_keep_it_from_ending(void **state)
{
	char *ca_file = xasprintf("%s/cert.pem", folder), *url;
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	struct oauth2_tokens tokens;
	struct error error = ERROR_INIT;
	bool left = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	url = xasprintf("https://127.0.0.1:%u/token", ntohs(address.sin_port));
	pthread_create(&thread, NULL, flood, &left);
	assert_int_equal(oauth2_refresh(&(struct oauth2_client){.device_url = url, .token_url = url, .scope = "", .id = "app", .secret = "",
					    .ca_file = ca_file, .proxy = "", .cancel = &cancelled},
			     "refresh", &tokens, &error),
	    OAUTH2_FAILED);
	pthread_join(thread, NULL);
	assert_int_equal(error.class, ERROR_CANCELLED);
	assert_true(left);
	free(url);
	free(ca_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_records_without_data_do_not_keep_it_from_ending),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
