/* Replies of rules and messages to the daemon: each waits once, until it is done. */
#include "tests/unit/sample_state.h"

static struct reply_due reply_to(const struct msgid *id, const char *subject)
{
	return (struct reply_due){.id = *id, .rule = (char *)(uintptr_t)"away", .address = (char *)(uintptr_t)"kim@x.ru",
	    .subject = (char *)(uintptr_t)subject, .message_id = (char *)(uintptr_t)"1@x", .account = (char *)(uintptr_t)"",
	    .written_to = (char *)(uintptr_t)"ivan@y.ru", .time = 100};
}

static void test_a_reply_is_due_once_and_remembered(void **context)
{
	struct msgid id = msgid_new();
	struct reply_due first = reply_to(&id, "one"), again = reply_to(&id, "two");
	struct replies due;
	struct error error;
	int64_t last;
	size_t count;

	(void)context;
	assert_int_equal(state_reply_add(spool.state, &first, &error), 0);
	assert_int_equal(state_reply_add(spool.state, &again, &error), 0);
	reopen_state();
	assert_int_equal(state_replies(spool.state, &due, &error), 0);
	assert_int_equal(due.count, 1);
	assert_string_equal(due.items[0].subject, "one");
	assert_string_equal(due.items[0].written_to, "ivan@y.ru");
	state_replies_clear(&due);
	assert_int_equal(state_reply_last(spool.state, "away", "kim@x.ru", &last, &error), 0);
	assert_int_equal(last, 0);
	assert_int_equal(state_reply_done(spool.state, id.text, true, &error), 0);
	assert_int_equal(state_replies(spool.state, &due, &error), 0);
	assert_int_equal(due.count, 0);
	state_replies_clear(&due);
	assert_int_equal(state_reply_last(spool.state, "away", "kim@x.ru", &last, &error), 0);
	assert_true(last > 0);
	assert_int_equal(state_reply_count(spool.state, "away", 0, &count, &error), 0);
	assert_int_equal(count, 1);
	assert_int_equal(state_reply_last(spool.state, "other", "kim@x.ru", &last, &error), 0);
	assert_int_equal(last, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STATE_TEST(test_a_reply_is_due_once_and_remembered)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
