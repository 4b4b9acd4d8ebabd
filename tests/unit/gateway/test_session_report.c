/* The reports of a session to postmaster: each problem once, its end once, and nothing intended or temporary. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/session/session_report.h"
#include "spool/storage/mailbox.h"
#include "spool/storage/state_problems.h"
#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_spool.h"

#include <stdio.h>

#include <cmocka.h>

static struct conf conf;
static struct spool house;
static struct conf_account account = {.name = (char *)(uintptr_t)"sales"};
static struct account_result fetched;
static struct outbound_host host;
static struct session_result result;

static int open_house(void **context)
{
	struct error error;

	if (set_up(context) != 0)
		return -1;
	conf = sample_conf();
	conf.gateway.spool = folder;
	conf.gateway.postmaster = (char *)(uintptr_t)"";
	conf.accounts = &account;
	conf.account_count = 1;
	fetched = (struct account_result){.account = &account};
	host = (struct outbound_host){.tried = true};
	result = (struct session_result){.id = "s1", .accounts = &fetched, .account_count = 1, .hosts = &host};
	return spool_open(&house, &conf, &(struct spool_options){.writer = "unit"}, &error);
}

static int close_house(void **context)
{
	spool_close(&house, NULL);
	return tear_down(context);
}

static size_t letters(void)
{
	struct mailbox_list list;
	struct error error;
	size_t count;

	assert_int_equal(mailbox_list(&house, CONF_POSTMASTER, &list, &error), 0);
	count = list.count;
	mailbox_list_clear(&list);
	return count;
}

static void report(void)
{
	session_report_problems(&(struct session_report){&conf, &house, &result}, true, true);
}

static void count_problem(void *context, const char *key, const char *text, int64_t since)
{
	(void)key;
	(void)text;
	(void)since;
	++*(size_t *)context;
}

static size_t problems(void)
{
	struct error error;
	size_t count = 0;

	assert_int_equal(state_problems(house.state, count_problem, &count, &error), 0);
	return count;
}

static void test_a_good_session_is_no_news(void **context)
{
	(void)context;
	report();
	assert_int_equal(letters(), 0);
	assert_int_equal(problems(), 0);
}

static void test_a_trouble_and_its_end_are_told_once(void **context)
{
	(void)context;
	error_set(&fetched.error, ERROR_LOGIN, "refused");
	report();
	report();
	assert_int_equal(letters(), 1);
	assert_int_equal(problems(), 1);
	error_set(&fetched.error, ERROR_TEMPORARY, "another kind of trouble is news");
	report();
	assert_int_equal(letters(), 2);
	fetched.error = (struct error)ERROR_INIT;
	report();
	report();
	assert_int_equal(letters(), 3);
	assert_int_equal(problems(), 0);
}

static void test_what_was_wished_for_is_no_trouble(void **context)
{
	(void)context;
	error_set(&fetched.error, ERROR_CANCELLED, "stopped");
	result.end = END_CANCELLED;
	report();
	assert_int_equal(letters(), 0);
	result.end = END_TIMEOUT; /* that is */
	report();
	assert_int_equal(letters(), 1);
}

/* A mailbox that is in use is reported if it stays so for an hour. */
static void test_what_passes_is_not_told(void **context)
{
	struct error error;
	char before[32];

	(void)context;
	error_set(&fetched.error, ERROR_BUSY, "in use");
	report();
	report();
	assert_int_equal(letters(), 0);
	snprintf(before, sizeof(before), "%lld", (long long)clock_wall() - 3700);
	assert_int_equal(state_set(house.state, "busy account sales", before, &error), 0);
	report();
	assert_int_equal(letters(), 1);
}

/* If the line was down, the state of accounts is unknown and not reported. */
static void test_a_line_that_is_down_is_the_only_trouble(void **context)
{
	(void)context;
	error_set(&fetched.error, ERROR_LOGIN, "refused");
	error_set(&result.line_error, ERROR_TEMPORARY, "down");
	session_report_problems(&(struct session_report){&conf, &house, &result}, true, false);
	assert_int_equal(letters(), 1);
	assert_int_equal(problems(), 1);
}

static void test_messages_that_do_not_come_are_told_each_once(void **context)
{
	(void)context;
	fetched.fetched.skipped = 2;
	fetched.fetched.named_count = 2;
	fetched.fetched.named[0] = (struct fetch_skipped){.key = xstrdup("u1"), .why = xstrdup("no")};
	fetched.fetched.named[1] = (struct fetch_skipped){.key = xstrdup("u2"), .why = xstrdup("no")};
	report();
	report();
	assert_int_equal(letters(), 2);
	fetch_result_clear(&fetched.fetched);
	report(); /* they were fetched after all: no report */
	assert_int_equal(letters(), 2);
	assert_int_equal(problems(), 0);
}

static void test_a_smarthost_that_was_not_tried_is_not_spoken_of(void **context)
{
	(void)context;
	error_set(&host.error, ERROR_TEMPORARY, "down");
	host.tried = false;
	report();
	assert_int_equal(letters(), 0);
	host.tried = true;
	report();
	assert_int_equal(letters(), 1);
}

static void test_what_is_no_longer_configured_has_no_problems(void **context)
{
	static const char *const gone[] = {"account old", "login account old", "uids old", "message old u1", "smarthost old", "login smarthost old", "scanner old"};
	static const char *const here[] = {"account sales", "message sales u1", "disk", "login account sales"};
	struct error error;

	(void)context;
	error_set(&fetched.error, ERROR_CANCELLED, "stopped"); /* nothing is known of it */
	for (size_t i = 0; i < ARRAY_LEN(gone); i++)
		assert_int_not_equal(state_problem_set(house.state, gone[i], "login", "refused", clock_wall(), &error), -1);
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		assert_int_not_equal(state_problem_set(house.state, here[i], "login", "refused", clock_wall(), &error), -1);
	report();
	assert_int_equal(problems(), ARRAY_LEN(here));
	assert_int_equal(letters(), 0);
	session_report_sign_ins(&(struct session_report){&conf, &house, &result}, NULL); /* it logs in with a password now */
	assert_int_equal(problems(), ARRAY_LEN(here) - 1);
}

#define REPORT_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_house, close_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    REPORT_TEST(test_a_good_session_is_no_news),
	    REPORT_TEST(test_a_trouble_and_its_end_are_told_once),
	    REPORT_TEST(test_what_was_wished_for_is_no_trouble),
	    REPORT_TEST(test_what_passes_is_not_told),
	    REPORT_TEST(test_a_line_that_is_down_is_the_only_trouble),
	    REPORT_TEST(test_messages_that_do_not_come_are_told_each_once),
	    REPORT_TEST(test_a_smarthost_that_was_not_tried_is_not_spoken_of),
	    REPORT_TEST(test_what_is_no_longer_configured_has_no_problems),
	};

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "unit");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
