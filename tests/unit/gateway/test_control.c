/* The control socket: which clients get answers, wait for which session, and are disconnected. */
#include "base/log.h"
#include "gateway/supervisor/control.h"
#include "tests/unit/sample_spool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	struct control control;
	uint64_t number; /* of the running session, or of the last one */
	bool runs;
	struct session_request asked; /* the last one */
	size_t accounts;
	unsigned stops;
} house;

static uint64_t want_session(void *context, const struct session_request *request)
{
	(void)context;
	house.asked = *request;
	house.accounts = request->accounts.count;
	return house.number + (house.runs ? 1 : 0);
}

static void answer_status(void *context, int fd)
{
	(void)context;
	assert_int_equal(write(fd, "{\"ok\": true, \"pid\": 1}\n", 23), 23);
}

static int reload(void *context, struct error *error)
{
	(void)context;
	return error_set(error, ERROR_CONFIG, "no such file");
}

static void stop(void *context)
{
	(void)context;
	house.stops++;
}

static bool account_exists(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "sales") == 0;
}

static bool runs(void *context)
{
	(void)context;
	return house.runs;
}

static json_t *clients(void *context)
{
	(void)context;
	return json_array();
}

static const struct control_hooks hooks = {NULL, want_session, answer_status, reload, stop, account_exists, runs, runs, clients};

static int open_control(void **context)
{
	struct error error;

	memset(&house, 0, sizeof(house));
	house.number = 7;
	return set_up(context) != 0 || control_open(&house.control, &spool, &hooks, &error) != 0;
}

static int close_control(void **context)
{
	control_close(&house.control, &spool);
	return tear_down(context);
}

struct peer {
	int fd;
	struct ctl_reader reader;
};

static struct peer *say(const char *line)
{
	struct peer *peer = xcalloc(1, sizeof(*peer));
	struct error error;

	peer->fd = ctl_connect(folder, &error);
	assert_true(peer->fd >= 0);
	ctl_reader_init(&peer->reader, peer->fd);
	assert_int_equal(write(peer->fd, line, strlen(line)), (ssize_t)strlen(line));
	control_serve(&house.control);
	return peer;
}

/* The next output to the peer, as text; "again": nothing yet, "closed": it was disconnected. */
static char *hear(struct peer *peer)
{
	struct error error;
	json_t *object;
	char *text;

	switch (ctl_read(&peer->reader, &object, 0, &error)) {
	case CTL_OBJECT:
		text = json_dumps(ctl_say(object, "en"), JSON_COMPACT);
		json_decref(object);
		return text;
	case CTL_AGAIN:
		return xstrdup("again");
	default:
		return xstrdup("closed");
	}
}

static void hears(struct peer *peer, const char *expected)
{
	char *text = hear(peer);

	assert_string_equal(text, expected);
	free(text);
}

static void is_noted(struct peer *peer)
{
	char *text = hear(peer);

	assert_non_null(strstr(text, "{\"event\":\"note\""));
	free(text);
}

static void leave(struct peer *peer)
{
	ctl_reader_clear(&peer->reader);
	close(peer->fd);
	free(peer);
	control_serve(&house.control);
}

static void publish(const char *key, const char *value, bool is_final)
{
	json_t *object = json_pack("{s:s}", key, value);

	control_publish(&house.control, house.number, object, is_final);
	json_decref(object);
}

static void test_requests(void **context)
{
	static const struct {
		const char *line, *answer; /* its beginning */
	} cases[] = {
	    {"{\"verb\":\"status\"}\n", "{\"ok\":true,\"pid\":1}"},
	    {"{\"verb\":\"who\"}\n", "{\"ok\":true,\"clients\":[]}"},
	    {"{\"verb\":\"stop\"}\n", "{\"ok\":true}"},
	    {"{\"verb\":\"reload\"}\n", "{\"ok\":false,\"error\":\"no such file\"}"},
	    {"{\"verb\":\"cancel\"}\n", "{\"ok\":false,\"error\":"},
	    {"{\"verb\":\"watch\",\"one\":true}\n", "{\"ok\":false,\"error\":"},
	    {"{\"verb\":\"session\",\"wait\":false}\n", "{\"ok\":true,\"number\":7}"},
	    {"{\"verb\":\"session\",\"accounts\":[\"none\"]}\n", "{\"ok\":false,\"error\":"},
	    {"{\"verb\":\"none\"}\n", "{\"ok\":false,\"error\":"},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct peer *peer = say(cases[i].line);
		char *text = hear(peer);

		assert_memory_equal(text, cases[i].answer, strlen(cases[i].answer));
		free(text);
		leave(peer);
	}
	assert_int_equal(house.stops, 1);
}

static void test_what_is_not_said_is_wanted(void **context)
{
	(void)context;
	leave(say("{\"verb\":\"session\",\"send\":false,\"accounts\":[\"sales\"],\"wait\":false}\n"));
	assert_true(house.asked.fetch && !house.asked.send && !house.asked.flush);
	assert_int_equal(house.accounts, 1);
	leave(say("{\"verb\":\"flush\",\"wait\":false}\n"));
	assert_true(!house.asked.fetch && house.asked.send && house.asked.flush);
}

/* Two clients: one waits for the session that runs, one came while it ran and waits for the next. */
static void test_each_waits_for_his_session(void **context)
{
	struct peer *first = say("{\"verb\":\"session\"}\n"), *second;

	(void)context;
	house.runs = true;
	publish("account", "sales", false);
	hears(first, "{\"account\":\"sales\"}");
	second = say("{\"verb\":\"session\"}\n");
	is_noted(second); /* that it comes later */
	hears(second, "{\"account\":\"sales\"}"); /* what it missed */
	publish("ok", "first", true);
	hears(first, "{\"ok\":\"first\"}");
	is_noted(second);
	hears(second, "again");
	house.number++;
	publish("ok", "second", true);
	hears(second, "{\"ok\":\"second\"}");
	hears(first, "again");
	leave(first);
	leave(second);
}

static void test_watchers_hear_all(void **context)
{
	struct peer *watcher = say("{\"verb\":\"watch\"}\n");

	(void)context;
	hears(watcher, "again");
	control_session_began(&house.control);
	hears(watcher, "{\"event\":\"session-began\"}");
	publish("account", "sales", false);
	hears(watcher, "{\"account\":\"sales\"}");
	publish("ok", "x", true);
	hears(watcher, "{\"event\":\"session-ended\",\"result\":{\"ok\":\"x\"}}");
	leave(watcher);
}

static void test_nonsense_is_answered_and_hung_up_on(void **context)
{
	struct peer *peer = say("[]\n");
	char *text = hear(peer);

	(void)context;
	assert_memory_equal(text, "{\"ok\":false", 11);
	free(text);
	hears(peer, "closed");
	leave(peer);
}

/* When all slots are in use, a newcomer gets that of the client that has been silent longest, never of one that waits for
 * a session. */
static void test_the_oldest_silent_one_gives_up_his_place(void **context)
{
	struct peer *waiting = say("{\"verb\":\"session\"}\n"), *silent[CONTROL_CLIENTS_MAX - 1], *late;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(silent); i++) {
		silent[i] = say("{");
		house.control.clients[i + 1].since = (int64_t)i + 1;
	}
	late = say("{\"verb\":\"who\"}\n");
	hears(late, "{\"ok\":true,\"clients\":[]}");
	hears(silent[0], "closed");
	hears(silent[1], "again");
	publish("ok", "x", true);
	hears(waiting, "{\"ok\":\"x\"}");
	for (size_t i = 0; i < ARRAY_LEN(silent); i++)
		leave(silent[i]);
	leave(waiting);
	leave(late);
}

static void test_who_asks_without_end_is_served_among_others(void **context)
{
	char many[40 * 16 + 1] = "";
	struct peer *greedy;

	(void)context;
	for (int i = 0; i < 40; i++)
		strcat(many, "{\"verb\":\"who\"}\n");
	greedy = say(many);
	assert_true(control_has_more(&house.control));
	for (int i = 0; i < 16; i++)
		hears(greedy, "{\"ok\":true,\"clients\":[]}");
	hears(greedy, "again");
	control_serve(&house.control);
	control_serve(&house.control);
	for (int i = 0; i < 24; i++)
		hears(greedy, "{\"ok\":true,\"clients\":[]}");
	assert_false(control_has_more(&house.control));
	leave(greedy);
}

#define CONTROL_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_control, close_control)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    CONTROL_TEST(test_requests),
	    CONTROL_TEST(test_what_is_not_said_is_wanted),
	    CONTROL_TEST(test_each_waits_for_his_session),
	    CONTROL_TEST(test_watchers_hear_all),
	    CONTROL_TEST(test_nonsense_is_answered_and_hung_up_on),
	    CONTROL_TEST(test_who_asks_without_end_is_served_among_others),
	    CONTROL_TEST(test_the_oldest_silent_one_gives_up_his_place),
	};

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "unit");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
