/* Outbox: what a user has submitted and waits in the queue, as a folder; a message is sent or withdrawn, not both. */
#include "spool/storage/queue.h"
#include "tests/unit/sample_folder.h"

#include <errno.h>

static struct msgid submit(const char *user, const char *text)
{
	struct envelope envelope;
	struct msgid id;

	envelope_init(&envelope);
	id = envelope.id;
	envelope_set(&envelope.submitter, slice_of(user));
	envelope_add(&envelope, PLACE_QUEUE, slice_of("out@example.net"), SLICE_NONE);
	OK(intake_accept_text(house.intake, &envelope, slice_of(text), NULL, 0, &error));
	return id;
}

static struct folder *open_outbox(void)
{
	struct folder *folder;

	OK(folder_open(&folder, &house, "ivan/Outbox", &error));
	assert_true(folder_is_outbox(folder));
	return folder;
}

static void test_it_is_made_from_the_queue(void **state)
{
	struct msgid first = submit("ivan", "Subject: 1\r\n\r\nText\r\n");
	struct folder_message message;
	struct folder *folder;
	struct slice bytes;
	uint32_t *uids;
	char id[72];

	(void)state;
	submit("anna", "Subject: 2\r\n\r\n");
	assert_true(folder_names_outbox(&house, "ivan/Outbox") && !folder_names_outbox(&house, "ivan/Sent"));
	folder = open_outbox();
	assert_int_equal(folder_uids(folder, &uids), 1);
	folder_look(folder, uids, 1, &message);
	assert_int_equal(message.flags, FOLDER_SEEN);
	OK(folder_read(folder, uids[0], &bytes, id, &error));
	assert_string_equal(id, first.text);
	assert_true(slice_is(bytes, "Subject: 1\r\n\r\nText\r\n") && message.size == bytes.len);
	fsx_unmap(bytes);
	free(uids);
	folder_close(folder);
}

static void test_an_entry_keeps_its_uid_and_leaves(void **state)
{
	struct msgid first = submit("ivan", "Subject: 1\r\n\r\n"), second;
	const struct fact sent = {.kind = FACT_SENT, .id = first.text, .name = "out@example.net", .text = "250 ok"};
	struct folder *folder = open_outbox();
	uint32_t *uids, uid, validity = folder_uid_validity(folder);
	int64_t next;

	(void)state;
	assert_int_equal(folder_uids(folder, &uids), 1);
	uid = uids[0];
	free(uids);
	folder_close(folder);
	house_stop();
	house_start();
	second = submit("ivan", "Subject: 2\r\n\r\n");
	intake_await(house.intake, NULL);
	assert_int_equal(queue_shift(&house, &second, 1u << QUEUE_ACTIVE, QUEUE_HOLD, &next, &error), 1);
	folder = open_outbox();
	assert_int_equal(folder_uid_validity(folder), validity);
	assert_int_equal(folder_uids(folder, &uids), 2);
	assert_true(uids[0] == uid && uids[1] > uid);
	free(uids);
	OK(intake_accept(house.intake, NULL, NULL, &sent, 1, &error));
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_uids(folder, &uids), 1);
	assert_true(uids[0] > uid);
	free(uids);
	folder_close(folder);
}

static void test_a_real_folder_wins(void **state)
{
	struct folder *folder;
	uint32_t *uids;

	(void)state;
	submit("ivan", "Subject: 1\r\n\r\n");
	deliver("ivan/Outbox", "Subject: 7\r\n\r\n");
	assert_false(folder_names_outbox(&house, "ivan/Outbox"));
	OK(folder_open(&folder, &house, "ivan/Outbox", &error));
	assert_false(folder_is_outbox(folder));
	assert_int_equal(folder_uids(folder, &uids), 1);
	free(uids);
	folder_close(folder);
}

static void test_one_at_a_time_has_an_entry(void **state)
{
	struct queue_item item = {QUEUE_ACTIVE, submit("ivan", "Subject: 1\r\n\r\n")};
	int64_t next;
	int claim;

	(void)state;
	intake_await(house.intake, NULL);
	claim = queue_claim(&house, &item, false, &error);
	assert_true(claim >= 0);
	assert_int_equal(queue_shift(&house, &item.id, 1u << QUEUE_ACTIVE, QUEUE_HOLD, &next, &error), 1);
	assert_int_equal(queue_claim(&house, &item, false, &error), -1); /* it is the same file in any state */
	assert_int_equal(error.class, ERROR_TEMPORARY);
	close(claim);
	claim = queue_claim(&house, &item, false, &error);
	assert_true(claim >= 0);
	close(claim);
	item.id = msgid_new();
	assert_int_equal(queue_claim(&house, &item, true, &error), -1);
	assert_int_equal(error.saved_errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_it_is_made_from_the_queue),
	    HOUSE_TEST(test_an_entry_keeps_its_uid_and_leaves),
	    HOUSE_TEST(test_a_real_folder_wins),
	    HOUSE_TEST(test_one_at_a_time_has_an_entry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
