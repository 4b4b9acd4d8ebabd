#include "base/alloc.h"
#include "base/clock.h"
#include "base/net/ctl_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	int ours, peer;
	struct ctl_reader reader;
};

static int make_pair(void **state)
{
	struct pair *pair = xcalloc(1, sizeof(*pair));
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pair->ours = fds[0];
	pair->peer = fds[1];
	ctl_reader_init(&pair->reader, pair->ours);
	*state = pair;
	return 0;
}

static int drop_pair(void **state)
{
	struct pair *pair = *state;

	ctl_reader_clear(&pair->reader);
	close(pair->ours);
	if (pair->peer >= 0)
		close(pair->peer);
	free(pair);
	return 0;
}

static void say(const struct pair *pair, const char *text)
{
	assert_int_equal(write(pair->peer, text, strlen(text)), strlen(text));
}

static void objects_come_whole_however_they_are_cut(void **state)
{
	struct pair *pair = *state;
	const char *lines = "{\"verb\":\"status\"}\n{\"verb\":\"stop\"}\n";
	struct error error = ERROR_INIT;
	json_t *object;
	int found = 0;

	for (const char *at = lines; *at != '\0'; at++) {
		assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), CTL_AGAIN);
		assert_int_equal(write(pair->peer, at, 1), 1);
		if (*at != '\n')
			continue;
		assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), CTL_OBJECT);
		assert_string_equal(json_string_value(json_object_get(object, "verb")),
		    found++ == 0 ? "status" : "stop");
		json_decref(object);
	}
	say(pair, lines);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), CTL_OBJECT);
		json_decref(object);
	}
	close(pair->peer);
	pair->peer = -1;
	assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), CTL_CLOSED);
}

static void bad_lines_are_errors_and_passed_over(void **state)
{
	static const char *const lines[] = {"\n", "hello\n", "[1]\n", "\"x\"\n", "{\"a\":1\n",
	    "{\"a\":1,\"a\":2}\n", "{\"a\":\"\xff\"}\n", "{} x\n"};
	struct pair *pair = *state;
	json_t *object;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct error error = ERROR_INIT;

		say(pair, lines[i]);
		print_message("%s", lines[i]);
		assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), -1);
		assert_int_equal(error.class, ERROR_PROTOCOL);
	}
	say(pair, "{}\n");
	assert_int_equal(ctl_read(&pair->reader, &object, 0, &(struct error){0}), CTL_OBJECT);
	json_decref(object);
}

static void a_line_cut_by_the_end_is_an_error(void **state)
{
	struct pair *pair = *state;
	struct error error = ERROR_INIT;
	json_t *object;

	say(pair, "{\"verb\":");
	close(pair->peer);
	pair->peer = -1;
	assert_int_equal(ctl_read(&pair->reader, &object, 0, &error), -1);
	assert_int_equal(error.class, ERROR_PROTOCOL);
}

static void a_line_without_end_is_bounded(void **state)
{
	struct pair *pair = *state;
	struct error error = ERROR_INIT;
	char *block = xmalloc(65536);
	json_t *object;
	int result = CTL_AGAIN;

	memset(block, ' ', 65536);
	for (int i = 0; i < 40 && result == CTL_AGAIN; i++) {
		assert_int_equal(write(pair->peer, block, 65536), 65536);
		result = ctl_read(&pair->reader, &object, 0, &error);
	}
	free(block);
	assert_int_equal(result, -1);
	assert_int_equal(error.class, ERROR_LIMIT);
	assert_true(pair->reader.buf.capacity <= 4 * CTL_LINE_MAX);
}

static void what_is_sent_is_read(void **state)
{
	struct pair *pair = *state;
	struct ctl_reader peer;
	struct error error = ERROR_INIT;
	json_t *sent = json_pack("{s:s, s:i}", "text", "две\nстроки", "n", 7);
	json_t *got;

	ctl_reader_init(&peer, pair->peer);
	assert_int_equal(ctl_send(pair->ours, sent, &error), 0);
	assert_int_equal(ctl_read(&peer, &got, clock_now_ms() + 60000, &error), CTL_OBJECT);
	assert_true(json_equal(sent, got));
	json_decref(got);
	json_decref(sent);
	ctl_reader_clear(&peer);
}

static void a_closed_peer_is_an_error_not_a_signal(void **state)
{
	struct pair *pair = *state;
	struct error error = ERROR_INIT;
	json_t *object = json_object();

	close(pair->peer);
	pair->peer = -1;
	assert_int_equal(ctl_send(pair->ours, object, &error), -1);
	assert_int_equal(error.saved_errno, EPIPE);
	json_decref(object);
}

static void listens_in_a_folder_of_any_length(void **state)
{
	char root[] = "/tmp/ctl_wire.XXXXXX";
	char *spool, *path;
	struct error error = ERROR_INIT;
	struct stat st;
	int listener, client;

	(void)state;
	assert_non_null(mkdtemp(root));
	spool = xasprintf("%s/%0150d", root, 1);
	path = xasprintf("%s/%s", spool, CTL_SOCKET_NAME);

	assert_int_equal(ctl_connect(spool, &error), -1);
	assert_int_equal(error.saved_errno, ENOENT);
	assert_int_equal(mkdir(spool, 0700), 0);
	assert_int_equal(ctl_connect(spool, &error), -1);
	assert_int_equal(error.saved_errno, ENOENT);

	listener = ctl_listen(spool, &error);
	assert_true(listener >= 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	client = ctl_connect(spool, &error);
	assert_true(client >= 0);
	close(client);
	close(listener);
	assert_int_equal(ctl_connect(spool, &error), -1);
	assert_int_equal(error.saved_errno, ECONNREFUSED);
	listener = ctl_listen(spool, &error); /* over the socket left behind */
	assert_true(listener >= 0);
	close(listener);

	unlink(path);
	rmdir(spool);
	rmdir(root);
	free(path);
	free(spool);
}

int main(void)
{
#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, drop_pair)
	const struct CMUnitTest tests[] = {
	    WITH_PAIR(objects_come_whole_however_they_are_cut),
	    WITH_PAIR(bad_lines_are_errors_and_passed_over),
	    WITH_PAIR(a_line_cut_by_the_end_is_an_error),
	    WITH_PAIR(a_line_without_end_is_bounded),
	    WITH_PAIR(what_is_sent_is_read),
	    WITH_PAIR(a_closed_peer_is_an_error_not_a_signal),
	    cmocka_unit_test(listens_in_a_folder_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
