/* Streams over a socket pair: lines, limits, deadlines, stop, TLS with our own certificate. */
#include "base/net/stream.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file/fsx.h"
#include "tests/unit/remove_tree.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

static struct stream stream;
static int peer;

static int open_pair(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	stream_init(&stream, fds[0], -1);
	peer = fds[1];
	return 0;
}

static int close_pair(void **state)
{
	(void)state;
	stream_close(&stream);
	close(peer);
	return 0;
}

static void say(const char *text)
{
	assert_int_equal(write(peer, text, strlen(text)), strlen(text));
}

static int64_t soon(void)
{
	return clock_now_ms() + 20;
}

static void expect_line(const char *text)
{
	struct slice line;

	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_OK);
	assert_int_equal(line.len, strlen(text));
	assert_memory_equal(line.ptr, text, line.len);
}

static void test_a_peer_that_only_sends_no_more_is_still_there(void **state)
{
	(void)state;
	assert_false(stream_is_hung_up(&stream));
	say("line");
	shutdown(peer, SHUT_WR);
	assert_false(stream_is_hung_up(&stream));
	shutdown(stream.fd, SHUT_RDWR);
	assert_true(stream_is_hung_up(&stream));
}

static void test_lines(void **state)
{
	struct slice line;

	(void)state;
	say("one\r\ntwo\n\r\n\nfo");
	expect_line("one");
	assert_true(stream_has_input(&stream));
	expect_line("two");
	expect_line("");
	expect_line("");
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_TIMEOUT);
	say("ur\r\nrest");
	expect_line("four");
	shutdown(peer, SHUT_WR);
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_CLOSED);
}

static void test_line_too_long_is_read_to_its_end(void **state)
{
	char *text = xmalloc(40001);
	struct slice line;

	(void)state;
	memset(text, 'x', 40000);
	text[40000] = '\0';
	say(text);
	say("\r\nnext\r\n");
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_TOO_LONG);
	expect_line("next");
	text[100] = '\0';
	say(text);
	say("\r\n");
	expect_line(text);
	say(text);
	say("y\r\nnext\r\n");
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_TOO_LONG);
	expect_line("next");
	free(text);
}

static void test_lines_and_bytes_mix(void **state)
{
	struct slice bytes;

	(void)state;
	say("DATA\r\nabcdef\r\nNOOP\r\n");
	expect_line("DATA");
	assert_int_equal(stream_read(&stream, soon(), &bytes), STREAM_OK);
	assert_memory_equal(bytes.ptr, "abcdef\r\n", 8);
	stream_consume(&stream, 3);
	assert_int_equal(stream_read(&stream, soon(), &bytes), STREAM_OK);
	assert_memory_equal(bytes.ptr, "def\r\n", 5);
	stream_consume(&stream, 5);
	expect_line("NOOP");
	assert_false(stream_has_input(&stream));
}

/* The deadline also applies to a peer that sends without a pause. */
static void test_deadline_holds_while_bytes_come(void **state)
{
	char *text = xmalloc(40001);
	struct slice line;

	(void)state;
	memset(text, 'x', 40000);
	text[40000] = '\0';
	say(text);
	say("\r\n");
	assert_int_equal(
	    stream_read_line(&stream, 100, clock_now_ms() - 1, &line), STREAM_TIMEOUT);
	free(text);
}

static void test_output_goes_before_waiting(void **state)
{
	char got[10] = "";
	struct slice line;

	(void)state;
	assert_int_equal(stream_write(&stream, SLICE_LITERAL("250 ok"), soon()), STREAM_OK);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), -1);
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_TIMEOUT);
	assert_int_equal(recv(peer, got, sizeof(got), MSG_DONTWAIT), 6);
	assert_memory_equal(got, "250 ok", 6);
}

static void test_peer_that_does_not_read(void **state)
{
	static const char bytes[65536];
	enum stream_result result = STREAM_OK;

	(void)state;
	for (int i = 0; i < 100 && result == STREAM_OK; i++)
		result = stream_write(&stream, slice_make(bytes, sizeof(bytes)), soon());
	assert_int_equal(result, STREAM_TIMEOUT);
}

static void test_news_interrupt_waiting(void **state)
{
	struct slice line;
	int news[2];

	(void)state;
	assert_int_equal(pipe(news), 0);
	stream.wake_fd = news[0];
	assert_int_equal(write(news[1], "x", 1), 1);
	say("whole\r\nhalf");
	expect_line("whole"); /* what has come is read first */
	assert_int_equal(stream_read_line(&stream, 100, clock_now_ms() + 60000, &line), STREAM_WOKEN);
	stream.wake_fd = -1;
	say(" and half\r\n");
	expect_line("half and half");
	close(news[0]);
	close(news[1]);
}

static void test_stop_ends_waiting(void **state)
{
	struct slice line;
	int stop[2];

	(void)state;
	assert_int_equal(pipe(stop), 0);
	stream.stop_fd = stop[0];
	say("command\r\n");
	assert_int_equal(write(stop[1], "x", 1), 1);
	expect_line("command");
	assert_int_equal(
	    stream_read_line(&stream, 100, clock_now_ms() + 10000, &line), STREAM_STOPPED);
	close(stop[0]);
	close(stop[1]);
}

static void *give_up(void *flag)
{
	poll(NULL, 0, 100);
	atomic_store((atomic_bool *)flag, true);
	return NULL;
}

static void test_a_peer_that_does_not_read_is_given_up(void **state)
{
	static const char much[1 << 20];
	int64_t begin = clock_now_ms();
	atomic_bool flag = false;
	pthread_t thread;

	(void)state;
	stream.is_given_up = &flag;
	pthread_create(&thread, NULL, give_up, &flag);
	assert_int_equal(stream_write(&stream, slice_make(much, sizeof(much)), begin + 120000), STREAM_CLOSED);
	assert_in_range(clock_now_ms() - begin, 100, 60000);
	pthread_join(thread, NULL);
	stream.is_given_up = NULL;
}

/* --- TLS */

static char folder[] = "/tmp/lanpost-tls-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static const struct strlist gateway_names = {(char *[]){(char[]){"gw.office.lan"}, (char[]){"localhost"}}, 2};

static struct tls_context *own_context(void)
{
	char *cert = xasprintf("%s/cert.pem", folder), *key = xasprintf("%s/key.pem", folder);
	struct tls_context *context = NULL;
	struct error error;
	struct stat st;

	assert_int_equal(tls_make_certificate(folder, &gateway_names, &error), 0);
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(tls_context_new(cert, key, &context, &error), 0);
	free(cert);
	free(key);
	return context;
}

/* A client that trusts only our certificate and checks the name in it, on its own thread. */
static void *tls_client(void *name)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char *cert = xasprintf("%s/cert.pem", folder);
	char answer[5] = "";
	void *result = NULL;
	SSL *ssl;

	SSL_CTX_load_verify_locations(ctx, cert, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	SSL_set1_host(ssl, name);
	SSL_set_fd(ssl, peer);
	if (SSL_connect(ssl) == 1 && SSL_write(ssl, "hello\r\nmore\r\n", 13) == 13 &&
	    SSL_read(ssl, answer, 4) == 4 && memcmp(answer, "250 ", 4) == 0)
		result = name;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	free(cert);
	shutdown(peer, SHUT_RDWR);
	return result;
}

static void test_tls(void **state)
{
	struct tls_context *context = own_context();
	int64_t deadline = clock_now_ms() + 5000;
	struct error error;
	struct slice line;
	pthread_t thread;
	void *result;

	(void)state;
	pthread_create(&thread, NULL, tls_client, "gw.office.lan");
	assert_int_equal(stream_start_tls(&stream, context, deadline, &error), STREAM_OK);
	tls_context_free(context); /* the session keeps what it needs */
	assert_int_equal(stream_read_line(&stream, 100, deadline, &line), STREAM_OK);
	assert_memory_equal(line.ptr, "hello", 5);
	expect_line("more");
	stream_write(&stream, SLICE_LITERAL("250 ok\r\n"), deadline);
	assert_int_equal(stream_read_line(&stream, 100, deadline, &line), STREAM_CLOSED);
	pthread_join(thread, &result);
	assert_non_null(result);
}

/* A TLS 1.3 client that sends many records without data (KeyUpdate) at once. */
#define UPDATES 5000

static void *tls_flooder(void *unused)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes;
	long len;

	(void)unused;
	SSL_set_fd(ssl, peer);
	if (SSL_connect(ssl) == 1) {
		SSL_set0_wbio(ssl, out);
		for (int i = 0; i < UPDATES; i++)
			if (SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) != 1 || SSL_do_handshake(ssl) != 1)
				break;
		len = BIO_get_mem_data(out, &bytes);
		send(peer, bytes, (size_t)len, MSG_NOSIGNAL);
	}
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return NULL;
}

static int unread_bytes(void)
{
	int bytes = 0;

	assert_int_equal(ioctl(stream.fd, FIONREAD, &bytes), 0);
	return bytes;
}

/* OpenSSL handles them until the socket is empty, so a client that is fast enough would never meet a deadline. */
static void test_tls_records_without_data_do_not_extend_a_deadline(void **state)
{
	struct tls_context *context = own_context();
	struct error error;
	struct slice line;
	pthread_t thread;
	char bytes[100];

	(void)state;
	pthread_create(&thread, NULL, tls_flooder, NULL);
	assert_int_equal(stream_start_tls(&stream, context, clock_now_ms() + 60000, &error), STREAM_OK);
	tls_context_free(context);
	pthread_join(thread, NULL);
	assert_true(unread_bytes() > UPDATES * 20);
	assert_int_equal(tls_read(stream.tls, bytes, sizeof(bytes)), TLS_WANT_READ);
	assert_true(unread_bytes() > 0);
	assert_int_equal(stream_read_line(&stream, 100, clock_now_ms() + 1, &line), STREAM_TIMEOUT);
	assert_true(unread_bytes() > 0);
	for (int i = 0; i < 30 && unread_bytes() > 0; i++) /* a busy computer needs more than one */
		assert_int_equal(stream_read_line(&stream, 100, clock_now_ms() + 1000, &line), STREAM_TIMEOUT);
	assert_int_equal(unread_bytes(), 0);
}

static void test_tls_for_another_name(void **state)
{
	struct tls_context *context = own_context();
	struct error error;
	struct slice line;
	pthread_t thread;
	void *result;

	(void)state;
	pthread_create(&thread, NULL, tls_client, "elsewhere.org");
	if (stream_start_tls(&stream, context, clock_now_ms() + 5000, &error) == STREAM_OK)
		assert_int_equal(
		    stream_read_line(&stream, 100, clock_now_ms() + 5000, &line), STREAM_CLOSED);
	pthread_join(thread, &result);
	assert_null(result);
	tls_context_free(context);
}

static void test_tls_with_somebody_who_does_not_speak_it(void **state)
{
	struct tls_context *context = own_context();
	struct error error = ERROR_INIT;

	(void)state;
	say("EHLO pc1\r\n");
	assert_int_equal(
	    stream_start_tls(&stream, context, clock_now_ms() + 5000, &error), STREAM_CLOSED);
	assert_int_equal(error.class, ERROR_PROTOCOL);
	tls_context_free(context);
}

static void test_certificates_that_cannot_be_used(void **state)
{
	struct tls_context *context;
	struct error error;
	char *cert = xasprintf("%s/cert.pem", folder);

	(void)state;
	tls_context_free(own_context());
	assert_int_equal(tls_context_new("/nowhere/cert.pem", cert, &context, &error), -1);
	assert_non_null(strstr(ERROR_EN(&error), "/nowhere/cert.pem"));
	assert_int_equal(tls_context_new(cert, cert, &context, &error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
	assert_int_equal(tls_make_certificate("/proc/nowhere", &gateway_names, &error), -1);
	free(cert);
}

#define STREAM_TEST(test) cmocka_unit_test_setup_teardown(test, open_pair, close_pair)

/* --- compression */

/* The peer's side of it. */
static z_stream peer_out, peer_in;

static void start_deflate(void)
{
	memset(&peer_out, 0, sizeof(peer_out));
	memset(&peer_in, 0, sizeof(peer_in));
	assert_int_equal(deflateInit2(&peer_out, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(inflateInit2(&peer_in, -15), Z_OK);
	assert_int_equal(stream_start_deflate(&stream, soon()), STREAM_OK);
}

static void stop_deflate(void)
{
	deflateEnd(&peer_out);
	inflateEnd(&peer_in);
}

static size_t say_deflated(const char *text, size_t len)
{
	static unsigned char wire[64 << 10];

	peer_out.next_in = (unsigned char *)text;
	peer_out.avail_in = (uInt)len;
	peer_out.next_out = wire;
	peer_out.avail_out = sizeof(wire);
	assert_int_equal(deflate(&peer_out, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(peer_out.avail_in, 0);
	assert_int_equal(write(peer, wire, sizeof(wire) - peer_out.avail_out), sizeof(wire) - peer_out.avail_out);
	return sizeof(wire) - peer_out.avail_out;
}

static void test_lines_may_be_compressed(void **state)
{
	unsigned char wire[1000];
	char text[1000] = "";

	(void)state;
	start_deflate();
	say_deflated("one\r\ntwo\r\nth", 12);
	expect_line("one");
	assert_true(stream_has_input(&stream));
	expect_line("two");
	say_deflated("ree\r\n", 5);
	expect_line("three");
	assert_int_equal(stream_write(&stream, SLICE_LITERAL("answer\r\n"), soon()), STREAM_OK);
	assert_int_equal(stream_flush(&stream, soon()), STREAM_OK);
	peer_in.avail_in = (uInt)read(peer, wire, sizeof(wire));
	peer_in.next_in = wire;
	peer_in.next_out = (unsigned char *)text;
	peer_in.avail_out = sizeof(text);
	assert_int_equal(inflate(&peer_in, Z_SYNC_FLUSH), Z_OK);
	assert_string_equal(text, "answer\r\n");
	stop_deflate();
}

/* A few bytes that expand to megabytes are read in pieces: the buffer stays small. */
static void test_a_bomb_takes_no_memory(void **state)
{
	static char zeros[8 << 20];
	size_t sent, got = 0;

	(void)state;
	start_deflate();
	sent = say_deflated(zeros, sizeof(zeros));
	assert_true(sent < sizeof(zeros) / 500);
	while (got < sizeof(zeros)) {
		struct slice bytes;

		assert_int_equal(stream_read(&stream, soon(), &bytes), STREAM_OK);
		assert_true(bytes.len <= 64 << 10);
		got += bytes.len;
		stream_consume(&stream, bytes.len);
	}
	assert_int_equal(got, sizeof(zeros));
	assert_true(stream.in.capacity <= 64 << 10);
	stop_deflate();
}

/* Fills the socket with empty blocks, which expand to nothing. */
static void say_nothing(void)
{
	static const char block[] = {0, 0, 0, (char)0xff, (char)0xff};
	static char blocks[sizeof(block) * 1000];

	for (size_t i = 0; i < sizeof(blocks); i++)
		blocks[i] = block[i % sizeof(block)];
	while (send(peer, blocks, sizeof(blocks), MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(blocks))
		;
}

static void test_compressed_nothing_does_not_extend_a_deadline(void **state)
{
	int size = 1 << 20, left = 0;
	struct slice line;

	(void)state;
	setsockopt(peer, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	start_deflate();
	for (int tries = 0; tries < 100 && left == 0; tries++) { /* a millisecond may be enough for all */
		say_nothing();
		assert_int_equal(stream_read_line(&stream, 100, clock_now_ms() + 1, &line), STREAM_TIMEOUT);
		left = unread_bytes();
	}
	assert_true(left > 0);
	stop_deflate();
}

static void test_what_is_not_compressed_ends_the_stream(void **state)
{
	struct slice line;

	(void)state;
	start_deflate();
	say("plain text, which is no deflate\r\n");
	assert_int_equal(stream_read_line(&stream, 100, soon(), &line), STREAM_CLOSED);
	stop_deflate();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STREAM_TEST(test_a_peer_that_only_sends_no_more_is_still_there),
	    STREAM_TEST(test_lines),
	    STREAM_TEST(test_line_too_long_is_read_to_its_end),
	    STREAM_TEST(test_lines_and_bytes_mix),
	    STREAM_TEST(test_deadline_holds_while_bytes_come),
	    STREAM_TEST(test_output_goes_before_waiting),
	    STREAM_TEST(test_peer_that_does_not_read),
	    STREAM_TEST(test_news_interrupt_waiting),
	    STREAM_TEST(test_stop_ends_waiting),
	    STREAM_TEST(test_a_peer_that_does_not_read_is_given_up),
	    STREAM_TEST(test_tls),
	    STREAM_TEST(test_lines_may_be_compressed),
	    STREAM_TEST(test_compressed_nothing_does_not_extend_a_deadline),
	    STREAM_TEST(test_a_bomb_takes_no_memory),
	    STREAM_TEST(test_what_is_not_compressed_ends_the_stream),
	    STREAM_TEST(test_tls_records_without_data_do_not_extend_a_deadline),
	    STREAM_TEST(test_tls_for_another_name),
	    STREAM_TEST(test_tls_with_somebody_who_does_not_speak_it),
	    cmocka_unit_test(test_certificates_that_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
