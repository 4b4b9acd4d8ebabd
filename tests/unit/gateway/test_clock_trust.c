/* When the date is trusted: sequences of days with sessions. */
#include "gateway/report/clock_trust.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define DAY ((int64_t)86400)
#define BEGIN (20000 * DAY + 9 * 3600)

/* A session: on this day by the wall clock and by the true time, in this run of the system. */
struct session {
	double wall, real;
	const char *system;
	bool is_trusted;
};

static const struct {
	const char *name;
	struct session sessions[14];
} stories[] = {
    {"an office day by day", {{0, 0, "a", true}, {0.1, 0.1, "a", true}, {1, 1, "b", true}, {4, 4, "c", true}, {18, 18, "d", true}}},
    {"one session a hundred days ahead",
        {{0, 0, "a", true}, {100, 0.1, "b", false}, {0.2, 0.2, "c", false}, {1, 1, "d", false}, {2, 2, "d", false}, {3, 3, "d", false},
            {4, 4, "d", false}, {5, 5, "d", false}, {6, 6, "d", false}, {7, 7, "d", true}, {8, 8, "d", true}}},
    {"set by hand while it runs", {{0, 0, "a", true}, {1, 0.01, "a", false}, {1.01, 0.02, "a", false}, {0.03, 0.03, "a", false}}},
    {"many sessions on one day count once",
        {{0, 0, "a", true}, {50, 0.01, "a", false}, {50.01, 0.02, "a", false}, {50.02, 0.03, "a", false}, {50.03, 0.04, "a", false},
            {50.04, 0.05, "a", false}, {50.05, 0.06, "a", false}, {50.06, 0.07, "a", false}, {50.07, 0.08, "a", false}}},
    {"an empty battery", {{0, 0, "a", true}, {-19000, 1, "b", false}, {1.01, 1.01, "b", false}}},
    {"suspended for a week in one run", {{0, 0, "a", true}, {60, 60, "a", true}}},
    {"closed for a month", {{0, 0, "a", true}, {30, 30, "b", false}}},
    {"half an hour is no jump", {{0, 0, "a", true}, {0.02, 0, "a", true}, {0, 0, "a", true}, {-0.03, 0.1, "b", true}}},
};

static struct clock_reading reading_of(const struct session *session)
{
	struct clock_reading reading = {
	    .wall = BEGIN + (int64_t)(session->wall * (double)DAY), .steady = 5000 + (int64_t)(session->real * (double)DAY)};

	snprintf(reading.system, sizeof(reading.system), "%s", session->system);
	return reading;
}

static void test_stories(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		struct clock_memory memory = {0};

		for (size_t j = 0; j < ARRAY_LEN(stories[i].sessions) && stories[i].sessions[j].system != NULL; j++) {
			const struct clock_reading now = reading_of(&stories[i].sessions[j]);

			if (clock_trust_update(&memory, &now) != stories[i].sessions[j].is_trusted)
				fail_msg("%s, session %zu", stories[i].name, j);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_stories)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
