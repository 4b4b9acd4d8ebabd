/* Questions and answers between the LAN server and the process that checks passwords; each may send anything to
 * the other. */
#include "lan-server/login/auth_wire.h"

#include "base/clock.h"
#include "base/net/pass_fd.h"
#include "lan-server/login/auth_config.h"
#include "tests/unit/sample_conf.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

static const struct auth_question question = {
    .kind = ASK_SCRAM_END,
    .client = {.s6_addr = {[15] = 7}},
    .name = {"ivan", 4},
    .text = {"n=ivan,r=\0x", 11},
    .proof = {"p", 1},
};

static void test_a_question_comes_back(void **state)
{
	struct buf bytes = BUF_INIT(AUTH_QUESTION_MAX);
	struct auth_question again;

	(void)state;
	auth_question_write(&question, &bytes);
	assert_true(auth_question_read(buf_slice(&bytes), &again));
	assert_int_equal(again.kind, question.kind);
	assert_true(slice_equal(again.name, question.name) && slice_equal(again.text, question.text) &&
		    slice_equal(again.proof, question.proof));
	assert_memory_equal(&again.client, &question.client, sizeof(again.client));
	buf_clear(&bytes);
}

/* Truncated anywhere, longer by one byte, or with any bit changed: refused, or a question whose parts are within the
 * bytes. */
static void test_what_is_no_question(void **state)
{
	struct buf bytes = BUF_INIT(AUTH_QUESTION_MAX);
	struct auth_question again;

	(void)state;
	auth_question_write(&question, &bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		char *copy = malloc(len + 1); /* its end is watched by the sanitizer */

		memcpy(copy, bytes.ptr, len);
		assert_false(auth_question_read(slice_make(copy, len), &again));
		free(copy);
	}
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.ptr[bit / 8] ^= (char)(1 << (bit % 8));
		if (auth_question_read(buf_slice(&bytes), &again)) {
			assert_true(again.kind >= ASK_OFFERS && again.kind < ASK_KINDS);
			assert_ptr_equal(again.proof.ptr + again.proof.len, bytes.ptr + bytes.len);
		}
		bytes.ptr[bit / 8] ^= (char)(1 << (bit % 8));
	}
	buf_append_byte(&bytes, 'x');
	assert_false(auth_question_read(buf_slice(&bytes), &again));
	buf_clear(&bytes);
}

static void test_what_is_no_answer(void **state)
{
	struct auth_answer answer = {.verdict = VERDICT_YES, .delays = 4, .number = 4096, .bytes = BUF_INIT(AUTH_ANSWER_MAX)};
	struct auth_answer again = AUTH_ANSWER_INIT;
	struct buf bytes = BUF_INIT(AUTH_ANSWER_MAX + 64);

	(void)state;
	buf_append_text(&answer.bytes, "salt");
	auth_answer_write(&answer, &bytes);
	assert_true(auth_answer_read(buf_slice(&bytes), &again));
	assert_int_equal(again.number, 4096);
	assert_true(slice_is(buf_slice(&again.bytes), "salt"));
	for (size_t len = 0; len < bytes.len; len++)
		assert_false(auth_answer_read(slice_make(bytes.ptr, len), &again));
	bytes.ptr[7] = 1; /* a delay of months */
	assert_false(auth_answer_read(buf_slice(&bytes), &again));
	buf_clear(&bytes);
	buf_clear(&answer.bytes);
	buf_clear(&again.bytes);
}

static size_t open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* Messages of a compromised LAN server: each is consumed, none leaves a descriptor open, and a valid one after them is
 * answered. */
static void test_a_hostile_asker(void **state)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = {.room = {0}};
	char *bytes = malloc(AUTH_QUESTION_MAX), *huge = calloc(1, AUTH_QUESTION_MAX + 100);
	struct iovec part = {bytes, 4};
	struct msghdr many = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&many);
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC), nulls[] = {null, null, null}, reply;
	struct auth_answer answer = AUTH_ANSWER_INIT;
	size_t before, len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = open_files();
	memset(bytes, 0, 4);
	assert_int_equal(send(pair[0], bytes, 0, 0), 0); /* nothing at all */
	assert_int_equal(auth_take(pair[1], bytes, &len, &reply), 0);
	assert_true(len == 0 && reply == -1);
	assert_int_equal(send(pair[0], "junk", 4, 0), 4); /* nowhere to answer */
	assert_int_equal(auth_take(pair[1], bytes, &len, &reply), 0);
	assert_int_equal(reply, -1);
	pass_fd_send(pair[0], slice_make(huge, AUTH_QUESTION_MAX + 100), null, 0); /* longer than any question */
	assert_int_equal(auth_take(pair[1], bytes, &len, &reply), 0);
	assert_int_equal(len, 0);
	assert_true(reply >= 0);
	auth_reply(reply, &answer); /* which is no socket */
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(nulls));
	memcpy(CMSG_DATA(header), nulls, sizeof(nulls));
	assert_int_equal(sendmsg(pair[0], &many, 0), 4); /* three descriptors */
	assert_int_equal(auth_take(pair[1], bytes, &len, &reply), 0);
	if (reply >= 0)
		close(reply);
	assert_int_equal(open_files(), before);
	close(pair[0]);
	assert_int_equal(auth_take(pair[1], bytes, &len, &reply), -1);
	close(pair[1]);
	close(null);
	free(bytes);
	free(huge);
}

/* --- asking */

static void *answer_three(void *context)
{
	char *bytes = malloc(AUTH_QUESTION_MAX);
	int reply, fd = *(int *)context;
	size_t len;

	for (int i = 0; i < 3 && auth_take(fd, bytes, &len, &reply) == 0; i++) {
		struct auth_answer answer = {.verdict = VERDICT_YES, .number = (uint32_t)len, .bytes = BUF_INIT(AUTH_ANSWER_MAX)};

		buf_append_slice(&answer.bytes, slice_make(bytes, len));
		if (i == 0)
			auth_reply(reply, &answer);
		else if (i == 1) /* not an answer */
			assert_int_equal(send(reply, "x", 1, 0), 1);
		if (i > 0) /* the third: it dies */
			close(reply);
		buf_clear(&answer.bytes);
	}
	free(bytes);
	return NULL;
}

static void test_asking(void **state)
{
	struct auth_answer answer = AUTH_ANSWER_INIT;
	int64_t deadline = clock_now_ms() + 20000;
	pthread_t thread;
	struct error error;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer_three, &pair[1]), 0);
	assert_int_equal(auth_ask(pair[0], &question, &answer, deadline, &error), 0);
	assert_int_equal(answer.bytes.len, answer.number);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(auth_ask(pair[0], &question, &answer, deadline, &error), -1);
		assert_int_equal(error.class, ERROR_TEMPORARY);
	}
	pthread_join(thread, NULL);
	/* Nobody reads it: the deadline ends the wait, and the question waits for a reader. */
	assert_int_equal(auth_ask(pair[0], &question, &answer, clock_now_ms() + 10, &error), -1);
	buf_clear(&answer.bytes);
	close(pair[0]);
	close(pair[1]);
}

static void test_a_view_comes_back_or_is_refused(void **state)
{
	struct conf conf = sample_conf();
	struct buf bytes = BUF_INIT(AUTH_CONFIG_MAX);
	struct auth_config config;

	(void)state;
	sample_user("anna")->clear_password = "old"; /* without allow_weak_auth: it stays at home */
	auth_config_write(&conf, &(struct auth_config_more){.salt_key = "0123456789abcdef0123456789abcdef"}, &bytes);
	assert_true(auth_config_read(buf_slice(&bytes), &config));
	assert_int_equal(config.user_count, conf.user_count);
	assert_string_equal(config.users[0].hash, SAMPLE_HASH);
	assert_string_equal(config.users[1].clear, "");
	assert_true(config.allow_empty_password);
	auth_config_clear(&config);
	for (size_t len = 0; len < bytes.len; len++)
		assert_false(auth_config_read(slice_make(bytes.ptr, len), &config));
	buf_append_byte(&bytes, 'x');
	assert_false(auth_config_read(buf_slice(&bytes), &config));
	buf_clear(&bytes);
	sample_user("anna")->clear_password = "";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_question_comes_back),
	    cmocka_unit_test(test_what_is_no_question),
	    cmocka_unit_test(test_what_is_no_answer),
	    cmocka_unit_test(test_a_hostile_asker),
	    cmocka_unit_test(test_asking),
	    cmocka_unit_test(test_a_view_comes_back_or_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
