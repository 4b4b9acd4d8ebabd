/* Messages to the daemon wait once each, until their report is written. */
#include "tests/unit/sample_state.h"

static void test_a_trigger_waits_until_it_is_done(void **context)
{
	struct trigger trigger = {.id = msgid_new(), .sender = (char *)(uintptr_t)"ivan@x.ru", .subject = (char *)(uintptr_t)"status",
	    .message_id = (char *)(uintptr_t)"1@x", .time = 5};
	struct triggers triggers;
	struct error error;

	(void)context;
	assert_int_equal(state_trigger_add(spool.state, &trigger, &error), 0);
	assert_int_equal(state_trigger_add(spool.state, &trigger, &error), 0);
	reopen_state();
	assert_int_equal(state_triggers(spool.state, &triggers, &error), 0);
	assert_int_equal(triggers.count, 1);
	assert_string_equal(triggers.items[0].id.text, trigger.id.text);
	assert_string_equal(triggers.items[0].subject, "status");
	assert_int_equal(triggers.items[0].time, 5);
	state_triggers_clear(&triggers);
	assert_int_equal(state_trigger_done(spool.state, trigger.id.text, &error), 0);
	assert_int_equal(state_triggers(spool.state, &triggers, &error), 0);
	assert_int_equal(triggers.count, 0);
	state_triggers_clear(&triggers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {STATE_TEST(test_a_trigger_waits_until_it_is_done)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
