/* For whom a fetched message was carried: every byte is somebody's once. */
#include "mail/byte_shares.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *mailboxes, *boss; /* apart by blanks */
	uint64_t bytes;
	const char *expected;
} cases[] = {
    {"ivan", "", 10, "ivan=10/1 "},
    {"ivan maria", "", 11, "ivan=5/1 maria=6/1 "},
    {"ivan ivan/Work IVAN/Invoices maria", "", 10, "ivan=5/1 maria=5/1 "},
    {"ivan maria anna", "", 2, "ivan=0/1 maria=1/1 anna=1/1 "},
    {"ivan", "chief", 10, "ivan=10/1 "},
    {"", "chief", 10, "chief=10/1 "},
    {"_quarantine", "", 10, "=10/1 "},
    {"ivan _quarantine", "", 10, "ivan=10/1 "},
    {"", "", 10, "=10/1 "},
    {"", "", 0, "=0/1 "},
};

static void add_places(struct envelope *envelope, enum place_kind kind, const char *names)
{
	struct slice rest = slice_of(names);

	while (rest.len > 0)
		envelope_add(envelope, kind, slice_cut(&rest, ' '), SLICE_NONE);
}

static void test_bytes_are_divided_once(void **context)
{
	(void)context;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct byte_shares shares = {NULL, 0}, all = {NULL, 0};
		struct buf text = BUF_INIT(1024);
		struct envelope envelope;

		envelope_init(&envelope);
		add_places(&envelope, PLACE_MAILBOX, cases[i].mailboxes);
		add_places(&envelope, PLACE_BOSS, cases[i].boss);
		add_places(&envelope, PLACE_QUEUE, "client@bank.ru");
		byte_shares_add_fetched(&shares, &envelope, cases[i].bytes);
		byte_shares_move(&all, &shares);
		assert_int_equal(shares.count, 0);
		for (size_t j = 0; j < all.count; j++)
			buf_printf(&text, "%s=%llu/%llu ", all.items[j].user, (unsigned long long)all.items[j].bytes,
			    (unsigned long long)all.items[j].messages);
		assert_string_equal(buf_text(&text), cases[i].expected);
		buf_clear(&text);
		byte_shares_clear(&all);
		envelope_clear(&envelope);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_bytes_are_divided_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
