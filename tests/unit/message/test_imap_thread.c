#include "base/alloc.h"
#include "message/imap/imap_subject.h"
#include "message/imap/imap_thread.h"
#include "tests/unit/cpu_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *subject, *base;
	bool is_reply;
} subjects[] = {
    {"Hello", "hello", false},
    {"  Re: Hello ", "hello", true},
    {"RE[2]: Hello", "hello", true},
    {"Fw: [list] Re: Hello (fwd)", "hello", true},
    {"[list] Hello", "hello", false},
    {"[list]", "[list]", false},
    {"[a] [b] Hello", "hello", false},
    {"[Fwd: Hello]", "hello", true},
    {"[Fwd: Re: Hello] ", "hello", true},
    {"Re:", "", true},
    {"", "", false},
    {"Report: no reply", "report: no reply", false},
    {"Re: \xd0\xa1\xd1\x87\xd1\x91\xd1\x82", "\xd1\x81\xd1\x87\xd1\x91\xd1\x82", true},
    {"[broken", "[broken", false},
    {"[fwd:", "[fwd:", false},
    {"[fwd:]", "", true},
};

static void test_a_base_subject_is_what_rfc_5256_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		struct buf out = BUF_INIT(1000);
		bool is_reply = imap_subject_base(slice_of(subjects[i].subject), &out);

		if (strcmp(buf_text(&out), subjects[i].base) != 0 || is_reply != subjects[i].is_reply)
			fail_msg("%s: \"%s\" %d", subjects[i].subject, buf_text(&out), is_reply);
		buf_clear(&out);
	}
}

/* id, its references, subject, date */
struct mail {
	const char *id, *references, *subject;
	int64_t date;
};

static struct imap_thread_message *read_mails(const struct mail *mails, size_t count)
{
	struct imap_thread_message *messages = xcalloc(count, sizeof(*messages));

	for (size_t i = 0; i < count; i++) {
		char header[1000];

		snprintf(header, sizeof(header), "Message-ID: %s\r\nReferences: %s\r\n\r\n", mails[i].id, mails[i].references);
		imap_thread_message_read(&messages[i], slice_of(header), slice_of(mails[i].subject));
		messages[i].number = (uint32_t)i + 1;
		messages[i].date = mails[i].date;
	}
	return messages;
}

static void expect_threads(const struct mail *mails, size_t count, const char *by_references, const char *by_subject)
{
	struct imap_thread_message *messages = read_mails(mails, count);
	struct buf out = BUF_INIT(1u << 20);

	imap_thread_by_references(messages, count, &out);
	assert_string_equal(buf_text(&out), by_references);
	buf_reset(&out);
	imap_thread_by_subject(messages, count, &out);
	assert_string_equal(buf_text(&out), by_subject);
	buf_clear(&out);
	for (size_t i = 0; i < count; i++)
		imap_thread_message_clear(&messages[i]);
	free(messages);
}

#define EXPECT(mails, by_references, by_subject) expect_threads(mails, ARRAY_LEN(mails), by_references, by_subject)

static void test_answers_are_below_what_they_answer(void **state)
{
	static const struct mail mails[] = {
	    {"<a>", "", "plan", 1},
	    {"<b>", "<a>", "Re: plan", 2},
	    {"<c>", "<a> <b>", "Re: plan", 3},
	    {"<d>", "<a>", "Re: plan", 4},
	    {"<e>", "", "other", 5},
	};

	(void)state;
	EXPECT(mails, "(1 (2 3)(4))(5)", "(1 (2)(3)(4))(5)");
}

static void test_a_missing_message_joins_its_answers(void **state)
{
	static const struct mail mails[] = {
	    {"<b>", "<gone>", "one", 2},
	    {"<c>", "<gone>", "two", 1},
	    {"<d>", "<away> <far>", "three", 3},
	    {"<e>", "<away> <far> <d>", "Re: three", 4},
	};

	(void)state;
	EXPECT(mails, "((2)(1))(3 4)", "(2)(1)(3 4)");
}

static void test_one_subject_is_one_thread(void **state)
{
	static const struct mail mails[] = {
	    {"<a>", "", "plan", 3},
	    {"<b>", "", "Re: plan", 4},
	    {"<c>", "", "lunch", 1},
	    {"<d>", "", "lunch", 2},
	    {"<e>", "", "", 5},
	    {"<f>", "", "", 6},
	};

	(void)state;
	EXPECT(mails, "((3)(4))(1 2)(5)(6)", "(3 4)(1 2)(5 6)");
}

static void test_loops_and_equal_ids_do_not_confuse(void **state)
{
	static const struct mail mails[] = {
	    {"<a>", "<b>", "x", 1},
	    {"<b>", "<a>", "y", 2},
	    {"<a>", "<a>", "z", 3},
	    {"<s>", "<s>", "self", 4},
	    {"", "<", "nothing", 5},
	};

	(void)state;
	EXPECT(mails, "(2 1 3)(4)(5)", "(1)(2)(3)(4)(5)");
}

/* Each of 100,000 messages answers the last one, or names ids that exist nowhere. */
static void test_hostile_references_cost_little(void **state)
{
	enum { COUNT = 100000 / HUGE_SHARE };
	struct mail *mails = xcalloc(COUNT, sizeof(*mails));
	char (*texts)[2][200] = xcalloc(COUNT, sizeof(*texts));
	struct imap_thread_message *messages;
	struct buf out = BUF_INIT(16u << 20);
	int64_t start = cpu_ms();

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		snprintf(texts[i][0], 200, "<m%d>", i);
		snprintf(texts[i][1], 200, i % 2 ? "<m%d>" : "<x%d> <m%d> <y%d>", i - 1, i - 2, i);
		mails[i] = (struct mail){texts[i][0], texts[i][1], i % 3 ? "Re: same" : "same", i};
	}
	messages = read_mails(mails, COUNT);
	imap_thread_by_references(messages, COUNT, &out);
	assert_false(out.overflow);
	assert_true(cpu_ms() - start < 20000);
	buf_clear(&out);
	for (int i = 0; i < COUNT; i++)
		imap_thread_message_clear(&messages[i]);
	free(messages);
	free(texts);
	free(mails);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_base_subject_is_what_rfc_5256_says),
	    cmocka_unit_test(test_answers_are_below_what_they_answer),
	    cmocka_unit_test(test_a_missing_message_joins_its_answers),
	    cmocka_unit_test(test_one_subject_is_one_thread),
	    cmocka_unit_test(test_loops_and_equal_ids_do_not_confuse),
	    cmocka_unit_test(test_hostile_references_cost_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
