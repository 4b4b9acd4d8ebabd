/*
 * Hostile mail: sorting takes bounded time and memory for any message, and every message has a
 * recipient.
 */
#include "base/alloc.h"
#include "message/budget.h"
#include "sorter/sorter.h"
#include "tests/unit/cpu_time.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MEBI ((1u << 20) / HUGE_SHARE)
#define SECONDS_MAX 20           /* all of it takes two seconds; nonlinear work takes hours */
#define MEMORY_MAX (400u << 20) /* beside the message itself */

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

/* One rule of each kind, none of which delivers. */
static const char *const conditions[] = {
    "subject contains \"absent\"",
    "recipient contains \"absent\"",
    "anyheader contains \"absent\"",
    "anyheader regex \"(x+x+)+y\"",
    "anyheader matches \"*a*b*c*absent\"",
    "body contains \"absent\"",
    "body regex \"absent$\"",
    "has attachment or attachment matches \"*.absent\"",
    "list or spam",
    "not from contains \"absent\"",
};

struct office {
	struct conf conf;
	struct conf_user user;
	struct conf_rule rules[ARRAY_LEN(conditions)];
};

static void office_init(struct office *office)
{
	memset(office, 0, sizeof(*office));
	office->conf.gateway.hostname = text("gw");
	office->conf.gateway.local_domain = text("office.lan");
	office->conf.gateway.postmaster = office->conf.gateway.boss = text("");
	office->conf.sorter.by_address = office->conf.sorter.fold_yo = true;
	office->user = (struct conf_user){.name = text("ivan"),
	    .password = text(""),
	    .full_name = text(""),
	    .external_alias = text(""),
	    .forward = text("")};
	office->conf.users = &office->user;
	office->conf.user_count = 1;
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		office->rules[i] = (struct conf_rule){.name = text("r"),
		    .when = text(conditions[i]),
		    .tag = text("t"),
		    .subject_prefix = text("[p]"),
		    .reply = text("reply")};
	office->conf.rules = office->rules;
	office->conf.rule_count = ARRAY_LEN(conditions);
}

/* Sorts the message; recipient: the one who must be among those that get it. */
static void sort_it(struct slice message, const char *recipient)
{
	struct error error = ERROR_INIT;
	struct sorter_decision decision;
	struct envelope envelope;
	struct office office;
	struct sorter *sorter;
	int64_t start = cpu_ms();
	size_t before = mallinfo2().uordblks;
	bool found = false;

	office_init(&office);
	sorter = sorter_new(&office.conf, &error);
	assert_non_null(sorter);
	sorter_decide(
	    sorter, &(struct sorter_message){message, "", message.len, 1795424400, NULL, NULL, NULL}, &decision);
	assert_true(decision.recipient_count > 0);
	/* What is kept of it, for the journal and the header, is small. */
	assert_true(mallinfo2().uordblks - before < MEMORY_MAX);
	envelope_init(&envelope);
	sorter_fill(&office.conf, message, &envelope, &decision);
	assert_true(strlen(envelope.header) < 10000);
	for (size_t i = 0; i < envelope.place_count; i++)
		found = found || strcmp(envelope.places[i].name, recipient) == 0;
	assert_true(found);
	envelope_clear(&envelope);
	decision_clear(&decision);
	sorter_free(sorter);
	if (cpu_ms() - start > SECONDS_MAX * 1000)
		fail_msg("took %lld ms", (long long)(cpu_ms() - start));
}

static void sort_repeated(
    const char *head, const char *piece, size_t total, const char *tail, const char *recipient)
{
	struct buf message = BUF_INIT(total + 1000);
	size_t len = strlen(piece);

	buf_append_text(&message, head);
	while (message.len + len < total)
		buf_append(&message, piece, len);
	buf_append_text(&message, tail);
	sort_it(buf_slice(&message), recipient);
	buf_clear(&message);
}

static void test_header_of_64_mebibytes_in_one_field(void **state)
{
	(void)state;
	sort_repeated(
	    "Subject: ", "abc def ", 64 * MEBI, "\r\nTo: ivan@office.lan\r\n\r\n", "ivan");
}

static void test_long_header_folded(void **state)
{
	(void)state;
	sort_repeated("Subject: x", "\r\n y", 16 * MEBI, "\r\nTo: ivan@office.lan\r\n\r\n", "ivan");
}

static void test_header_of_64_mebibytes_in_many_fields(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan\r\n", "X-A: b\r\n", 64 * MEBI, "\r\n", "ivan");
}

static void test_long_header_without_an_end(void **state)
{
	(void)state;
	sort_repeated("", "junk without a colon\n", 16 * MEBI, "", "postmaster");
}

static void test_100000_received_lines(void **state)
{
	struct buf message = BUF_INIT(64 << 20);

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_printf(
		    &message, "Received: from a%d by b; Mon, 23 Nov 2026 09:00:00 +0300\r\n", i);
	buf_append_text(&message, "To: ivan@office.lan\r\n\r\n");
	sort_it(buf_slice(&message), "postmaster"); /* a circle */
	buf_clear(&message);
}

static void test_nested_groups(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan, ", "a: ", 2 * MEBI, "x@y;\r\n\r\n", "ivan");
	sort_repeated("To: ivan@office.lan, ", "a: b@c, ", 2 * MEBI, ";;;\r\n\r\n", "ivan");
}

static void test_nested_comments(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan ", "(", 4 * MEBI, "\r\n\r\n", "ivan");
}

static void test_100000_addresses(void **state)
{
	(void)state;
	sort_repeated(
	    "To: ivan@office.lan", ", somebody@example.org", 100000 * 22, "\r\n\r\n", "ivan");
	sort_repeated("To: ivan@office.lan", ", \"", 3 * MEBI, "\r\n\r\n", "ivan");
}

static void test_a_million_encoded_words(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan\r\nSubject:", " =?utf-8?B?0LE=?=", 18 * 1000000 / HUGE_SHARE,
	    "\r\n\r\n", "ivan");
	sort_repeated("To: ivan@office.lan\r\nSubject:", " =?koi8-r?Q?=C1?= =?cp1251?Q?=E0?=",
	    18 * 1000000 / HUGE_SHARE, "\r\n\r\n", "ivan");
	sort_repeated("To: ivan@office.lan\r\nSubject:", "=?", 18 * 1000000 / HUGE_SHARE, "\r\n\r\n", "ivan");
	sort_repeated(
	    "To: ivan@office.lan\r\nSubject:", "=?a?b?", 18 * 1000000 / HUGE_SHARE, "\r\n\r\n", "ivan");
}

static void test_a_million_combining_marks(void **state)
{
	(void)state;
	sort_repeated(
	    "To: ivan@office.lan\r\nSubject: e", "\xcc\x81\xcc\xa3", 4 * MEBI, "\r\n\r\n", "ivan");
}

static void test_nul_bytes(void **state)
{
	static const char message[] =
	    "To: ivan@office.lan\r\nSub\0ject: x\0y\r\nSubject: a\0b\r\n\0\0\r\n\r\n\0";

	(void)state;
	sort_it(slice_make(message, sizeof(message) - 1), "ivan");
	sort_it(slice_make("\0\0\0\0", 4), "postmaster");
}

static void test_missing_colon(void **state)
{
	(void)state;
	sort_it(slice_of("Subject no colon\r\nTo: ivan@office.lan\r\n\r\nx"), "ivan");
	sort_it(slice_of("Subject no colon\r\n"), "postmaster");
}

static void test_no_header_at_all(void **state)
{
	(void)state;
	sort_it(slice_of(""), "postmaster");
	sort_it(slice_of("\r\n"), "postmaster");
	sort_it(slice_of("\n\n\nbody"), "postmaster");
	sort_it(slice_of("just a text, no header, no empty line"), "postmaster");
}

static void test_long_bodies(void **state)
{
	(void)state;
	sort_repeated(
	    "To: ivan@office.lan\r\n\r\n", "absen words and more words\r\n", 16 * MEBI, "", "ivan");
	sort_repeated(
	    "To: ivan@office.lan\r\nContent-Type: text/html\r\n\r\n", "<b", 16 * MEBI, "", "ivan");
	sort_repeated(
	    "To: ivan@office.lan\r\nContent-Type: text/html\r\n\r\n", "&#", 16 * MEBI, "", "ivan");
}

static void test_a_million_parts(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
	    "--b\r\nContent-Type: text/plain; name=a\r\n\r\nx\r\n", 43 * 1000000, "", "ivan");
}

static void test_a_million_parameters(void **state)
{
	(void)state;
	sort_repeated("To: ivan@office.lan\r\nContent-Type: text/plain", "; name*0*=%41",
	    13 * 1000000, "\r\n\r\nx", "ivan");
	sort_repeated("To: ivan@office.lan\r\nContent-Type: text/plain", "; a=\"", 5 * 1000000,
	    "\r\n\r\nx", "ivan");
}

/* Fields after many others are still checked; beyond the limit postmaster gets the message. */
static void fields_behind_many_others(void **state)
{
	static const struct {
		size_t fields;
		const char *recipient;
	} cases[] = {{10001, "ivan"}, {200001, "postmaster"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf message = BUF_INIT(8u << 20);

		for (size_t j = 0; j < cases[i].fields; j++)
			buf_printf(&message, "X-%u: y\r\n", (unsigned)j);
		buf_append_text(&message, "From: a@x.example\r\nTo: ivan@office.lan\r\n\r\nx\r\n");
		sort_it(buf_slice(&message), cases[i].recipient);
		buf_clear(&message);
	}
}

/* --- text that a rule could not check */

/* Whether a rule that drops matching mail drops the message; if not, postmaster must have it. */
static bool is_dropped(const char *condition, struct slice message)
{
	struct error error = ERROR_INIT;
	struct sorter_decision decision;
	struct office office;
	struct sorter *sorter;
	bool dropped, found = false;

	office_init(&office);
	office.conf.rule_count = 1;
	office.rules[0] = (struct conf_rule){.name = text("r"), .when = text(condition), .drop = true, .tag = text(""),
	    .subject_prefix = text(""), .reply = text("")};
	sorter = sorter_new(&office.conf, &error);
	assert_non_null(sorter);
	sorter_decide(sorter, &(struct sorter_message){message, "", message.len, 1795424400, NULL, NULL, NULL}, &decision);
	dropped = decision.dropped_by != NULL;
	for (size_t i = 0; i < decision.recipient_count; i++)
		found = found || strcmp(decision.recipients[i].name, "postmaster") == 0;
	assert_true(dropped || found);
	decision_clear(&decision);
	sorter_free(sorter);
	return dropped;
}

static void test_nothing_is_dropped_for_what_could_not_be_looked_at(void **state)
{
	struct buf message = BUF_INIT(64u << 20);

	(void)state;
	/* The word is beyond the checked part of one field. */
	buf_append_text(&message, "Subject: ");
	for (unsigned i = 0; i < (1u << 20) / 64; i++)
		buf_append_text(&message, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	buf_append_text(&message, " boss\r\nFrom: a@x.example\r\nTo: nobody@office.lan\r\n\r\n");
	assert_false(is_dropped("not subject contains \"boss\"", buf_slice(&message)));
	assert_false(is_dropped("not subject regex \"boss\"", buf_slice(&message)));
	assert_true(is_dropped("not from contains \"boss\"", buf_slice(&message)));
	/* A pathological regular expression. */
	buf_reset(&message);
	buf_append_text(&message, "Subject: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx!\r\n\r\n");
	assert_false(is_dropped("not subject regex \"^(x+x+)+$\"", buf_slice(&message)));
	assert_true(is_dropped("not subject regex \"y\"", buf_slice(&message)));
	/* More charsets than are looked up. */
	buf_reset(&message);
	buf_append_text(&message, "Subject: ");
	for (unsigned i = 0; i < 300; i++)
		buf_printf(&message, "=?x-none-%u?Q?a?=\r\n ", i);
	buf_append_text(&message, "=?koi8-r?B?wsHT?=\r\n\r\n");
	assert_false(is_dropped("not subject contains \"absent\"", buf_slice(&message)));
	/* More parts than are looked at. */
	buf_reset(&message);
	buf_append_text(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned i = 0; i < 1100; i++)
		buf_append_text(&message, "--b\r\n\r\nx\r\n");
	assert_false(is_dropped("not has attachment", buf_slice(&message)));
	assert_false(is_dropped("not body contains \"absent\"", buf_slice(&message)));
	buf_clear(&message);
}

static void test_a_budget_is_used_up_for_good(void **state)
{
	(void)state;
	budget_begin();
	assert_true(budget_spend(BUDGET_UNITS - 100));
	assert_true(budget_spend(50));
	assert_false(budget_spend(UINT64_MAX));
	assert_false(budget_spend(1));
	budget_begin();
	assert_true(budget_spend(1));
}

/* The last of this many parts has a name that a rule may test. */
static void sort_parts(size_t parts, const char *recipient)
{
	struct buf message = BUF_INIT(8u << 20);

	buf_append_text(&message, "To: ivan@office.lan\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (size_t i = 1; i < parts; i++)
		buf_append_text(&message, "--b\r\n\r\nx\r\n");
	buf_append_text(&message, "--b\r\nContent-Disposition: attachment; filename=evil.exe\r\n\r\nMZ\r\n--b--\r\n");
	sort_it(buf_slice(&message), recipient);
	buf_clear(&message);
}

/* An attachment that a rule could not check must be seen by a person. */
static void parts_behind_many_others(void **state)
{
	(void)state;
	sort_parts(1001, "ivan");
	sort_parts(1001, "postmaster");
	sort_parts(30000, "postmaster");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_behind_many_others),
	    cmocka_unit_test(parts_behind_many_others),
	    cmocka_unit_test(test_header_of_64_mebibytes_in_one_field),
	    cmocka_unit_test(test_long_header_folded),
	    cmocka_unit_test(test_header_of_64_mebibytes_in_many_fields),
	    cmocka_unit_test(test_long_header_without_an_end),
	    cmocka_unit_test(test_100000_received_lines),
	    cmocka_unit_test(test_nested_groups),
	    cmocka_unit_test(test_nested_comments),
	    cmocka_unit_test(test_100000_addresses),
	    cmocka_unit_test(test_a_million_encoded_words),
	    cmocka_unit_test(test_a_million_combining_marks),
	    cmocka_unit_test(test_nul_bytes),
	    cmocka_unit_test(test_missing_colon),
	    cmocka_unit_test(test_no_header_at_all),
	    cmocka_unit_test(test_long_bodies),
	    cmocka_unit_test(test_a_million_parts),
	    cmocka_unit_test(test_a_million_parameters),
	    cmocka_unit_test(test_nothing_is_dropped_for_what_could_not_be_looked_at),
	    cmocka_unit_test(test_a_budget_is_used_up_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
