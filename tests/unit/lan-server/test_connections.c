/* Connections: limits by address, network and in total; the order of eviction. */
#include "lan-server/server/connections.h"

#include "base/alloc.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define MOST 200

static struct in6_addr ip(const char *text)
{
	struct in6_addr address;
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') == NULL ? "::ffff:" : "", text);
	if (inet_pton(AF_INET6, mapped, &address) != 1)
		fail_msg("%s is no address", text);
	return address;
}

/* 100 places, 10 for an address, 30 for a network. */
struct hall {
	struct conf_lan lan;
	struct connections *connections;
	struct connection all[MOST];
	size_t count;
	int64_t now;
	struct in6_addr evicted;
};

static int open_hall(void **state)
{
	struct hall *hall = xcalloc(1, sizeof(*hall));

	hall->lan = (struct conf_lan){.max_sessions = 100, .max_sessions_per_ip = 10, .max_sessions_per_network = 30};
	hall->connections = connections_new();
	*state = hall;
	return 0;
}

static int close_hall(void **state)
{
	struct hall *hall = *state;

	for (size_t i = 0; i < hall->count; i++)
		connections_leave(hall->connections, &hall->all[i]);
	connections_free(hall->connections);
	free(hall);
	return 0;
}

/* Comes in, a millisecond later than the one before. */
static enum admission come(struct hall *hall, const char *address)
{
	struct connection *connection = &hall->all[hall->count];
	enum admission answer;

	*connection = (struct connection){.fd = -1, .address = ip(address), .useful = ++hall->now};
	answer = connections_admit(hall->connections, &hall->lan, connection, hall->now, &hall->evicted);
	hall->count += answer == ADMISSION_GRANTED;
	return answer;
}

static void come_all(struct hall *hall, const char *address, size_t times)
{
	for (size_t i = 0; i < times; i++)
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
}

static void stand(struct hall *hall, size_t from, size_t to, enum connection_standing standing)
{
	for (; from < to; from++)
		hall->all[from].standing = standing;
}

/* Addresses that hold `each` places, ten at most, until the hall has `total` connections. */
static void fill(struct hall *hall, size_t total, size_t each)
{
	char address[32];

	for (unsigned i = 0; hall->count < total; i++) {
		snprintf(address, sizeof(address), "10.1.%u.%u", i / 250, i % 250 + 1);
		come_all(hall, address, each);
	}
}

static size_t evicted_one(const struct hall *hall)
{
	size_t found = MOST;

	for (size_t i = 0; i < hall->count; i++) {
		if (!hall->all[i].is_evicted)
			continue;
		assert_int_equal(found, MOST);
		found = i;
	}
	return found;
}

static void test_an_address_has_its_limit(void **state)
{
	struct hall *hall = *state;

	come_all(hall, "10.0.0.1", 10);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_FULL_FOR_IP);
	assert_int_equal(come(hall, "10.0.0.2"), ADMISSION_GRANTED);
	connections_leave(hall->connections, &hall->all[0]);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), MOST);
	hall->now += 10000; /* behind one address there may be many people */
	hall->all[1].useful = hall->now;
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), 2);
	assert_memory_equal(&hall->evicted, &hall->all[2].address, sizeof(hall->evicted));
}

static void test_a_network_has_its_limit_and_room_for_newcomers(void **state)
{
	struct hall *hall = *state;

	come_all(hall, "fd00::1", 10);
	come_all(hall, "fd00::2", 10);
	come_all(hall, "fd00::3", 9);
	come_all(hall, "fd00::4", 1);
	assert_int_equal(come(hall, "fd00::5"), ADMISSION_GRANTED); /* instead of the oldest of those with ten */
	assert_int_equal(evicted_one(hall), 0);
	stand(hall, 0, hall->count, CONNECTION_STAYS);
	assert_int_equal(come(hall, "fd00::6"), ADMISSION_FULL_FOR_NETWORK);
	assert_int_equal(come(hall, "fd00:0:0:1::6"), ADMISSION_GRANTED);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
}

/* It may evict its own, but not as fast as their threads can end: those would keep all others out. */
static void test_a_network_that_comes_too_fast_waits_for_its_own(void **state)
{
	struct hall *hall = *state;
	size_t most = connections_leaving_max(&hall->lan) / 2;
	char address[32];

	for (size_t i = 0; i < 30 + most; i++) {
		snprintf(address, sizeof(address), "fd00::%zx", i + 1);
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
	}
	assert_int_equal(come(hall, "fd00::ffff"), ADMISSION_FULL_FOR_NETWORK);
	assert_int_equal(come(hall, "fd00:0:0:1::6"), ADMISSION_GRANTED);
	connections_leave(hall->connections, &hall->all[0]);
	assert_int_equal(come(hall, "fd00::ffff"), ADMISSION_GRANTED);
	assert_int_equal(come(hall, "fd00::fffe"), ADMISSION_FULL_FOR_NETWORK);
}

static void test_half_of_all_is_the_usual_limit_of_a_network(void **state)
{
	struct hall *hall = *state;
	char address[32];

	hall->lan.max_sessions_per_network = 0;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(address, sizeof(address), "fd00::%x", i + 1);
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
	}
	stand(hall, 0, 50, CONNECTION_STAYS);
	assert_int_equal(come(hall, "fd00::ffff"), ADMISSION_FULL_FOR_NETWORK);
}

static void test_the_last_places_are_for_newcomers(void **state)
{
	struct hall *hall = *state;

	fill(hall, 90, 10);
	stand(hall, 0, 90, CONNECTION_STAYS);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	stand(hall, 90, 91, CONNECTION_STAYS);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_FULL);
	for (int i = 2; i < 11; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.0.0.%d", i);
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
		stand(hall, hall->count - 1, hall->count, CONNECTION_STAYS);
	}
	assert_int_equal(come(hall, "10.0.0.99"), ADMISSION_FULL);
}

static void test_who_holds_most_goes_first_then_who_idles_longest(void **state)
{
	struct hall *hall = *state;

	come_all(hall, "10.0.0.1", 1); /* the oldest of all, alone */
	come_all(hall, "10.0.0.2", 10);
	fill(hall, 81, 5);
	hall->all[1].useful = hall->now; /* has done something since */
	come_all(hall, "10.0.0.3", 9);
	hall->lan.max_sessions = 90;
	assert_int_equal(come(hall, "10.0.0.4"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), 2);
}

static void test_a_small_network_outlives_a_large_one(void **state)
{
	struct hall *hall = *state;
	char address[32];

	for (unsigned i = 0; i < 28; i++) { /* nearly all that a network may have, one an address */
		snprintf(address, sizeof(address), "fd00::%x", i + 1);
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
	}
	fill(hall, 90, 2);
	hall->lan.max_sessions = 90;
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), 0);
}

static void test_who_takes_more_throws_nobody_out_who_has_less(void **state)
{
	struct hall *hall = *state;

	come_all(hall, "10.0.0.1", 3);
	fill(hall, 89, 2);
	stand(hall, 0, 3, CONNECTION_STAYS);
	hall->lan.max_sessions = 89;
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_FULL);
	assert_int_equal(come(hall, "10.1.0.1"), ADMISSION_FULL);
	assert_int_equal(come(hall, "10.0.0.9"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), 3);
	hall->now += 10000; /* but an idle client is evicted for any newcomer */
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
}

static void test_strangers_before_senders_and_nobody_else(void **state)
{
	struct hall *hall = *state;

	fill(hall, 100, 1);
	stand(hall, 0, 100, CONNECTION_STAYS);
	hall->now += 60000;
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_FULL);
	stand(hall, 3, 5, CONNECTION_SENDER);
	stand(hall, 7, 8, CONNECTION_STRANGER);
	hall->all[3].useful = hall->now;
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	assert_int_equal(evicted_one(hall), 7);
	stand(hall, 100, 101, CONNECTION_STAYS);
	assert_int_equal(come(hall, "10.0.0.2"), ADMISSION_GRANTED); /* a message that has not moved for long */
	assert_true(hall->all[4].is_evicted && !hall->all[3].is_evicted);
	stand(hall, 101, 102, CONNECTION_STAYS);
	assert_int_equal(come(hall, "10.0.0.3"), ADMISSION_FULL);
}

/* 1000 computers in one IPv6 network send data all the time. */
static void test_senders_of_a_full_network_go_for_those_who_hold_little(void **state)
{
	struct hall *hall = *state;
	char address[40];

	for (unsigned i = 0; i < 100; i++) {
		snprintf(address, sizeof(address), "2001:db8:0:%u::%x", i / 30, i);
		assert_int_equal(come(hall, address), ADMISSION_GRANTED);
	}
	stand(hall, 0, 100, CONNECTION_SENDER);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_FULL);
	hall->now += 60000;
	for (size_t i = 0; i < 100; i++)
		hall->all[i].useful = hall->now;
	assert_int_equal(come(hall, "2001:db8:0:1::ff"), ADMISSION_FULL_FOR_NETWORK);
	assert_int_equal(come(hall, "10.0.0.1"), ADMISSION_GRANTED);
	assert_true(evicted_one(hall) < 90);	   /* one of a full network */
	hall->all[evicted_one(hall)].is_evicted = false;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(come(hall, "10.0.0.2"), ADMISSION_GRANTED);
}

static void test_a_user_has_no_more_places_than_an_address(void **state)
{
	struct hall *hall = *state;

	fill(hall, 12, 1);
	for (size_t i = 0; i < 12; i++)
		assert_int_equal(connections_login(hall->connections, &hall->lan, &hall->all[i], "ivan"), i < 10);
	connections_leave(hall->connections, &hall->all[0]);
	connections_leave(hall->connections, &hall->all[1]);
	assert_true(connections_login(hall->connections, &hall->lan, &hall->all[11], "ivan"));
	assert_true(connections_login(hall->connections, &hall->lan, &hall->all[11], "anna"));
	assert_true(connections_login(hall->connections, &hall->lan, &hall->all[10], "ivan"));
}

static void test_guesses_are_remembered_by_address_and_network(void **state)
{
	struct hall *hall = *state;

	come_all(hall, "10.0.0.1", 1);
	come_all(hall, "fd00::1", 1);
	assert_int_equal(hall->all[0].unknown_names, 0);
	for (size_t i = 0; i < 2; i++) {
		connections_note_unknown(hall->connections, &hall->all[i], 20, hall->now);
		connections_note_unknown(hall->connections, &hall->all[i], 20, hall->now);
	}
	come_all(hall, "10.0.0.1", 1);
	come_all(hall, "10.0.0.2", 1);
	come_all(hall, "fd00::1", 1);
	come_all(hall, "fd00::2", 1);
	come_all(hall, "fd00:0:0:1::2", 1);
	assert_in_range(hall->all[2].unknown_names, 39, 40);
	assert_int_equal(hall->all[3].unknown_names, 0);
	assert_in_range(hall->all[4].unknown_names, 39, 40);
	assert_in_range(hall->all[5].unknown_names, 19, 20); /* half */
	assert_int_equal(hall->all[6].unknown_names, 0);
	hall->now += 10 * 30000;
	come_all(hall, "10.0.0.1", 1);
	assert_in_range(hall->all[7].unknown_names, 29, 30);
	hall->now += 40 * 30000;
	come_all(hall, "10.0.0.1", 1);
	assert_int_equal(hall->all[8].unknown_names, 0);
}

/* A client that fails at its handshake again and again does not fill the log. */
static void test_mistakes_are_logged_once_a_minute(void **state)
{
	struct hall *hall = *state;
	const struct connection one = {.address = ip("10.0.0.1")}, other = {.address = ip("10.0.9.1")};

	assert_true(connections_should_log(hall->connections, &one, 1000));
	assert_false(connections_should_log(hall->connections, &one, 2000));
	assert_true(connections_should_log(hall->connections, &other, 2000));
	assert_true(connections_should_log(hall->connections, &one, 61000));
}

static void test_many(void **state)
{
	struct hall *hall = *state;

	fill(hall, 75, 1);
	assert_false(connections_are_many(hall->connections, &hall->lan));
	come_all(hall, "10.0.0.1", 1);
	assert_true(connections_are_many(hall->connections, &hall->lan));
	connections_leave(hall->connections, &hall->all[0]);
	connections_leave(hall->connections, &hall->all[0]); /* once is enough */
	assert_false(connections_are_many(hall->connections, &hall->lan));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_hall, close_hall)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_an_address_has_its_limit),
	    TEST(test_a_network_has_its_limit_and_room_for_newcomers),
	    TEST(test_a_network_that_comes_too_fast_waits_for_its_own),
	    TEST(test_half_of_all_is_the_usual_limit_of_a_network),
	    TEST(test_the_last_places_are_for_newcomers),
	    TEST(test_who_holds_most_goes_first_then_who_idles_longest),
	    TEST(test_a_small_network_outlives_a_large_one),
	    TEST(test_who_takes_more_throws_nobody_out_who_has_less),
	    TEST(test_strangers_before_senders_and_nobody_else),
	    TEST(test_senders_of_a_full_network_go_for_those_who_hold_little),
	    TEST(test_a_user_has_no_more_places_than_an_address),
	    TEST(test_guesses_are_remembered_by_address_and_network),
	    TEST(test_mistakes_are_logged_once_a_minute),
	    TEST(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
