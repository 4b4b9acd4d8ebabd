/* What failed logins lead to: for an address, a /64, a name, and for who is known. */
#include "lan-server/login/bans.h"

#include "lan-server/login/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define MINUTE ((int64_t)60 * 1000)
#define NAME(text) SLICE_LITERAL(text)

static const struct in6_addr v4 = {.s6_addr = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}};
static const struct in6_addr other_v4 = {.s6_addr = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 2}};

/* fd00::/64 with this last byte. */
static struct in6_addr v6(unsigned char last)
{
	return (struct in6_addr){.s6_addr = {[0] = 0xfd, [15] = last}};
}

static enum bans_news fail_often(struct bans *bans, const struct in6_addr *client, struct slice name, int count, int64_t now)
{
	enum bans_news news = BANS_NOBODY, last = BANS_NOBODY;

	for (int i = 0; i < count; i++) {
		bans_failure(bans, client, name, now, &last);
		news = last != BANS_NOBODY ? last : news;
	}
	return news;
}

static void test_an_address(void **state)
{
	struct bans *bans = bans_new();
	int64_t now = MINUTE;

	(void)state;
	assert_int_equal(fail_often(bans, &v4, NAME("ivan"), BANS_ADDRESS_FAILURES - 1, now), BANS_NOBODY);
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now));
	assert_int_equal(fail_often(bans, &v4, NAME("nobody"), 1, now), BANS_ADDRESS);
	assert_true(bans_refuse(bans, &v4, NAME("anna"), now));
	assert_false(bans_refuse(bans, &other_v4, NAME("ivan"), now)); /* IPv4 neighbours have nothing to do with it */
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), now + 4 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now + 5 * MINUTE));
	/* The next one is longer. */
	now += 10 * MINUTE;
	assert_int_equal(fail_often(bans, &v4, NAME("ivan"), BANS_ADDRESS_FAILURES, now), BANS_ADDRESS);
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), now + 9 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now + 10 * MINUTE));
	/* After a quiet day it is a short one again. */
	now += 26 * 60 * MINUTE;
	fail_often(bans, &v4, NAME("ivan"), BANS_ADDRESS_FAILURES, now);
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now + 5 * MINUTE));
	bans_free(bans);
}

static void test_a_network(void **state)
{
	struct bans *bans = bans_new();
	struct in6_addr fresh = v6(200), elsewhere = {.s6_addr = {[0] = 0xfd, [7] = 1, [15] = 200}};
	enum bans_news news = BANS_NOBODY;
	int failures = 0;

	(void)state;
	for (unsigned char i = 1; news == BANS_NOBODY && i < 100; i++) {
		struct in6_addr client = v6(i);

		news = fail_often(bans, &client, NAME("ivan"), 2, MINUTE);
		failures += 2;
	}
	assert_int_equal(news, BANS_NETWORK);
	assert_int_equal(failures, BANS_NETWORK_FAILURES);
	assert_true(bans_refuse(bans, &fresh, NAME("anna"), MINUTE));
	assert_false(bans_refuse(bans, &elsewhere, NAME("anna"), MINUTE));
	bans_free(bans);
}

static void test_who_is_known_stays_in(void **state)
{
	struct bans *bans = bans_new();
	struct in6_addr home = v6(1), moved = v6(2), attacker = v6(3);

	(void)state;
	bans_success(bans, &v4, NAME("ivan"), MINUTE);
	fail_often(bans, &v4, NAME("anna"), BANS_ADDRESS_FAILURES, MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("anna"), MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), MINUTE)); /* a colleague behind the same router */
	/* But his name is no way to go on guessing. */
	fail_often(bans, &v4, NAME("ivan"), BANS_PAIR_FAILURES, MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), 7 * MINUTE));

	/* With a new address in his network he is known; whoever is shut out himself does not get in by his name. */
	bans_success(bans, &home, NAME("ivan"), MINUTE);
	for (int i = 0; i < 3; i++) {
		struct in6_addr one = v6((unsigned char)(10 + i));

		fail_often(bans, i == 0 ? &attacker : &one, NAME("boss"), BANS_ADDRESS_FAILURES, MINUTE);
	}
	assert_true(bans_refuse(bans, &moved, NAME("anna"), MINUTE));
	assert_false(bans_refuse(bans, &moved, NAME("ivan"), MINUTE));
	assert_true(bans_refuse(bans, &attacker, NAME("ivan"), MINUTE));
	bans_free(bans);
}

static void test_a_name_is_slowed_but_never_shut_out(void **state)
{
	struct bans *bans = bans_new();

	(void)state;
	bans_success(bans, &other_v4, NAME("ivan"), MINUTE);
	for (unsigned char i = 0; i < 200; i++) {
		struct in6_addr client = {.s6_addr = {[10] = 0xff, [11] = 0xff, 10, 9, 9, i}};

		assert_false(bans_refuse(bans, &client, NAME("ivan"), MINUTE));
		assert_int_equal(bans_slow(bans, &client, NAME("ivan"), MINUTE), i < BANS_NAME_FAILURES ? 0 : BANS_NAME_DELAYS);
		fail_often(bans, &client, NAME("ivan"), 1, MINUTE);
	}
	assert_int_equal(bans_slow(bans, &other_v4, NAME("ivan"), MINUTE), 0); /* he works on as always */
	assert_int_equal(bans_slow(bans, &v4, NAME("anna"), MINUTE), 0);
	bans_free(bans);
}

/* Who asks for salts and breaks off is counted, an office that logs in by SCRAM is not. */
static void test_challenges_that_are_broken_off(void **state)
{
	struct bans *bans = bans_new();
	enum bans_news news = BANS_NOBODY;
	int begun = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		bans_begun(bans, &other_v4, MINUTE, &news);
		assert_int_equal(news, BANS_NOBODY);
		bans_ended(bans, &other_v4, MINUTE);
	}
	for (; begun < 1000 && news == BANS_NOBODY; begun++)
		bans_begun(bans, &v4, MINUTE, &news);
	assert_true(begun > 20 && begun <= 100);
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), MINUTE));
	bans_free(bans);
}

static void test_the_oldest_is_forgotten_first(void **state)
{
	struct tally *tally = tally_new(3);

	(void)state;
	tally_make(tally, NAME("a"))->times = 1;
	tally_make(tally, NAME("b"))->times = 2;
	tally_make(tally, NAME("c"))->times = 3;
	assert_int_equal(tally_find(tally, NAME("a"))->times, 1); /* used: b is the oldest now */
	tally_make(tally, NAME("d"))->times = 4;
	assert_null(tally_find(tally, NAME("b")));
	assert_int_equal(tally_find(tally, NAME("a"))->times, 1);
	assert_int_equal(tally_find(tally, NAME("c"))->times, 3);
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		tally_make(tally, slice_of(name))->times = (unsigned)i + 1;
		assert_int_equal(tally_find(tally, slice_of(name))->times, i + 1);
	}
	assert_null(tally_find(tally, NAME("996")));
	assert_non_null(tally_find(tally, NAME("997")));
	tally_free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address),
	    cmocka_unit_test(test_a_network),
	    cmocka_unit_test(test_who_is_known_stays_in),
	    cmocka_unit_test(test_a_name_is_slowed_but_never_shut_out),
	    cmocka_unit_test(test_challenges_that_are_broken_off),
	    cmocka_unit_test(test_the_oldest_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
