/* Time counts while the smarthost is reachable, and no jump of the clock makes mail expire. */
#include "gateway/outbound/reachability.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR 3600
#define DAY (24 * HOUR)

static const struct {
	const char *name;
	struct {
		int64_t after; /* seconds since the previous attempt */
		bool reached;
	} tries[5];
	int64_t total;
} cases[] = {
    {"a first time", {{0, true}}, 0},
    {"an hour", {{0, true}, {HOUR, true}}, HOUR},
    {"again and again", {{0, true}, {HOUR, true}, {HOUR, true}, {HOUR, true}}, 3 * HOUR},
    {"a week of failures", {{0, true}, {HOUR, false}, {7 * DAY, false}, {HOUR, true}, {HOUR, true}}, HOUR},
    {"switched off for a week", {{0, true}, {7 * DAY, true}}, DAY},
    {"the clock went back", {{0, true}, {-7 * DAY, true}, {HOUR, true}}, HOUR},
    {"never reached", {{0, false}, {HOUR, false}}, 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reachability reach = {0};
		int64_t now = 2000000000;

		for (size_t j = 0; j < ARRAY_LEN(cases[i].tries); j++) {
			if (j > 0 && cases[i].tries[j].after == 0)
				break;
			now += cases[i].tries[j].after;
			reach = reachability_after(reach, now, cases[i].tries[j].reached);
		}
		if (reach.total != cases[i].total)
			fail_msg("%s: %lld", cases[i].name, (long long)reach.total);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
