/* What was fetched: found again by another process, newer over older, and moved with its mailbox. */
#include "tests/unit/sample_state.h"

static void add(const char *mailbox, const char *uidl, const char *id, int64_t time)
{
	const struct seen what = {.time = time, .listed = 100, .digest = 7, .body = 8};
	struct error error;

	assert_int_equal(state_seen_add(spool.state, mailbox, slice_of(uidl), id, &what, &error), 0);
}

static const struct seen *load(struct map *seen, const char *mailbox, const char *uidl)
{
	struct error error;

	assert_int_equal(state_seen_load(spool.state, mailbox, seen, &error), 0);
	return map_get(seen, slice_of(uidl));
}

static void test_seen_is_known_again(void **context)
{
	struct map seen = MAP_INIT;
	const struct seen *one;
	struct error error;

	(void)context;
	add("a@x", "u1", "", 5);
	add("a@x", "u1", "", 6); /* some servers use them again */
	add("b@x", "u2", "", 5);
	reopen_state();
	one = load(&seen, "a@x", "u1");
	assert_true(one != NULL && one->time == 6 && one->listed == 100 && one->digest == 7 && one->body == 8 && !one->is_fresh);
	assert_null(map_get(&seen, slice_of("u2")));
	state_seen_clear(&seen);
	assert_int_equal(state_seen_forget(spool.state, "a@x", slice_of("u1"), &error), 0);
	assert_null(load(&seen, "a@x", "u1"));
	state_seen_clear(&seen);
}

static void test_any_bytes_are_a_uidl(void **context)
{
	const struct slice uidl = slice_make("a\0b", 3);
	struct map seen = MAP_INIT;
	struct error error;

	(void)context;
	assert_int_equal(state_seen_add(spool.state, "a", uidl, "", &(struct seen){.time = 1}, &error), 0);
	assert_int_equal(state_seen_load(spool.state, "a", &seen, &error), 0);
	assert_non_null(map_get(&seen, uidl));
	assert_null(map_get(&seen, slice_of("a")));
	state_seen_clear(&seen);
}

static void test_a_mailbox_that_moves_keeps_what_is_newer(void **context)
{
	struct map seen = MAP_INIT;
	struct error error;

	(void)context;
	add("old", "u1", "", 5);
	add("old", "u2", "", 5);
	add("new", "u2", "", 9);
	assert_int_equal(state_seen_move(spool.state, "old", "new", &error), 0);
	assert_true(load(&seen, "new", "u1") != NULL);
	assert_int_equal(((const struct seen *)map_get(&seen, slice_of("u2")))->time, 9);
	state_seen_clear(&seen);
	assert_null(load(&seen, "old", "u1"));
	state_seen_clear(&seen);
}

static void test_a_message_is_found_by_its_id(void **context)
{
	struct error error;
	char *mailbox, *uidl;

	(void)context;
	add("a@x", "u1", "ID1", 5);
	assert_int_equal(state_seen_find(spool.state, "ID1", &mailbox, &uidl, &error), 0);
	assert_string_equal(mailbox, "a@x");
	assert_string_equal(uidl, "u1");
	free(mailbox);
	free(uidl);
	assert_int_equal(state_seen_find(spool.state, "ID2", &mailbox, &uidl, &error), 0);
	assert_true(mailbox == NULL && uidl == NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    STATE_TEST(test_seen_is_known_again),
	    STATE_TEST(test_any_bytes_are_a_uidl),
	    STATE_TEST(test_a_mailbox_that_moves_keeps_what_is_newer),
	    STATE_TEST(test_a_message_is_found_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
