#include "base/alloc.h"
#include "gateway/supervisor/login_fetch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOON 1795435200 /* 2026-11-23 12:00 UTC, a Monday */
#define DAY_SECONDS 86400
#define STEADY 5
#define REST 600

static char *to_ivan[] = {"ivan"}, *to_office[] = {"office"}, *both[] = {"ivan", "anna"}, *anna_orders[] = {"Orders -> anna/Orders"};

static struct conf_user users[] = {
    {.name = "ivan", .external_alias = "ivan@example.ru"},
    {.name = "anna", .external_alias = "anna@example.ru"},
    {.name = "olga", .external_alias = ""},
};

static struct conf_group groups[] = {{.name = "office", .members = {both, 2}}};

enum { IVANS, OFFICES, ANNAS, EVERYBODYS, DOMAINS, OFF, ACCOUNTS };

static struct conf_account accounts[ACCOUNTS] = {
    [IVANS] = {.name = "ivans", .enabled = true, .deliver_to = {to_ivan, 1}, .envelope_header = "", .remote = {.user = "x"}},
    [OFFICES] = {.name = "offices", .enabled = true, .deliver_to = {to_office, 1}, .envelope_header = "", .remote = {.user = "x"}},
    [ANNAS] = {.name = "annas", .enabled = true, .unsorted_to = {to_ivan, 1}, .envelope_header = "", .remote = {.user = "anna@example.ru"}},
    [EVERYBODYS] = {.name = "everybodys", .enabled = true, .envelope_header = "", .remote = {.user = "sales@example.ru"}},
    [DOMAINS] = {.name = "domains", .enabled = true, .envelope_header = "auto", .remote = {.user = "anna@example.ru"}},
    [OFF] = {.name = "off", .deliver_to = {to_ivan, 1}, .envelope_header = "", .remote = {.user = "x"}},
};

static struct conf conf = {
    .gateway = {.local_domain = "office.lan"},
    .schedule = {.days = 0x7F, .fetch_on_login = true, .fetch_on_login_rest = REST},
    .users = users,
    .user_count = 3,
    .groups = groups,
    .group_count = 1,
    .accounts = accounts,
    .account_count = ACCOUNTS,
};

static struct moment after(int64_t seconds)
{
	return (struct moment){.wall = NOON + seconds, .steady = STEADY + seconds};
}

/* The names that a login fetches, each behind a blank. */
static const char *fetches(const struct login_fetch *logins, const char *user, int64_t seconds)
{
	static char names[200];
	struct session_request request = {0};
	size_t at = 0;
	bool starts = login_fetch_take(logins, &conf, user, after(seconds), &request);

	names[0] = '\0';
	for (size_t i = 0; i < request.accounts.count; i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, " %s", request.accounts.items[i]);
	assert_int_equal(starts, request.accounts.count > 0);
	assert_int_equal(request.fetch, starts); /* an empty list would mean all */
	assert_false(request.send);
	session_request_clear(&request);
	return names;
}

static void test_whose_an_account_is(void **context)
{
	struct login_fetch logins;

	(void)context;
	login_fetch_start(&logins, &conf);
	assert_string_equal(fetches(&logins, "ivan", 0), " ivans offices annas everybodys domains");
	assert_string_equal(fetches(&logins, "anna", 0), " offices annas everybodys domains");
	assert_string_equal(fetches(&logins, "olga", 0), " everybodys domains");
	accounts[IVANS].folders_to = (struct strlist){anna_orders, 1};
	assert_string_equal(fetches(&logins, "anna", 0), " ivans offices annas everybodys domains");
	accounts[IVANS].folders_to = (struct strlist){0};
	conf.schedule.fetch_on_login = false;
	assert_string_equal(fetches(&logins, "ivan", 0), "");
	conf.schedule.fetch_on_login = true;
	login_fetch_clear(&logins);
}

static void test_an_account_rests_after_each_session_that_fetched_it(void **context)
{
	struct session_request all = {.fetch = true}, one = {.fetch = true}, only_sends = {.send = true}, plan = {.fetch = true, .plan = true};
	struct login_fetch logins;

	(void)context;
	login_fetch_start(&logins, &conf);
	strlist_add(&one.accounts, "domains");
	login_fetch_session_begins(&logins, &conf, &only_sends);
	login_fetch_session_begins(&logins, &conf, &plan);
	assert_string_equal(fetches(&logins, "olga", 0), " everybodys domains");
	login_fetch_session_begins(&logins, &conf, &one);
	assert_string_equal(fetches(&logins, "olga", 5 * REST), " everybodys"); /* however long it takes */
	login_fetch_session_ended(&logins, &conf, &one, STEADY + 10);
	assert_string_equal(fetches(&logins, "olga", 9 + REST), " everybodys");
	assert_string_equal(fetches(&logins, "olga", 10 + REST), " everybodys domains");
	login_fetch_session_ended(&logins, &conf, &all, STEADY + 20);
	assert_string_equal(fetches(&logins, "ivan", 19 + REST), "");
	assert_string_equal(fetches(&logins, "ivan", 20 + REST), " ivans offices annas everybodys domains");
	session_request_clear(&one);
	login_fetch_clear(&logins);
}

static void test_not_when_sessions_are_forbidden(void **context)
{
	struct login_fetch logins;

	(void)context;
	login_fetch_start(&logins, &conf);
	conf.schedule.hours_from = 13 * 3600;
	conf.schedule.hours_to = 14 * 3600;
	assert_string_equal(fetches(&logins, "olga", 3599), "");
	assert_string_equal(fetches(&logins, "olga", 3600), " everybodys domains");
	assert_string_equal(fetches(&logins, "olga", 2 * 3600), "");
	conf.schedule.hours_from = conf.schedule.hours_to = 0;
	conf.schedule.days = 1u << 2; /* Tuesday */
	assert_string_equal(fetches(&logins, "olga", 0), "");
	assert_string_equal(fetches(&logins, "olga", DAY_SECONDS), " everybodys domains");
	conf.schedule.days = 0x7F;
	login_fetch_pause(&logins, NOON);
	assert_string_equal(fetches(&logins, "olga", 12 * 3600 - 1), "");
	assert_string_equal(fetches(&logins, "olga", 12 * 3600), " everybodys domains");
	login_fetch_clear(&logins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_whose_an_account_is),
	    cmocka_unit_test(test_an_account_rests_after_each_session_that_fetched_it),
	    cmocka_unit_test(test_not_when_sessions_are_forbidden),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
