/* Whose folder Sent gets a copy of a submitted message. */
#include "mail/sent_copy.h"
#include "spool/mailbox_name.h"
#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *what, *submitter, *sender, *place;
	enum place_kind kind;
	bool copied;
} cases[] = {
    {"to a user", "ivan", "ivan@office.lan", "anna", PLACE_MAILBOX, true},
    {"to the outside", "ivan", "ivan@office.lan", "x@example.org", PLACE_QUEUE, true},
    {"another user's", "anna", "anna@office.lan", "ivan", PLACE_MAILBOX, false},
    {"nobody's", "", "x@example.org", "ivan", PLACE_MAILBOX, false},
    {"without a sender", "ivan", "", "anna", PLACE_MAILBOX, false},
    {"a command", "ivan", "ivan@office.lan", "ivan@office.lan", PLACE_DAEMON, false},
    {"in quarantine", "ivan", "ivan@office.lan", MAILBOX_QUARANTINE, PLACE_MAILBOX, false},
    {"to be learned", "ivan", "ivan@office.lan", MAILBOX_LEARN "/spam-reports", PLACE_MAILBOX, false},
};

static void test_whose_mail_is_copied(void **context)
{
	struct conf conf = sample_conf();

	(void)context;
	sample_user("ivan")->save_sent = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct envelope envelope;
		const char *user;

		envelope_init(&envelope);
		envelope_set(&envelope.submitter, slice_of(cases[i].submitter));
		envelope_set(&envelope.sender, slice_of(cases[i].sender));
		envelope_add(&envelope, cases[i].kind, slice_of(cases[i].place), SLICE_NONE);
		user = sent_copy_user(&conf, &envelope);
		if ((user != NULL) != cases[i].copied)
			fail_msg("%s", cases[i].what);
		if (user != NULL)
			assert_string_equal(user, "ivan");
		envelope_clear(&envelope);
	}
	sample_user("ivan")->save_sent = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_whose_mail_is_copied)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
