/* What the kernel has counted on the line: only interfaces with a default route, of IPv4 or IPv6, each once. */
#include "gateway/session/line_counters.h"

#include "base/alloc.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD4 "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define DEV "Inter-|   Receive                                                |  Transmit\n face |bytes packets\n" \
	"    lo:   99 1 0 0 0 0 0 0   99 1 0 0 0 0 0 0\n  eth0: 1000 1 0 0 0 0 0 0  20 1 0 0 0 0 0 0\n  ppp0:5 1 0 0 0 0 0 0  7 1 0 0 0 0 0 0\n"

static char folder[] = "/tmp/lanpost-counters-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_tree(folder);
}

static void put(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static const struct {
	const char *route, *route6, *dev;
	uint64_t received, sent; /* 0: nothing is known */
} cases[] = {
    {HEAD4 "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", "", DEV, 1000, 20},
    {HEAD4 "ppp0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\n",
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000003     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n",
	DEV, 1005, 27},
    {HEAD4 "eth0\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\neth0\t00000000\t0\t0003\t0\t0\t9\t00000000\t0\t0\t0\n", "", DEV, 1000, 20},
    {HEAD4 "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", "", DEV, 0, 0},
    {HEAD4 "eth9\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "", DEV, 0, 0},
    {HEAD4 "eth0\t00000000\t0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "", "  eth0: x 1 0 0 0 0 0 0 20\n  eth0", 0, 0},
    {"", "", "", 0, 0}, {"eth0", "0", ":", 0, 0},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct line_counters counters;

		put("route", cases[i].route);
		put("ipv6_route", cases[i].route6);
		put("dev", cases[i].dev);
		if (line_counters_read(folder, &counters) != (cases[i].received > 0) ||
		    (cases[i].received > 0 && (counters.received != cases[i].received || counters.sent != cases[i].sent)))
			fail_msg("case %zu: %llu %llu", i, (unsigned long long)counters.received, (unsigned long long)counters.sent);
	}
}

static void test_without_files(void **state)
{
	struct line_counters counters;

	(void)state;
	assert_false(line_counters_read("/nonexistent", &counters));
}

static void test_differences(void **state)
{
	const struct line_counters before = {10, 20}, after = {15, 20}, anew = {3, 1};
	struct line_counters difference;

	(void)state;
	assert_true(line_counters_since(&before, &after, &difference));
	assert_int_equal(difference.received, 5);
	assert_int_equal(difference.sent, 0);
	assert_false(line_counters_since(&before, &anew, &difference));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_without_files), cmocka_unit_test(test_differences)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
