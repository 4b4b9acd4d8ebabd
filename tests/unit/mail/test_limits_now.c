/* Which limit keeps a message in the queue, or mail at the providers, and until when. */
#include "mail/limits_now.h"
#include "mail/line_use.h"
#include "mail/smarthost_hour.h"

#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_state.h"

#define NOON 1795435200 /* 2026-11-23, 12:00 UTC */
#define DAY 86400

static struct conf conf;
static struct conf_smarthost smarthosts[2];
static char sender[] = "ivan@example.ru";

static int open_office(void **context)
{
	if (set_up_state(context) != 0)
		return -1;
	conf = sample_conf();
	smarthosts[0] = sample_smarthost;
	conf.smarthosts = smarthosts;
	conf.smarthost_count = 1;
	return 0;
}

/* The result of the last session: one that ended at noon. */
static void last_session(const char *send_limit, const char *smarthost_limit)
{
	json_t *result = json_pack("{s:I, s:s?, s:{s:s?}}", "time", (json_int_t)NOON, LIMITS_SEND, send_limit, LIMITS_SMARTHOSTS, smarthosts[0].name,
	    smarthost_limit);
	struct error error;

	assert_int_equal(state_session_put(spool.state, result, &error), 0);
	json_decref(result);
}

static void use_line(uint64_t sent)
{
	struct line_use use;

	line_use_load(&use, spool.state, NOON);
	line_use_add(&use, spool.state, &conf.line, (struct remote_bytes){.sent = sent}, 1, 0);
}

/* In English; NULL: nothing keeps it. */
static const char *why(int64_t now, int64_t accepted, uint64_t size)
{
	const struct envelope envelope = {.time = accepted, .size = size, .sender = sender};
	static char said[PHRASE_TEXT_MAX];
	struct limits_now limits;
	char text[PHRASE_MAX];
	const char *phrase;

	limits_now_load(&limits, &conf, spool.state, now, true);
	phrase = limits_now_why(&limits, &envelope, text);
	assert_int_equal(limits_now_keep_any(&limits) || phrase == NULL, true);
	limits_now_clear(&limits);
	return phrase == NULL ? NULL : phrase_show(said, sizeof(said), phrase, "en");
}

static void test_no_limit_keeps_nothing(void **context)
{
	(void)context;
	last_session("max_sent_per_day", "max_messages_per_session"); /* by settings that are gone */
	use_line(1 << 30);
	assert_null(why(NOON, NOON - 1, 1000));
}

static void test_a_day_that_is_used_up(void **context)
{
	(void)context;
	conf.line.max_sent_per_day = 1000;
	use_line(1000);
	assert_string_equal(why(NOON, NOON + 1, 1), "waits until the next day: max_sent_per_day is reached");
	assert_null(why(NOON + DAY, NOON + 1, 1));
}

/* What is left of the day is for smaller messages, and for the first of a session. */
static void test_a_day_that_is_nearly_used_up(void **context)
{
	(void)context;
	conf.line.max_sent_per_day = 1000;
	use_line(900);
	assert_null(why(NOON, NOON - 1, 101));
	last_session("max_sent_per_day", NULL);
	assert_non_null(why(NOON, NOON - 1, 101));
	assert_null(why(NOON, NOON - 1, 100));
	assert_null(why(NOON, NOON + 1, 101)); /* that session did not see it */
	assert_null(why(NOON + DAY, NOON - 1, 101));
}

static void test_a_session_that_was_full(void **context)
{
	(void)context;
	conf.line.max_sent_per_session = 1000;
	last_session("max_sent_per_session", NULL);
	assert_string_equal(why(NOON + 3 * DAY, NOON - 1, 1), "waits until the next session: max_sent_per_session is reached");
	assert_null(why(NOON, NOON + 1, 1));
}

static void test_limits_of_a_smarthost(void **context)
{
	const struct smarthost_hour hour = {NOON, 4};

	(void)context;
	smarthosts[0].max_messages_per_hour = 4;
	smarthosts[0].max_messages_per_session = 2;
	smarthost_hour_store(spool.state, smarthosts[0].name, &hour);
	assert_non_null(strstr(why(NOON + 3599, NOON + 1, 1), "max_messages_per_hour of smarthost"));
	assert_null(why(NOON + 3600, NOON + 1, 1));
	last_session(NULL, "max_messages_per_session");
	assert_non_null(strstr(why(NOON + 3600, NOON - 1, 1), "waits until the next session: max_messages_per_session of smarthost"));
	assert_null(why(NOON + 3600, NOON + 1, 1));
}

/* --- whether a session has anything to do */

static void put_in_queue(int64_t next_attempt)
{
	struct envelope envelope;
	struct slice text = SLICE_LITERAL("Subject: x\r\n\r\nText\r\n");
	struct error error;

	envelope_init(&envelope);
	envelope_set(&envelope.sender, slice_of(sender));
	envelope.size = text.len;
	envelope.next_attempt = next_attempt;
	envelope_add(&envelope, PLACE_QUEUE, slice_of("client@bank.ru"), SLICE_NONE);
	assert_int_equal(queue_deliver(&spool, &envelope, NULL, &text, 1, &error), 0);
	envelope_clear(&envelope);
}

static bool forbid(bool fetches, bool sends, bool all)
{
	struct limits_now limits;
	bool result;

	limits_now_load(&limits, &conf, spool.state, NOON, true);
	result = limits_now_forbid(&limits, &spool, (struct limits_wish){fetches, sends, all});
	limits_now_clear(&limits);
	return result;
}

static void test_what_a_session_may_do(void **context)
{
	(void)context;
	assert_false(forbid(true, true, false));
	assert_false(forbid(false, true, false)); /* an empty queue is no limit */
	conf.line.max_bytes_per_day = 1000;
	assert_false(forbid(true, true, false));
	use_line(1000);
	assert_true(forbid(true, true, false));
	assert_true(forbid(true, false, false));
	assert_false(forbid(false, true, false));
	assert_false(forbid(false, false, false));
	put_in_queue(NOON + 1); /* not due */
	assert_true(forbid(true, true, false));
	assert_false(forbid(true, true, true));
	put_in_queue(0);
	assert_false(forbid(true, true, false));
	smarthosts[0].max_messages_per_session = 1; /* of a session that is over */
	last_session(NULL, "max_messages_per_session");
	assert_false(forbid(true, true, false));
	smarthosts[0].max_messages_per_hour = 1;
	smarthost_hour_store(spool.state, smarthosts[0].name, &(struct smarthost_hour){NOON - 5, 1});
	assert_true(forbid(true, true, false));
	assert_true(forbid(false, true, true));
	smarthosts[0].max_messages_per_hour = 0;
	assert_false(forbid(true, true, false));
	conf.line.max_sent_per_month = 1;
	assert_true(forbid(true, true, true));
	assert_true(forbid(false, true, false));
}

static void test_all_for_people(void **context)
{
	struct limits_now limits;
	json_t *list;

	(void)context;
	conf.line.max_bytes_per_month = conf.line.max_sent_per_day = 1000;
	use_line(1000);
	limits_now_load(&limits, &conf, spool.state, NOON, true);
	list = limits_now_json(&limits, false);
	assert_int_equal(json_array_size(list), 1);
	json_decref(list);
	list = limits_now_json(&limits, true);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(PHRASE_EN(json_string_value(json_object_get(json_array_get(list, 0), "text"))),
	    "Nothing is fetched until the next month: max_bytes_per_month is reached");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 1), "until")), line_use_until("max_sent_per_day", NOON));
	json_decref(list);
	limits_now_clear(&limits);
	limits_now_load(&limits, &conf, spool.state, NOON, false); /* the clock is wrong */
	list = limits_now_json(&limits, true);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	limits_now_clear(&limits);
}

static void test_a_state_that_cannot_be_opened(void **context)
{
	struct conf elsewhere = conf;
	struct envelope envelope = {.time = NOON, .size = 1, .sender = sender};
	char missing[] = "/nowhere/spool", text[PHRASE_MAX];
	struct limits_now limits;
	json_t *list;

	(void)context;
	elsewhere.gateway.spool = missing;
	limits_now_read(&limits, &elsewhere);
	list = limits_now_json(&limits, true);
	assert_int_equal(json_array_size(list), 0);
	json_decref(list);
	assert_false(limits_now_keep_any(&limits));
	assert_null(limits_now_why(&limits, &envelope, text));
	limits_now_clear(&limits);
}

#define OFFICE_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_office, tear_down_state)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OFFICE_TEST(test_no_limit_keeps_nothing),
	    OFFICE_TEST(test_a_day_that_is_used_up),
	    OFFICE_TEST(test_a_day_that_is_nearly_used_up),
	    OFFICE_TEST(test_a_session_that_was_full),
	    OFFICE_TEST(test_limits_of_a_smarthost),
	    OFFICE_TEST(test_what_a_session_may_do),
	    OFFICE_TEST(test_all_for_people),
	    OFFICE_TEST(test_a_state_that_cannot_be_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
