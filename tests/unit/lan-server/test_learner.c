/* What becomes of lessons when a scanner refuses, breaks, is away or says nothing, and when the server stops meanwhile. */
#include "lan-server/server/learner.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/net/frame.h"
#include "base/net/pass_fd.h"
#include "lan-server/server/lan_server_priv.h"
#include "mail/filter/filter_ask.h"
#include "mail/lesson.h"
#include "tests/unit/sample_state.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 60000

/* The filter process, as a thread: what it answers is in the message itself. */
static const struct {
	const char *word;
	enum filter_learned learned;
} answers[] = {{"fails", LEARNED_FAILED}, {"refused", LEARNED_NOTHING}, {"later", LEARNED_LATER}, {"busy", LEARNED_BUSY}, {"good", LEARNED_ALL}};

static int filter[2]; /* the learner's end, and that of the thread */
static pthread_t filter_thread;
static atomic_bool is_well;  /* every message is learned */
static atomic_bool is_silent; /* questions are kept without an answer */
static atomic_int asked;

static void answer(int fd, uint32_t kind, enum filter_learned learned)
{
	const unsigned number = learned;
	struct buf fields = BUF_INIT(FILTER_ANSWER_MAX);
	struct slice body;

	frame_put(&fields, FILTER_LEARNED, slice_make((const char *)&number, sizeof(number)));
	frame_put(&fields, FILTER_NAMES, SLICE_LITERAL("sc"));
	frame_put(&fields, FILTER_REASON, SLICE_LITERAL("why"));
	body = buf_slice(&fields);
	frame_send(fd, &(struct frame){.kind = kind, .parts = &body, .count = 1}, (struct frame_wait){.deadline = clock_now_ms() + PATIENCE_MS});
	buf_clear(&fields);
}

/* A message without such a word gets none: the connection ends. */
static void answer_message(int fd, uint32_t kind, int file)
{
	char text[4096] = "";

	if (pread(file, text, sizeof(text) - 1, 0) <= 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (atomic_load(&is_well) || strstr(text, answers[i].word) != NULL) {
			answer(fd, kind, atomic_load(&is_well) ? LEARNED_ALL : answers[i].learned);
			return;
		}
}

static void *run_filter(void *context)
{
	char question[16];
	int fd, kept = -1;
	bool cut;

	while (pass_fd_receive(filter[1], question, sizeof(question), &fd, &cut) > 0) {
		struct buf body = BUF_INIT(FILTER_REQUEST_MAX);
		int file = -1;
		uint32_t kind;

		if (frame_receive(fd, &kind, &body, &file, (struct frame_wait){.deadline = clock_now_ms() + PATIENCE_MS}) == FRAME_OK) {
			atomic_fetch_add(&asked, 1);
			if (atomic_load(&is_silent))
				kept = dup(fd);
			else
				answer_message(fd, kind, file);
		}
		if (file >= 0)
			close(file);
		close(fd);
		buf_clear(&body);
	}
	if (kept >= 0)
		close(kept);
	return context;
}

/* --- the server */

static char scanner_name[] = "sc", scanner_url[] = "rspamd://127.0.0.1:1", no_url[] = "";
static struct conf_scanner scanner = {.name = scanner_name, .url = scanner_url, .learn_url = no_url, .on = CONF_FETCHED, .timeout = 60};
static struct conf conf = {.scanners = &scanner, .scanner_count = 1, .filter = {.learn = true}};
static struct snapshot snapshot = {.conf = &conf, .users = 1};
static struct lan_server server = {.current = &snapshot, .lock = PTHREAD_MUTEX_INITIALIZER};

static int set_up_server(void **context)
{
	struct intake_options options = {.hostname = "gw", .writer = "test", .spool = &spool};
	struct error error;

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "test");
	if (set_up_state(context) != 0)
		return -1;
	options.state = spool.state;
	server.options.spool = &spool;
	atomic_store(&is_well, false);
	atomic_store(&is_silent, false);
	atomic_store(&asked, 0);
	if (intake_open(&spool.intake, &options, NULL, &error) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, filter) != 0)
		return -1;
	server.options.filter_fd = filter[0];
	return pthread_create(&filter_thread, NULL, run_filter, NULL);
}

static int tear_down_server(void **context)
{
	struct error error;

	close(filter[0]);
	pthread_join(filter_thread, NULL);
	close(filter[1]);
	return intake_close(spool.intake, &error) != 0 ? -1 : tear_down_state(context);
}

/* --- waiting: for conditions alone */

static bool has_waiting(size_t count)
{
	return lesson_waiting(&spool) == count;
}

static bool has_asked(size_t count)
{
	return (size_t)atomic_load(&asked) == count;
}

/* number: 1 if there is a reason why lessons wait. */
static bool has_trouble(size_t number)
{
	char *why = lesson_trouble_get(spool.state);
	bool result = (why != NULL) == (number == 1);

	free(why);
	return result;
}

static void until(bool (*is_so)(size_t), size_t number, const char *what)
{
	int64_t deadline = clock_now_ms() + PATIENCE_MS;

	while (!is_so(number)) {
		if (clock_left_ms(deadline) == 0)
			fail_msg("%s: not %zu; %zu wait, %d asked", what, number, lesson_waiting(&spool), atomic_load(&asked));
		usleep(5000);
	}
}

/* One after the other: lessons are taken in this order. */
static void teach(const char *text)
{
	size_t before = lesson_waiting(&spool);
	char *message = xasprintf("Subject: %s\r\n\r\ntext\r\n", text);
	struct envelope envelope;
	struct error error;

	envelope_init(&envelope);
	envelope_add(&envelope, PLACE_MAILBOX, slice_of(lesson_mailbox(true)), SLICE_LITERAL("test"));
	assert_int_equal(intake_accept_text(spool.intake, &envelope, slice_of(message), NULL, 0, &error), 0);
	free(message);
	until(has_waiting, before + 1, "a lesson");
}

/* --- the tests */

static void test_one_that_fails_holds_up_no_other(void **context)
{
	struct learner *learner;

	(void)context;
	teach("fails");
	teach("refused");
	teach("good");
	learner = learner_start(&server);
	until(has_waiting, 1, "refused and good have ended");
	until(has_trouble, 1, "the reason of the one that fails");
	learner_stop(learner);
	assert_true(has_waiting(1));
	atomic_store(&is_well, true);
	learner = learner_start(&server);
	until(has_waiting, 0, "it is learned after all");
	until(has_trouble, 0, "all is well");
	learner_stop(learner);
}

static void test_the_first_that_must_wait_ends_the_round(void **context)
{
	static const char *const words[] = {"later", "without an answer"}; /* the latter is asked twice */

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct learner *learner;

		atomic_store(&asked, 0);
		atomic_store(&is_well, false);
		teach(words[i]);
		teach("good");
		learner = learner_start(&server);
		until(has_trouble, 1, words[i]);
		learner_stop(learner);
		assert_true(has_asked(i + 1) && has_waiting(2));
		atomic_store(&is_well, true);
		learner = learner_start(&server);
		until(has_waiting, 0, "both are learned");
		until(has_trouble, 0, "all is well");
		learner_stop(learner);
	}
}

static void test_what_is_known_is_not_asked_again(void **context)
{
	struct learner *learner;

	(void)context;
	teach("good");
	learner = learner_start(&server);
	until(has_waiting, 0, "it is learned");
	learner_stop(learner);
	teach("good");
	learner = learner_start(&server);
	until(has_waiting, 0, "it is known");
	learner_stop(learner);
	assert_true(has_asked(1));
}

static void test_a_stop_is_no_trouble(void **context)
{
	struct learner *learner;

	(void)context;
	atomic_store(&is_silent, true);
	teach("good");
	learner = learner_start(&server);
	until(has_asked, 1, "the lesson in work");
	learner_stop(learner);
	assert_true(has_waiting(1) && has_trouble(0));
}

#define SERVER_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up_server, tear_down_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SERVER_TEST(test_one_that_fails_holds_up_no_other),
	    SERVER_TEST(test_the_first_that_must_wait_ends_the_round),
	    SERVER_TEST(test_what_is_known_is_not_asked_again),
	    SERVER_TEST(test_a_stop_is_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
