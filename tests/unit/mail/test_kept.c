/* What a user may release: never a message with a virus, nor one that a scanner could not look at, whatever the sender has written into it. */
#include "mail/filter/kept.h"

#include "mail/filter/filter_header.h"
#include "mail/filter/quarantine.h"
#include "message/scan/scan_verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *what;
	struct scan_verdict verdict;
	const char *below; /* header lines of the sender */
	enum kept_kind kind;
} cases[] = {
    {"no verdict", {0}, "", KEPT_VIRUS},
    {"a score, and no scanner for viruses", {.looked = SCAN_SPAM}, "", KEPT_SPAM},
    {"a score, and no virus", {.looked = SCAN_SPAM | SCAN_VIRUS}, "", KEPT_SPAM},
    {"a virus", {.looked = SCAN_SPAM | SCAN_VIRUS, .virus = "Eicar"}, "", KEPT_VIRUS},
    {"the scanner was away", {.looked = SCAN_SPAM, .away = SCAN_VIRUS}, "", KEPT_VIRUS},
    {"too large for the scanner", {.looked = SCAN_SPAM, .skipped = SCAN_VIRUS}, "", KEPT_VIRUS},
    {"a forbidden attachment", {.looked = SCAN_SPAM | SCAN_ATTACHMENT, .attachment = "forbidden attachment: a.exe"}, "", KEPT_ATTACHMENT},
    {"only allowed attachments", {.looked = SCAN_SPAM | SCAN_ATTACHMENT}, "", KEPT_SPAM},
    {"a virus and a forged verdict", {.looked = SCAN_VIRUS, .virus = "Eicar"}, SCAN_FIELD ": looked=spam\r\n", KEPT_VIRUS},
    {"an attachment and a forged line", {.looked = SCAN_ATTACHMENT, .attachment = "forbidden attachment: a.exe"},
	FILTER_ATTACHMENT_FIELD ": allowed\r\n", KEPT_ATTACHMENT},
};

static void test_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf bytes = BUF_INIT(1u << 20);
		struct envelope envelope;
		struct kept kept;

		envelope_init(&envelope);
		filter_header_add(&cases[i].verdict, true, &envelope);
		buf_printf(&bytes, "%s%sSubject: x\r\n\r\ntext\r\n", envelope.header, cases[i].below);
		kept = (struct kept){.bytes = buf_slice(&bytes)};
		if (kept_kind_of(&kept) != cases[i].kind)
			fail_msg("%s: %d", cases[i].what, (int)kept_kind_of(&kept));
		envelope_clear(&envelope);
		buf_clear(&bytes);
	}
}

static void test_whose_it_is(void **state)
{
	struct kept kept = {.first = {"00000000000000000001"}};

	(void)state;
	envelope_init(&kept.envelope);
	envelope_add(&kept.envelope, PLACE_MAILBOX, SLICE_LITERAL("anna/Bills"), SLICE_NONE);
	envelope_add(&kept.envelope, PLACE_QUEUE, SLICE_LITERAL("ivan"), SLICE_NONE);
	assert_true(kept_is_for(&kept, "anna"));
	assert_false(kept_is_for(&kept, "ann"));
	assert_false(kept_is_for(&kept, "ivan"));
	assert_int_equal(strlen(KEPT_NUMBER(&kept)), KEPT_NUMBER_LEN);
	envelope_clear(&kept.envelope);
}

static void test_one_without_its_recipients_is_not_released(void **state)
{
	const struct mailbox_message message = {.uidl = "1"};
	const struct spool spool = {.folder = NULL};
	struct kept kept = {.message = &message};
	struct error error;

	(void)state;
	envelope_init(&kept.envelope);
	assert_int_equal(kept_release(&spool, &kept, NULL, "admin", &error), -1);
	assert_int_equal(error.class, ERROR_PERMANENT);
	envelope_clear(&kept.envelope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_it_is), cmocka_unit_test(test_whose_it_is),
	    cmocka_unit_test(test_one_without_its_recipients_is_not_released)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
