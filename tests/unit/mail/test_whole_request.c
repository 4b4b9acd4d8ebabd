/* Requests for the whole messages of stubs: mail to daemon for each, and where the stub is. */
#include "mail/whole_request.h"

#include "message/stub_reply.h"
#include "spool/log/intake_priv.h"
#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_state.h"

#define FIRST "1k0xn1qc2q97h2cb5b7y"
#define SECOND "1k0xn1qc2q97h2cb5b7z"

static int set_up_intake(void **context)
{
	struct intake_options options = {.spool = &spool, .hostname = "gw.test", .writer = "unit", .checkpoint_ms = 3600 * 1000};
	struct error error;

	if (set_up_state(context) != 0)
		return -1;
	options.state = spool.state;
	return intake_open(&spool.intake, &options, NULL, &error);
}

static void request(const char *mailbox, struct strlist ids)
{
	struct conf conf = sample_conf();
	struct error error = ERROR_INIT;
	const struct whole_request asked = {.conf = &conf, .spool = &spool, .session = "", .asks = CONF_POSTMASTER, .mailbox = mailbox};

	if (whole_request_write(&asked, &ids, &error) != 0)
		fail_msg("%s", error.phrase);
}

static void test_each_is_mail_to_daemon(void **context)
{
	char *names[] = {(char *)(uintptr_t)FIRST, (char *)(uintptr_t)SECOND}, *mailbox;
	struct triggers triggers;
	struct error error;

	(void)context;
	request("ivan/Photos", (struct strlist){names, 2});
	assert_int_equal(intake_close(spool.intake, &error), 0);
	assert_int_equal(state_triggers(spool.state, &triggers, &error), 0);
	assert_int_equal(triggers.count, 2);
	for (size_t i = 0; i < triggers.count; i++) {
		struct slice user, id;

		assert_string_equal(triggers.items[i].sender, "postmaster@office.lan");
		assert_true(stub_reply_by_imap(slice_of(triggers.items[i].subject), &user) && slice_is(user, "ivan"));
		assert_true(stub_reply_id(slice_of(triggers.items[i].subject), &id) && (slice_is(id, FIRST) || slice_is(id, SECOND)));
	}
	state_triggers_clear(&triggers);
	mailbox = stub_origin_get(spool.state, "ivan", SECOND);
	assert_string_equal(mailbox, "ivan/Photos");
	free(mailbox);
}

static void test_one_in_the_folder_fetch_came_from_elsewhere(void **context)
{
	char *names[] = {(char *)(uintptr_t)FIRST};
	struct error error;

	(void)context;
	request("ivan/" STUB_FOLDER, (struct strlist){names, 1});
	assert_int_equal(intake_close(spool.intake, &error), 0);
	assert_null(stub_origin_get(spool.state, "ivan", FIRST));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_each_is_mail_to_daemon, set_up_intake, tear_down_state),
	    cmocka_unit_test_setup_teardown(test_one_in_the_folder_fetch_came_from_elsewhere, set_up_intake, tear_down_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
