/* Frames between two of our processes, of which the other one may be compromised. */
#include "base/net/frame.h"

#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#define SOON ((struct frame_wait){clock_now_ms() + 2000, NULL})
#define NOW ((struct frame_wait){clock_now_ms(), NULL})

static int pair[2];

static int set_up(void **state)
{
	struct error error;

	(void)state;
	return frame_pair(pair, &error);
}

static int tear_down(void **state)
{
	(void)state;
	close(pair[0]);
	close(pair[1]);
	return 0;
}

static void test_what_is_sent_comes(void **state)
{
	const struct slice parts[] = {SLICE_LITERAL("one "), SLICE_NONE, SLICE_LITERAL("two")};
	struct buf body = BUF_INIT(FRAME_HEAD + 7);
	uint32_t kind = 0;

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 40 + i, .parts = parts, .count = 3}, SOON), FRAME_OK);
		assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_OK);
		assert_int_equal(kind, 40 + i);
		assert_string_equal(buf_text(&body), "one two");
	}
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 9}, SOON), FRAME_OK);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_OK);
	assert_true(kind == 9 && body.len == 0);
	buf_clear(&body);
}

static struct buf large = BUF_INIT(8u << 20);

static void *send_large(void *context)
{
	const struct slice part = buf_slice(&large);

	(void)context;
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .parts = &part, .count = 1}, SOON), FRAME_OK);
	return NULL;
}

static void test_a_large_one_comes_in_pieces(void **state)
{
	struct buf body = BUF_INIT(9u << 20);
	pthread_t thread;
	uint32_t kind;

	(void)state;
	for (size_t i = 0; i < (4u << 20); i++)
		buf_append_byte(&large, (char)(i * 7 % 251));
	assert_int_equal(pthread_create(&thread, NULL, send_large, NULL), 0);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_OK);
	pthread_join(thread, NULL);
	assert_true(slice_equal(buf_slice(&body), buf_slice(&large)));
	buf_clear(&body);
	buf_clear(&large);
}

static void send_raw(const void *bytes, size_t len)
{
	assert_int_equal(send(pair[0], bytes, len, 0), (ssize_t)len);
}

/* Input from a compromised process. */
static void test_nonsense_is_a_peer_that_is_gone(void **state)
{
	static const struct {
		const char *name;
		uint32_t words[4];
		size_t len;
	} cases[] = {
	    {"longer than allowed", {1, 17}, 8},
	    {"as long as there are numbers", {1, UINT32_MAX}, 8},
	    {"something behind it", {1, 4, 0, 0}, 16},
	    {"another frame behind it", {1, 0, 1, 0}, 16},
	};
	struct buf body = BUF_INIT(FRAME_HEAD + 16);
	uint32_t kind;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].name);
		send_raw(cases[i].words, cases[i].len);
		assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_CLOSED);
		assert_int_equal(body.len, 0);
		tear_down(state);
		set_up(state);
	}
	send_raw("\1\0\0\0\5", 5);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, NOW), FRAME_TIMEOUT);
	close(pair[0]);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_CLOSED);
	pair[0] = -1;
	buf_clear(&body);
}

static void test_nobody_waits_for_ever(void **state)
{
	struct buf body = BUF_INIT(64), much = BUF_INIT(8u << 20);
	atomic_bool cancel = true;
	struct slice part;
	uint32_t kind;

	(void)state;
	memset(buf_reserve(&much, 4u << 20), 'x', 4u << 20);
	part = slice_make(much.ptr, 4u << 20);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, NOW), FRAME_TIMEOUT);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, (struct frame_wait){INT64_MAX, &cancel}), FRAME_CANCELLED);
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .parts = &part, .count = 1}, NOW), FRAME_TIMEOUT);
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .parts = &part, .count = 1}, (struct frame_wait){INT64_MAX, &cancel}), FRAME_CANCELLED);
	close(pair[1]);
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .parts = &part, .count = 1}, SOON), FRAME_CLOSED); /* and no SIGPIPE */
	pair[1] = -1;
	buf_clear(&body);
	buf_clear(&much);
}

static size_t count_open(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_descriptors(void **state)
{
	struct buf body = BUF_INIT(64);
	size_t before = count_open();
	uint32_t kind;
	int passed;

	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .passed = STDERR_FILENO}, SOON), FRAME_OK);
	assert_int_equal(frame_receive(pair[1], &kind, &body, &passed, SOON), FRAME_OK);
	assert_true(passed >= 0 && (fcntl(passed, F_GETFD) & FD_CLOEXEC) != 0);
	close(passed);
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1}, SOON), FRAME_OK);
	assert_int_equal(frame_receive(pair[1], &kind, &body, &passed, SOON), FRAME_OK);
	assert_int_equal(passed, -1);
	/* An unexpected descriptor is closed at once. */
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .passed = STDERR_FILENO}, SOON), FRAME_OK);
	assert_int_equal(frame_receive(pair[1], &kind, &body, NULL, SOON), FRAME_CLOSED);
	assert_int_equal(count_open(), before);
	tear_down(state);
	set_up(state);
	/* So is one with an invalid frame. */
	assert_int_equal(frame_send(pair[0], &(struct frame){.kind = 1, .parts = &(struct slice){"0123456789012345678901234567890123456789012345678901234567890", 60}, .count = 1, .passed = STDERR_FILENO}, SOON), FRAME_OK);
	assert_int_equal(frame_receive(pair[1], &kind, &body, &passed, SOON), FRAME_CLOSED);
	assert_int_equal(passed, -1);
	assert_int_equal(count_open(), before);
	buf_clear(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_is_sent_comes, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_large_one_comes_in_pieces, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nonsense_is_a_peer_that_is_gone, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_nobody_waits_for_ever, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_descriptors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
