/*
 * The plan for each message of a listing: every way in which a server may name its messages.
 */
#include "fetcher/plan.h"

#include "base/alloc.h"
#include "fetcher/digest.h"
#include "spool/storage/state.h"
#include "spool/storage/state_seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 2000000000
#define DAY 86400

struct line {
	const char *uidl;
	const char *size;
	const char *header; /* what TOP would show */
};

struct known {
	const char *uidl;
	int64_t age;
	uint64_t listed;
	const char *header; /* of the message that was seen; NULL: nothing is known of it */
};

struct plan_case {
	const char *name;
	int64_t keep_days, max_size;
	size_t left;
	struct known seen[4];
	struct line lines[5];
	const char *expected; /* an action a message, then the numbers asked for */
};

#define H(n) "Message-ID: <" #n "@x>\r\nSubject: " #n "\r\n\r\n"

static const struct plan_case cases[] = {
    {"all new", 0, 0, 0, {{0}}, {{"a", "10", H(1)}, {"b", "10", H(2)}}, "GG"},
    {"seen and not deleted then", 0, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "10", H(1)}, {"b", "10", H(2)}}, "DG?1"},
    {"seen without a digest is trusted", 0, 0, 1, {{"a", 60, 0, NULL}}, {{"a", "10", H(1)}}, "D"},
    {"a uidl that is used again", 0, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "10", H(2)}}, "G?1"},
    {"used again, kept on the server", -1, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "12", H(2)}}, "G?1"},
    {"kept, nothing has changed", -1, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "10", H(1)}, {"b", "10", H(2)}}, "LG"},
    {"kept for days, due", 3, 0, 1, {{"a", 3 * DAY + 1, 10, H(1)}}, {{"a", "10", H(1)}}, "D?1"},
    {"kept for days, not due", 3, 0, 1, {{"a", 2 * DAY, 10, H(1)}}, {{"a", "10", H(1)}}, "L"},
    {"sizes that lie make it look", -1, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "99", H(1)}}, "L?1"},
    {"impossible sizes say nothing", -1, 0, 1, {{"a", 60, 10, H(1)}}, {{"a", "9223372036854775808", H(1)}}, "L"},
    {"reordered", -1, 0, 2, {{"a", 60, 10, H(1)}, {"b", 60, 10, H(2)}},
	{{"b", "10", H(2)}, {"c", "10", H(3)}, {"a", "10", H(1)}}, "LGL"},
    {"all uidls are new, the letters are not", -1, 0, 2, {{"a", 60, 10, H(1)}, {"b", 60, 10, H(2)}},
	{{"x", "10", H(1)}, {"y", "10", H(2)}, {"z", "10", H(3)}}, "LLG?123"},
    {"all uidls are new, deletions were due", 0, 0, 1, {{"a", 60, 10, H(1)}},
	{{"x", "10", H(1)}, {"z", "10", H(3)}}, "DG?12"},
    {"an emptied mailbox with new mail", -1, 0, 0, {{"a", 60, 10, H(1)}}, {{"x", "10", H(2)}}, "G"},
    {"two messages with one uidl", 0, 0, 0, {{0}}, {{"a", "10", H(1)}, {"a", "10", H(2)}}, "GG?12"},
    {"the same letter twice", 0, 0, 0, {{0}}, {{"a", "10", H(1)}, {"a", "10", H(1)}}, "GG?12"},
    {"uids that shift", -1, 0, 3, {{"a", 60, 10, H(1)}, {"b", 60, 20, H(2)}, {"c", 60, 40, H(4)}},
	{{"a", "10", H(1)}, {"b", "20", H(2)}, {"c", "30", H(3)}, {"d", "40", H(4)}, {"e", "50", H(5)}}, "LLGLG?34"},
    {"uids that shift down", -1, 0, 3, {{"a", 60, 10, H(1)}, {"b", 60, 20, H(2)}, {"c", 60, 40, H(4)}},
	{{"a", "10", H(1)}, {"b", "40", H(4)}}, "LL?2"},
    {"uids that shift among equal sizes", -1, 0, 3, {{"a", 60, 10, H(1)}, {"b", 60, 20, H(2)}, {"c", 60, 20, H(4)}},
	{{"a", "10", H(1)}, {"b", "30", H(3)}, {"c", "20", H(2)}, {"d", "20", H(4)}}, "LGLL?234"},
    {"some are gone, one came back under another uid", -1, 0, 3,
	{{"a", 60, 10, H(1)}, {"b", 60, 20, H(2)}, {"c", 60, 40, H(4)}},
	{{"a", "10", H(1)}, {"c", "40", H(4)}, {"d", "20", H(2)}, {"e", "50", H(5)}}, "LLLG?3"},
    {"some are gone, a new one is as large as one that is there", -1, 0, 3,
	{{"a", 60, 10, H(1)}, {"b", 60, 20, H(2)}, {"c", 60, 40, H(4)}},
	{{"a", "10", H(1)}, {"c", "40", H(4)}, {"d", "10", H(1)}}, "LLG"},
    {"uidls are the numbers, all is as it was", -1, 0, 2, {{"1", 60, 10, H(1)}, {"2", 60, 20, H(2)}},
	{{"1", "10", H(1)}, {"2", "20", H(2)}}, "LL?12"},
    {"uidls are the numbers, one is gone, one is new, of its size", -1, 0, 2, {{"1", 60, 10, H(1)}, {"2", 60, 10, H(2)}},
	{{"1", "10", H(2)}, {"2", "10", H(3)}}, "LG?12"},
    {"given anew and of other sizes", -1, 0, 2, {{"a", 60, 10, H(1)}, {"b", 60, 10, H(2)}},
	{{"x", "11", H(1)}, {"y", "10", H(2)}}, "GL?12"},
    {"too large", 0, 100, 0, {{0}}, {{"a", "101", H(1)}, {"b", "100", H(2)}}, "SG"},
    {"too large, stubbed", 0, 100, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "101", H(1)}}, "L"},
    {"too large, wanted", 0, 100, 0, {{"\x03" "a", 60, 101, H(1)}, {"\x04" "a", 5, 0, NULL}}, {{"a", "101", H(1)}}, "G"},
    {"the uidl of a stub is used again", 0, 100, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "102", H(2)}}, "S?1"},
    {"a stub, the size has changed", 0, 100, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "102", H(1)}}, "L?1"},
};

/* With attachments = later. */
static const struct plan_case later_cases[] = {
    {"its text has come", 0, 0, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "101", H(1)}}, "L"},
    {"its text has come, its uidl is used again", 0, 0, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "102", H(2)}}, "G?1"},
    {"its text has come, the size has changed", 0, 0, 0, {{"\x03" "a", 60, 101, H(1)}}, {{"a", "102", H(1)}}, "L?1"},
    {"its text has come, the whole is wanted", 0, 0, 0, {{"\x03" "a", 60, 101, H(1)}, {"\x04" "a", 5, 0, NULL}}, {{"a", "101", H(1)}}, "G"},
};

static void add_seen(struct map *seen, const struct known *known)
{
	const struct seen what = {.time = NOW - known->age,
	    .listed = known->listed,
	    .digest = known->header == NULL ? 0 : digest_of_header(slice_of(known->header))};

	state_seen_put(seen, slice_of(known->uidl), &what);
}

static void list(struct plan *plan, const struct line *lines)
{
	char line[300];

	for (unsigned i = 0; i < 5 && lines[i].uidl != NULL; i++) {
		snprintf(line, sizeof(line), "%u %s", i + 1, lines[i].uidl);
		assert_true(plan_add_uidl(plan, slice_of(line)));
		snprintf(line, sizeof(line), "%u %s", i + 1, lines[i].size);
		assert_true(plan_add_size(plan, slice_of(line), false));
	}
}

/* As in fetch_plan.c. */
static void answer(struct plan *plan, struct map *seen, const struct line *lines, char *asked)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_item *item = &plan->items[i];
		struct slice header = slice_of(lines[i].header);
		const struct plan_known *known;

		if (item->question == PLAN_SURE)
			continue;
		asked[strlen(asked)] = (char)('1' + i);
		known = plan_answer(plan, item, seen, digest_of_header(header), header);
		if (known == NULL)
			continue;
		item->is_new = false;
		state_seen_put(seen, slice_of(item->key), &known->what);
	}
}

static void make_plan(const struct plan_case *test, enum conf_attachments attachments)
{
	const struct conf_account account = {.keep_days = test->keep_days, .max_size = {.usual = test->max_size}, .attachments = attachments};
	struct plan plan = {0};
	struct map seen = MAP_INIT;
	char asked[16] = "", got[32] = "";

	for (size_t j = 0; j < 4 && test->seen[j].uidl != NULL; j++)
		add_seen(&seen, &test->seen[j]);
	list(&plan, test->lines);
	plan_question(&plan, &account, &seen, test->left, NOW);
	do
		answer(&plan, &seen, test->lines, asked);
	while (plan_question_again(&plan, &seen));
	plan_decide(&plan, &account, &seen, NOW);
	for (size_t j = 0; j < plan.count; j++)
		got[j] = "LGSD"[plan.items[j].action];
	if (asked[0] != '\0')
		snprintf(got + plan.count, sizeof(got) - plan.count, "?%s", asked);
	if (strcmp(got, test->expected) != 0)
		print_error("%s\n", test->name);
	assert_string_equal(got, test->expected);
	plan_clear(&plan);
	state_seen_clear(&seen);
}

static void plans_are_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		make_plan(&cases[i], ATTACHMENTS_NOW);
	for (size_t i = 0; i < ARRAY_LEN(later_cases); i++)
		make_plan(&later_cases[i], ATTACHMENTS_LATER);
}

static void without_uidl_the_header_is_the_name(void **state)
{
	const struct conf_account account = {.keep_days = -1};
	struct map seen = MAP_INIT;
	struct plan plan = {0};

	(void)state;
	assert_true(plan_add_size(&plan, slice_of("1 100"), true));
	plan_question(&plan, &account, &seen, 0, NOW);
	assert_int_equal(plan.items[0].question, PLAN_NO_KEY);
	/* No answer: there is no TOP, either. */
	plan_no_answer(&plan, &plan.items[0], &account, &seen, NOW);
	assert_true(plan.items[0].is_doubtful);
	plan_decide(&plan, &account, &seen, NOW);
	assert_int_equal(plan.items[0].action, PLAN_GET);
	assert_null(plan.items[0].key);
	plan_name(&plan, &plan.items[0], &seen, digest_of_header(slice_of(H(1))), slice_of(H(1)));
	state_seen_put(&seen, slice_of(plan.items[0].key), &(struct seen){.time = NOW});
	plan.items[0].is_doubtful = false;
	assert_int_equal(plan_known(&plan, &seen), 1);
	plan_name(&plan, &plan.items[0], &seen, digest_of_header(slice_of(H(1))), slice_of(H(1)));
	assert_null(map_get(&seen, slice_of(plan.items[0].key))); /* another message with this header */
	plan_clear(&plan);
	state_seen_clear(&seen);
}

static void listings_that_make_no_sense(void **state)
{
	static const struct {
		const char *line;
		bool good;
	} lines[] = {
	    {"1 a", true}, {"1 b", false}, {"0 c", false}, {"x d", false}, {"", false}, {"-1 e", false},
	    {"99999999999 f", false}, {"2", true}, {"3 \x01\x02", true},
	};
	struct plan plan = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(plan_add_uidl(&plan, slice_of(lines[i].line)), lines[i].good);
	assert_int_equal(plan.count, 3);
	plan_clear(&plan);
}

static void digests_know_a_letter_again(void **state)
{
	static const struct {
		const char *name, *one, *other;
		bool same;
	} pairs[] = {
	    {"status comes and goes", "Subject: a\r\nDate: b\r\n\r\n", "Status: RO\r\nSubject: a\r\nDate: b\r\n\r\n", true},
	    {"line ends", "Subject: a\r\nDate: b\r\n\r\n", "Subject: a\nDate: b\n\n", true},
	    {"folding", "Subject: a\r\n b\r\n\r\n", "Subject: a b\r\n\r\n", true},
	    {"the body does not count", "Subject: a\r\n\r\nx", "Subject: a\r\n\r\ny", true},
	    {"another subject", "Subject: a\r\n\r\n", "Subject: b\r\n\r\n", false},
	    {"copies for two people", "Delivered-To: a\r\nSubject: a\r\n\r\n", "Delivered-To: b\r\nSubject: a\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		bool same = digest_of_header(slice_of(pairs[i].one)) == digest_of_header(slice_of(pairs[i].other));

		if (same != pairs[i].same)
			print_error("%s\n", pairs[i].name);
		assert_int_equal(same, pairs[i].same);
	}
	assert_int_equal(digest_of_header(slice_of("X-Any: thing\r\n\r\n")), 0);
	assert_int_equal(digest_of_header(SLICE_NONE), 0);
}

/* Without headers only a message with the same UIDL and size counts as known. */
static void without_top_size_and_body_decide(void **state)
{
	static const struct {
		const char *name, *uidl, *size;
		int64_t keep_days;
		enum plan_action action;
	} lines[] = {
	    {"by this uidl and size", "a", "10", 0, PLAN_DELETE},
	    {"another size", "a", "11", 0, PLAN_GET},
	    {"no size", "a", "-", 0, PLAN_GET},
	    {"the uidl is but the number", "1", "10", 0, PLAN_GET},
	    {"the same, and it stays there", "1", "10", -1, PLAN_LEAVE},
	    {"the same, of another size", "1", "11", -1, PLAN_GET},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		const struct conf_account account = {.keep_days = lines[i].keep_days};
		const struct line listing[] = {{lines[i].uidl, lines[i].size, ""}, {0}};
		struct map seen = MAP_INIT;
		struct plan plan = {0};

		add_seen(&seen, &(struct known){lines[i].uidl, 60, 10, H(1)});
		list(&plan, listing);
		plan_question(&plan, &account, &seen, 1, NOW);
		if (plan.items[0].question != PLAN_SURE)
			plan_no_answer(&plan, &plan.items[0], &account, &seen, NOW);
		plan_decide(&plan, &account, &seen, NOW);
		if (plan.items[0].action != lines[i].action)
			print_error("%s\n", lines[i].name);
		assert_int_equal(plan.items[0].action, lines[i].action);
		plan_clear(&plan);
		state_seen_clear(&seen);
	}
}

static void one_header_two_bodies(void **state)
{
	struct map seen = MAP_INIT;
	struct plan plan = {0};

	(void)state;
	state_seen_put(&seen, slice_of("a"), &(struct seen){.listed = 10, .digest = 7, .body = 1});
	state_seen_put(&seen, slice_of("old"), &(struct seen){.listed = 20, .digest = 8});
	state_seen_put(&seen, slice_of("\x03stub"), &(struct seen){.listed = 20, .digest = 9, .body = 1});
	assert_string_equal(plan_find_same(&plan, &seen, 7, 1, 99, true)->key, "a");
	assert_null(plan_find_same(&plan, &seen, 7, 2, 10, true));
	assert_null(plan_find_same(&plan, &seen, 9, 1, 20, true));
	/* For messages that an older version has fetched the body is not known. */
	assert_non_null(plan_find_same(&plan, &seen, 8, 5, 20, false));
	assert_non_null(plan_find_same(&plan, &seen, 8, 5, 21, true));
	assert_null(plan_find_same(&plan, &seen, 8, 5, 21, false));
	plan_clear(&plan);
	state_seen_clear(&seen);
}

static void what_came_short_is_deleted_only_where_sizes_lie(void **state)
{
	const struct conf_account account = {.keep_days = 0};

	(void)state;
	for (int lies = 0; lies < 2; lies++) {
		struct map seen = MAP_INIT;
		struct plan plan = {.sizes_lie = lies};

		add_seen(&seen, &(struct known){"a", 60, 0, NULL});
		add_seen(&seen, &(struct known){"\x07" "a", 60, 0, NULL});
		assert_true(plan_add_uidl(&plan, slice_of("1 a")));
		plan_question(&plan, &account, &seen, 1, NOW);
		plan_decide(&plan, &account, &seen, NOW);
		assert_int_equal(plan.items[0].action, lies ? PLAN_DELETE : PLAN_LEAVE);
		plan_clear(&plan);
		state_seen_clear(&seen);
	}
}

/* Pictures of one size with white margins, from a device that writes neither Message-ID nor Date. */
static void a_scan_is_known_by_all_its_bytes(void **state)
{
	const size_t size = 10u << 20;
	char *bytes = xmalloc(size);
	uint64_t first;

	(void)state;
	memset(bytes, 'w', size);
	memcpy(bytes, "From: scanner\r\n\r\n", 17);
	first = digest_of_body(slice_make(bytes, size));
	for (size_t at = 17; at < size; at = at * 2 + 1) {
		bytes[at] = 'b';
		assert_true(digest_of_body(slice_make(bytes, size)) != first);
		bytes[at] = 'w';
	}
	assert_true(digest_of_body(slice_make(bytes, size)) == first);
	assert_true(digest_of_body(slice_make(bytes, size - 1)) != first);
	free(bytes);
}

/* The received size is trusted more than the listed one, as long as the listing is the same. */
static void test_a_message_that_has_proved_large(void **context)
{
	static const struct {
		uint64_t listed, came;
		int64_t max_size;
		bool is_wanted;
		enum plan_action action;
	} marks[] = {
	    {100, 5000, 1000, false, PLAN_STUB},
	    {100, 5000, 1000, true, PLAN_GET},
	    {100, 5000, 6000, false, PLAN_GET}, /* max_size was raised */
	    {99, 5000, 1000, false, PLAN_GET}, /* another message under this key */
	    {100, 5000, 0, false, PLAN_GET}, /* it was the session's bytes that it was too large for */
	    {100, PLAN_ENDLESS(100) + 1, 0, false, PLAN_STUB},
	};

	(void)context;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const struct conf_account account = {.max_size = {.usual = marks[i].max_size}};
		char *mark = plan_large_mark("a"), *wanted = plan_wanted_key("a");
		struct map seen = MAP_INIT;
		struct plan plan = {0};

		state_seen_put(&seen, slice_of(mark), &(struct seen){.time = NOW, .listed = marks[i].listed, .body = marks[i].came});
		if (marks[i].is_wanted)
			state_seen_put(&seen, slice_of(wanted), &(struct seen){.time = NOW});
		plan_add_uidl(&plan, SLICE_LITERAL("1 a"));
		plan_add_size(&plan, SLICE_LITERAL("1 100"), false);
		plan_question(&plan, &account, &seen, 0, NOW);
		plan_decide(&plan, &account, &seen, NOW);
		assert_int_equal(plan.items[0].action, marks[i].action);
		assert_int_equal(plan.items[0].at_least, marks[i].listed == 100 ? marks[i].came : 100);
		plan_clear(&plan);
		state_seen_clear(&seen);
		free(mark);
		free(wanted);
	}
}

/* Each attempt began again: a stub says that it waits there, until it is requested. */
static void test_a_message_in_which_the_line_breaks_is_given_up(void **context)
{
	static const struct {
		int64_t give_up_after;
		uint64_t tries, broken;
		bool has_stub, is_wanted, gives_up;
		enum plan_action action;
	} lines[] = {
	    {6, 5, 0, false, false, true, PLAN_GET},
	    {6, 6, 0, false, false, true, PLAN_STUB},
	    {6, 9, 0, true, false, true, PLAN_LEAVE},
	    {6, 9, 0, true, true, true, PLAN_GET},
	    {6, 9, 0, false, false, false, PLAN_GET}, /* the admin requests it */
	    {6, 9, 1, false, false, true, PLAN_GET}, /* what came was wrong, not the line */
	    {0, 99, 0, false, false, true, PLAN_GET},
	};

	(void)context;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct conf_account account = {.give_up_after = lines[i].give_up_after};
		char *tries = plan_tries_mark("a"), *stub = plan_stub_key("a"), *wanted = plan_wanted_key("a");
		struct map seen = MAP_INIT;
		struct plan plan = {0};

		state_seen_put(&seen, slice_of(tries), &(struct seen){.time = NOW, .listed = lines[i].tries, .body = lines[i].broken});
		if (lines[i].has_stub)
			state_seen_put(&seen, slice_of(stub), &(struct seen){.time = NOW});
		if (lines[i].is_wanted)
			state_seen_put(&seen, slice_of(wanted), &(struct seen){.time = NOW});
		plan_add_uidl(&plan, SLICE_LITERAL("1 a"));
		plan_add_size(&plan, SLICE_LITERAL("1 100"), false);
		plan.gives_up = lines[i].gives_up;
		plan_question(&plan, &account, &seen, 0, NOW);
		plan_decide(&plan, &account, &seen, NOW);
		assert_int_equal(plan.items[0].action, lines[i].action);
		plan_clear(&plan);
		state_seen_clear(&seen);
		free(tries);
		free(stub);
		free(wanted);
	}
}

static void test_small_messages_come_first(void **context)
{
	static const uint64_t sizes[] = {5000000, 100, 40000, 16000, 39000, 200, 0};
	static const size_t order[] = {1, 3, 5, 6, 2, 4, 0};
	struct map seen = MAP_INIT;
	struct plan plan = {0};

	(void)context;
	for (uint32_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		plan_add_uid(&plan, 7, i + 1, sizes[i], false);
	plan_decide(&plan, &(const struct conf_account){0}, &seen, NOW);
	plan_order(&plan);
	for (size_t i = 0; i < plan.count; i++)
		assert_int_equal(plan.order[i], order[i]);
	plan_clear(&plan);
}

/* What is kept is not paid for again. */
static void test_the_cost_of_a_message_is_what_is_missing(void **context)
{
	(void)context;
	assert_int_equal(plan_cost(&(struct plan_item){.action = PLAN_GET, .at_least = 50000}), 50000);
	assert_int_equal(plan_cost(&(struct plan_item){.action = PLAN_GET, .at_least = 50000, .kept = 20000}), 30000);
	assert_int_equal(plan_cost(&(struct plan_item){.action = PLAN_GET, .at_least = 50000, .kept = 50001}), 0);
	assert_int_equal(plan_cost(&(struct plan_item){.action = PLAN_STUB, .at_least = 50000, .kept = 20000}), PLAN_STUB_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(plans_are_made),
	    cmocka_unit_test(without_uidl_the_header_is_the_name),
	    cmocka_unit_test(without_top_size_and_body_decide),
	    cmocka_unit_test(one_header_two_bodies),
	    cmocka_unit_test(what_came_short_is_deleted_only_where_sizes_lie),
	    cmocka_unit_test(listings_that_make_no_sense),
	    cmocka_unit_test(digests_know_a_letter_again),
	    cmocka_unit_test(a_scan_is_known_by_all_its_bytes),
	    cmocka_unit_test(test_a_message_that_has_proved_large),
	    cmocka_unit_test(test_a_message_in_which_the_line_breaks_is_given_up),
	    cmocka_unit_test(test_small_messages_come_first),
	    cmocka_unit_test(test_the_cost_of_a_message_is_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
