/* The consequences of failed logins: for an address, a /64, a name, and for known users. */
#include "lan-server/login/bans.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "lan-server/login/lru.h"

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
	assert_false(bans_refuse(bans, &other_v4, NAME("ivan"), now)); /* IPv4 neighbours are not affected */
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), now + 4 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now + 5 * MINUTE));
	/* The next ban is longer. */
	now += 10 * MINUTE;
	assert_int_equal(fail_often(bans, &v4, NAME("ivan"), BANS_ADDRESS_FAILURES, now), BANS_ADDRESS);
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), now + 9 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), now + 10 * MINUTE));
	/* After a day without failures the ban is short again. */
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
	/* But the user's name does not allow more guesses. */
	fail_often(bans, &v4, NAME("ivan"), BANS_PAIR_FAILURES, MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("ivan"), MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), 7 * MINUTE));

	/* The user is known with a new address in the same network; a banned address is not admitted by the
	 * user's name. */
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
	assert_int_equal(bans_slow(bans, &other_v4, NAME("ivan"), MINUTE), 0); /* the user works as always */
	assert_int_equal(bans_slow(bans, &v4, NAME("anna"), MINUTE), 0);
	bans_free(bans);
}

/* A client that requests salts and aborts is counted, an office that logs in by SCRAM is not. */
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

/* --- persistent data */

static struct ban_notes kept;

static void keep(void *context, const struct ban_note *note)
{
	(void)context;
	ban_notes_add(&kept, note, clock_wall());
}

/* The next process, with the stored data of the first one, as text. */
static struct bans *born_again(struct bans *bans, int64_t now)
{
	struct buf text = BUF_INIT(BAN_NOTES_TEXT_MAX);
	struct slice rest;
	struct ban_note note;

	bans_free(bans);
	bans = bans_new();
	ban_notes_write(&kept, clock_wall(), &text);
	for (rest = buf_slice(&text); rest.len > 0;) {
		assert_true(ban_note_read(slice_cut(&rest, '\n'), &note));
		bans_recall(bans, &note, now);
	}
	buf_clear(&text);
	bans_keep(bans, keep, NULL);
	return bans;
}

static void test_who_is_known_is_known_to_the_next_process(void **state)
{
	struct bans *bans = bans_new();
	struct in6_addr home = v6(1), moved = v6(2), attacker = v6(3), other = v6(4);

	(void)state;
	bans_keep(bans, keep, NULL);
	bans_success(bans, &v4, NAME("ivan"), MINUTE);
	bans_success(bans, &home, NAME("ivan"), MINUTE);
	for (int i = 0; i < 100; i++)
		bans_success(bans, &v4, NAME("ivan"), MINUTE + i * MINUTE);
	assert_int_equal(kept.count, 2);
	bans = born_again(bans, 7 * MINUTE);
	fail_often(bans, &v4, NAME("boss"), BANS_ADDRESS_FAILURES, 7 * MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("anna"), 7 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("ivan"), 7 * MINUTE));
	fail_often(bans, &attacker, NAME("boss"), BANS_ADDRESS_FAILURES, 7 * MINUTE);
	fail_often(bans, &other, NAME("boss"), BANS_ADDRESS_FAILURES, 7 * MINUTE);
	assert_true(bans_refuse(bans, &moved, NAME("anna"), 7 * MINUTE));
	assert_false(bans_refuse(bans, &moved, NAME("ivan"), 7 * MINUTE));
	bans_free(bans);
	ban_notes_clear(&kept);
}

static void test_a_ban_binds_the_next_process(void **state)
{
	struct bans *bans = bans_new();
	struct in6_addr attacker = v6(3), neighbour = v6(9), other = v6(4);

	(void)state;
	bans_keep(bans, keep, NULL);
	fail_often(bans, &v4, NAME("boss"), BANS_ADDRESS_FAILURES, 100 * MINUTE);
	fail_often(bans, &attacker, NAME("boss"), BANS_ADDRESS_FAILURES, 100 * MINUTE);
	fail_often(bans, &other, NAME("boss"), BANS_ADDRESS_FAILURES, 100 * MINUTE);
	bans = born_again(bans, MINUTE); /* the computer was restarted */
	assert_true(bans_refuse(bans, &v4, NAME("anna"), 4 * MINUTE));
	assert_true(bans_refuse(bans, &neighbour, NAME("anna"), 4 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("anna"), 7 * MINUTE));
	assert_false(bans_refuse(bans, &neighbour, NAME("anna"), 7 * MINUTE));
	/* The next ban is longer, there too. */
	fail_often(bans, &v4, NAME("boss"), BANS_ADDRESS_FAILURES, 20 * MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("anna"), 29 * MINUTE));
	bans_free(bans);
	ban_notes_clear(&kept);
}

/* The clock was far in the future when it was written: nobody is banned for years. */
static void test_a_wrong_clock_makes_no_long_ban(void **state)
{
	struct ban_note note = {.kind = BAN_NOTE_ADDRESS, .client = v4, .until = clock_wall() + 100 * 365 * 86400LL, .times = 1};
	struct bans *bans = bans_new();

	(void)state;
	bans_recall(bans, &note, MINUTE);
	assert_true(bans_refuse(bans, &v4, NAME("anna"), 30 * MINUTE));
	assert_false(bans_refuse(bans, &v4, NAME("anna"), 42 * MINUTE));
	bans_free(bans);
}

/* Nor is the ban renewed by each reload: the note ends, too. */
static void test_a_note_of_a_wrong_clock_ends(void **state)
{
	struct ban_note note = {.kind = BAN_NOTE_ADDRESS, .client = v4, .until = INT64_MAX / 2, .times = 1};
	struct ban_notes notes = {NULL, 0};
	struct buf text = BUF_INIT(4096);

	(void)state;
	ban_notes_add(&notes, &note, 1000);
	ban_notes_write(&notes, 1000, &text);
	assert_string_equal(buf_text(&text), "address 10.0.0.1 3400 1\n");
	buf_reset(&text);
	ban_notes_write(&notes, 1100, &text);
	assert_string_equal(buf_text(&text), "address 10.0.0.1 3400 1\n");
	buf_reset(&text);
	ban_notes_write(&notes, 3400 + BAN_NOTES_FORGOTTEN, &text);
	assert_int_equal(text.len, 0);
	buf_clear(&text);
	ban_notes_clear(&notes);
}

static const char *const no_notes[] = {"", "known", "known 10.0.0.1", "known 10.0.0.1 5", "known 10.0.0.1 5 ", "known 10.0.0.1 -5 ivan",
    "known 10.0.0.1 5 ivan boss", "known 10.0.0 5 ivan", "known 10.0.0.1 99999999999999999999 ivan", "friend 10.0.0.1 5 ivan",
    "address 10.0.0.1 5", "address 10.0.0.1 5 x", "address 10.0.0.1 5 99999999999", "network fd00::/64 5 1", "known  10.0.0.1 5 ivan",
    "known 10.0.0.1 5 iv\tan", "known 1111111111111111111111111111111111111111111111111111111111111111111111 5 ivan"};

static void test_notes_as_text(void **state)
{
	struct ban_note note;
	struct buf text = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(no_notes); i++)
		if (ban_note_read(slice_of(no_notes[i]), &note))
			fail_msg("%s", no_notes[i]);
	assert_true(ban_note_read(SLICE_LITERAL("known 192.168.1.5 1790000000 ivan"), &note));
	assert_true(IN6_IS_ADDR_V4MAPPED(&note.client));
	ban_note_write(&note, &text);
	buf_append_byte(&text, '\n');
	assert_true(ban_note_read(SLICE_LITERAL("network fd00::1 1790000000 3"), &note));
	ban_note_write(&note, &text);
	assert_string_equal(buf_text(&text), "known 192.168.1.5 1790000000 ivan\nnetwork fd00::1 1790000000 3");
	buf_clear(&text);
}

/* One user with all addresses of a network does not displace other users. */
static void test_notes_are_bounded(void **state)
{
	struct ban_notes notes = {NULL, 0};
	struct ban_note note = {.kind = BAN_NOTE_KNOWN, .client = v4, .until = 1000, .name = "anna"};
	struct buf text = BUF_INIT(BAN_NOTES_TEXT_MAX);

	(void)state;
	ban_notes_add(&notes, &note, 1);
	for (int i = 0; i < 10000; i++) {
		note = (struct ban_note){.kind = BAN_NOTE_KNOWN, .client = v6(1), .until = 2000 + i, .name = "ivan"};
		memcpy(&note.client.s6_addr[8], &i, sizeof(i));
		ban_notes_add(&notes, &note, 1);
	}
	assert_int_equal(notes.count, 1 + BAN_NOTES_OF_USER);
	assert_string_equal(notes.items[0].name, "anna");
	for (int i = 0; i < 2 * BAN_NOTES_MAX; i++) {
		note = (struct ban_note){.kind = BAN_NOTE_ADDRESS, .client = v6(1), .until = 3000 + i, .times = 1};
		memcpy(&note.client.s6_addr[8], &i, sizeof(i));
		ban_notes_add(&notes, &note, 1);
	}
	assert_int_equal(notes.count, BAN_NOTES_MAX);
	ban_notes_write(&notes, 1, &text);
	assert_false(text.overflow);
	buf_reset(&text);
	ban_notes_write(&notes, 1000000, &text); /* all have ended */
	assert_int_equal(text.len, 0);
	buf_clear(&text);
	ban_notes_clear(&notes);
}

static void test_the_oldest_is_forgotten_first(void **state)
{
	struct lru *lru = lru_new(3);

	(void)state;
	lru_make(lru, NAME("a"))->times = 1;
	lru_make(lru, NAME("b"))->times = 2;
	lru_make(lru, NAME("c"))->times = 3;
	assert_int_equal(lru_find(lru, NAME("a"))->times, 1); /* a was used: b is the oldest now */
	lru_make(lru, NAME("d"))->times = 4;
	assert_null(lru_find(lru, NAME("b")));
	assert_int_equal(lru_find(lru, NAME("a"))->times, 1);
	assert_int_equal(lru_find(lru, NAME("c"))->times, 3);
	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		lru_make(lru, slice_of(name))->times = (unsigned)i + 1;
		assert_int_equal(lru_find(lru, slice_of(name))->times, i + 1);
	}
	assert_null(lru_find(lru, NAME("996")));
	assert_non_null(lru_find(lru, NAME("997")));
	lru_free(lru);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_address),
	    cmocka_unit_test(test_a_network),
	    cmocka_unit_test(test_who_is_known_stays_in),
	    cmocka_unit_test(test_a_name_is_slowed_but_never_shut_out),
	    cmocka_unit_test(test_challenges_that_are_broken_off),
	    cmocka_unit_test(test_who_is_known_is_known_to_the_next_process),
	    cmocka_unit_test(test_a_ban_binds_the_next_process),
	    cmocka_unit_test(test_a_wrong_clock_makes_no_long_ban),
	    cmocka_unit_test(test_a_note_of_a_wrong_clock_ends),
	    cmocka_unit_test(test_notes_as_text),
	    cmocka_unit_test(test_notes_are_bounded),
	    cmocka_unit_test(test_the_oldest_is_forgotten_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
