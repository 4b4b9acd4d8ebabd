/* Who has used the line: the sums over accounts and over users are those of the session, and a month begins at nothing. */
#include "mail/usage.h"

#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_state.h"

#include <string.h>

#define NOON 1795435200 /* 2026-11-23, 12:00 UTC */
#define DAY 86400

#define NAME(text) ((char *)(uintptr_t)(text))

static json_int_t field(const json_t *usage, const char *list, const char *name, const char *counter)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(usage, list), i, row)
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			return json_integer_value(json_object_get(row, counter));
	return -1;
}

static json_int_t sum(const json_t *usage, const char *list, const char *counter)
{
	json_int_t all = 0;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(usage, list), i, row)
		all += json_integer_value(json_object_get(row, counter));
	return all;
}

static double price(const json_t *usage, const char *list)
{
	double all = 0;
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(usage, list), i, row)
		all += json_real_value(json_object_get(row, "price"));
	return all;
}

/* Three users, one of whom got three quarters; an account that brought nothing; a smarthost. */
static json_t *sample(void)
{
	struct byte_share fetched[] = {{NAME("ivan"), 750, 3}, {NAME("maria"), 125, 1}, {NAME("gone"), 125, 1}}, written[] = {{NAME("ivan"), 10, 2}};
	const struct byte_shares in = {fetched, ARRAY_LEN(fetched)}, out = {written, ARRAY_LEN(written)}, none = {NULL, 0};
	json_t *usage = usage_new();

	usage_add(usage, &(struct usage_part){.account = "sales", .bytes = {1001, 101}, .price = 8, .shares = &in, .messages = 4});
	usage_add(usage, &(struct usage_part){.account = "idle", .bytes = {50, 20}, .price = 1, .shares = &none});
	usage_add(usage, &(struct usage_part){.account = "", .bytes = {30, 400}, .price = 2, .shares = &out, .messages = 2, .is_outgoing = true});
	usage_add(usage, &(struct usage_part){.account = "silent", .shares = &none});
	return usage;
}

static void test_nothing_is_lost_by_dividing(void **context)
{
	json_t *usage = sample();

	(void)context;
	assert_int_equal(json_array_size(json_object_get(usage, "accounts")), 3);
	assert_int_equal(sum(usage, "accounts", "received"), 1081);
	assert_int_equal(sum(usage, "users", "received"), 1081);
	assert_int_equal(sum(usage, "accounts", "sent"), 521);
	assert_int_equal(sum(usage, "users", "sent"), 521);
	assert_int_equal((int)(price(usage, "accounts") * 1000 + 0.5), 11000);
	assert_int_equal((int)(price(usage, "users") * 1000 + 0.5), 11000);
	assert_int_equal(field(usage, "users", "ivan", "received"), 750 + 30);
	assert_int_equal(field(usage, "users", "ivan", "fetched"), 3);
	assert_int_equal(field(usage, "users", "ivan", "written"), 2);
	assert_int_equal(field(usage, "users", "", "received"), 50);
	assert_int_equal(field(usage, "accounts", "sales", "fetched"), 4);
	json_decref(usage);
}

static void test_a_month_is_kept_and_ends(void **context)
{
	struct conf conf = sample_conf();
	struct conf_account account = {.name = NAME("sales")};
	json_t *usage = sample(), *month;

	(void)context;
	conf.accounts = &account;
	conf.account_count = 1;
	usage_store(usage, &conf, spool.state, NOON);
	usage_store(usage, &conf, spool.state, NOON + DAY);
	reopen_state();
	month = usage_load(spool.state, NOON + 2 * DAY);
	assert_int_equal(field(month, "users", "ivan", "received"), 2 * 780);
	assert_int_equal(field(month, "users", "gone", "received"), -1); /* no such user: their part is nobody's */
	assert_int_equal(sum(month, "users", "received"), 2 * 1081);
	assert_int_equal(sum(month, "accounts", "received"), 2 * 1081);
	assert_int_equal(field(month, "accounts", "idle", "received"), -1);
	json_decref(month);
	month = usage_load(spool.state, NOON + 20 * DAY);
	assert_int_equal(json_array_size(json_object_get(month, "users")), 0);
	json_decref(month);
	json_decref(usage);
}

/* As another version, or damage, may leave it. */
static void test_what_cannot_be_read_is_nothing(void **context)
{
	static const char *const texts[] = {"", "[]", "7", "{\"month\": 202611}", "{\"month\": 202611, \"accounts\": {}, \"users\": []}"};
	struct error error;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		json_t *month;

		assert_int_equal(state_set(spool.state, i % 2 == 0 ? "usage-month 202611" : "line-usage", texts[i], &error), 0);
		month = usage_load(spool.state, NOON);
		assert_int_equal(json_integer_value(json_object_get(month, "month")), 202611);
		assert_int_equal(json_array_size(json_object_get(month, "accounts")), 0);
		json_decref(month);
	}
}

/* It was the only month, without lines and days. */
static void test_the_month_of_an_older_version_goes_on(void **context)
{
	struct conf conf = sample_conf();
	json_t *usage = sample(), *month;
	struct error error;

	(void)context;
	assert_int_equal(state_set(spool.state, "line-usage", "{\"month\": 202611, \"accounts\": [], \"users\": [{\"name\": \"ivan\", \"received\": 5, "
		"\"sent\": 6, \"fetched\": 1, \"written\": 0, \"price\": 0.5}]}", &error), 0);
	usage_store(usage, &conf, spool.state, NOON);
	month = usage_load(spool.state, NOON);
	assert_int_equal(field(month, "users", "ivan", "received"), 5 + 780);
	json_decref(month);
	month = usage_of(spool.state, 202610);
	assert_int_equal(json_array_size(json_object_get(month, "users")), 0);
	json_decref(month);
	json_decref(usage);
}

static void test_days_and_months_are_kept_for_their_time(void **context)
{
	static const struct {
		int64_t period;
		json_int_t sessions; /* -1: nothing */
	} kept[] = {{20261123, -1}, {20270122, -1}, {20270124, 2}, {20270327, 1}, {202611, 1}, {202701, 2}, {202703, 1}};
	struct conf conf = sample_conf();
	json_t *usage = sample(), *all = usage_new();

	(void)context;
	usage_add_session(usage, NULL, (struct remote_bytes){1081, 521}, 61, 11);
	usage_store(usage, &conf, spool.state, NOON); /* 2026-11-23 */
	usage_store(usage, &conf, spool.state, NOON + 62 * DAY); /* 2027-01-24 */
	usage_store(usage, &conf, spool.state, NOON + 62 * DAY);
	usage_store(usage, &conf, spool.state, NOON + 124 * DAY); /* 2027-03-27 */
	usage_store(usage, &conf, spool.state, NOON + (int64_t)20 * 365 * DAY); /* a clock that is wrong for a while */
	usage_expire(spool.state, NOON + 124 * DAY);
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		json_t *of = usage_of(spool.state, kept[i].period);

		assert_int_equal(field(of, "lines", "", "sessions"), kept[i].sessions);
		assert_int_equal(field(of, "lines", "", "seconds"), kept[i].sessions < 0 ? -1 : kept[i].sessions * 61);
		usage_merge(all, of);
		json_decref(of);
	}
	assert_int_equal(field(all, "lines", "", "received"), 7 * 1081);
	assert_int_equal(sum(all, "users", "received"), 7 * 1081);
	usage_expire(spool.state, NOON + 6 * 365 * DAY);
	json_decref(all);
	all = usage_of(spool.state, 202611);
	assert_int_equal(json_array_size(json_object_get(all, "lines")), 0);
	json_decref(all);
	json_decref(usage);
}

static void test_rows_without_a_name_are_sorted(void **context)
{
	json_t *usage = json_loads("{\"accounts\": [{}, 7, {\"name\": 3}], \"users\": []}", 0, NULL);

	(void)context;
	usage_shorten(usage);
	assert_int_equal(json_array_size(json_object_get(usage, "accounts")), 3);
	json_decref(usage);
}

static void test_only_the_largest_are_shown(void **context)
{
	const struct byte_shares none = {NULL, 0};
	json_t *usage = usage_new(), *rows;
	char name[32];

	(void)context;
	for (unsigned i = 1; i <= USAGE_ROWS_MAX + 5; i++) {
		snprintf(name, sizeof(name), "a%u", i);
		usage_add(usage, &(struct usage_part){.account = name, .bytes = {i, 0}, .shares = &none});
	}
	usage_shorten(usage);
	rows = json_object_get(usage, "accounts");
	assert_int_equal(json_array_size(rows), USAGE_ROWS_MAX + 1);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "received")), USAGE_ROWS_MAX + 5);
	assert_true(json_is_null(json_object_get(json_array_get(rows, USAGE_ROWS_MAX), "name")));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, USAGE_ROWS_MAX), "received")), 1 + 2 + 3 + 4 + 5);
	json_decref(usage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_is_lost_by_dividing),
	    STATE_TEST(test_a_month_is_kept_and_ends),
	    STATE_TEST(test_what_cannot_be_read_is_nothing),
	    STATE_TEST(test_the_month_of_an_older_version_goes_on),
	    STATE_TEST(test_days_and_months_are_kept_for_their_time),
	    cmocka_unit_test(test_rows_without_a_name_are_sorted),
	    cmocka_unit_test(test_only_the_largest_are_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
