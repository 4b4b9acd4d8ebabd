/* Replies of servers, and their explanation for people. */
#include "message/refusal.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *reply, *status, *explained; /* a part of it; NULL: nothing */
	bool about_address;
} cases[] = {
    {"550 5.1.1 <x@y>: Recipient address rejected: User unknown in virtual mailbox table", "5.1.1", "no such mailbox", true},
    {"550-5.1.1 The email account that you tried to reach does not exist.", "5.0.0", "no such mailbox", true},
    {"550 No such user here", "5.0.0", "no such mailbox", true},
    {"550 5.1.2 Host unknown", "5.1.2", "after @", true},
    {"552 5.2.2 Over quota", "5.2.2", "is full", false},
    {"552 message exceeds fixed limit", "5.0.0", "too large", false},
    {"550 5.7.26 unauthenticated mail from example.ru is not accepted due to DMARC policy", "5.7.26", "SPF, DKIM or DMARC", false},
    {"554 5.7.1 Service unavailable; Client host blocked using zen.spamhaus.org", "5.7.1", "list of senders of spam", false},
    {"554 5.7.1 Spam message rejected", "5.7.1", "as spam", false},
    {"554 5.7.1 <x@y>: Relay access denied", "5.7.1", "does not relay mail", false},
    {"451 4.7.1 Greylisting in action, please come back later", "4.7.1", "wait a few minutes", false},
    {"550 5.4.7 delivery time expired", "5.4.7", "delivery time expired", false},
    {"554 5.6.0 whatever", "5.6.0", "of this kind", false},
    {"550 what is this", "5.0.0", NULL, false},
    {"450 4.9.9 later", "4.9.9", NULL, false},
    {"", "5.0.0", NULL, false},
    {"550 999.999.999", "5.0.0", NULL, false},
};

/* Our own replies may quote a server's text that would be misleading. */
static void test_our_own_refusals(void **state)
{
	(void)state;
	const char *said = PHRASE(N_("550 5.4.7 delivery time expired; last error: %s"), "450 4.2.0 greylisted, come back later");

	assert_non_null(strstr(refusal_explain(said), "delivery time expired"));
	assert_false(refusal_is_about_address(PHRASE(N_("550 5.4.7 delivery time expired; last error: %s"), "450 no such user")));
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *meaning = refusal_explain(cases[i].reply);
		char status[16];

		refusal_status(cases[i].reply, status, sizeof(status));
		assert_string_equal(status, cases[i].status);
		if ((meaning == NULL) != (cases[i].explained == NULL) ||
		    (meaning != NULL && strstr(meaning, cases[i].explained) == NULL))
			fail_msg("%s: %s", cases[i].reply, meaning == NULL ? "nothing" : meaning);
		assert_int_equal(refusal_is_about_address(cases[i].reply), cases[i].about_address);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_our_own_refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
