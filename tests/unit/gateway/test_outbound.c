/* Sending the queue: which connection takes which entry, and the result for each recipient. */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/outbound/outbound_priv.h"
#include "spool/storage/mailbox.h"
#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_spool.h"

#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

static struct conf conf;
static struct conf_smarthost smarthosts[2];
static struct spool house;
static struct outbound_job job;
static struct outbound_result result;
static struct outbound out;
static struct entry entries[4];
static struct host host;
static struct connection connection;
static atomic_bool enough;
static int64_t retry[] = {600, 1200};

static int open_house(void **context)
{
	struct error error;

	if (set_up(context) != 0)
		return -1;
	conf = sample_conf();
	conf.gateway.spool = folder;
	smarthosts[0] = smarthosts[1] = sample_smarthost;
	smarthosts[0].retry = (struct conf_numbers){retry, 2};
	enough = false;
	if (spool_open(&house, &conf, &(struct spool_options){.writer = "unit"}, &error) != 0)
		return -1;
	job = (struct outbound_job){.conf = &conf, .spool = &house, .session = "s1", .enough = &enough};
	result = (struct outbound_result){0};
	out = (struct outbound){.job = &job, .entries = entries, .count = ARRAY_LEN(entries), .lock = PTHREAD_MUTEX_INITIALIZER, .result = &result};
	memset(entries, 0, sizeof(entries));
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		entries[i].smarthost = &smarthosts[i == 1];
	host = (struct host){.out = &out, .settings = &smarthosts[0], .allowed = 10};
	connection = (struct connection){.host = &host, .batch = intake_batch_new(house.intake)};
	return 0;
}

static int close_house(void **context)
{
	intake_batch_free(connection.batch);
	byte_shares_clear(&result.shares);
	spool_close(&house, NULL);
	return tear_down(context);
}

/* --- assignment */

static void test_a_host_takes_its_own_in_order(void **context)
{
	(void)context;
	assert_ptr_equal(outbound_host_take(&host), &entries[0]);
	assert_ptr_equal(outbound_host_take(&host), &entries[2]);
	outbound_host_give_back(&host, &entries[0]);
	assert_ptr_equal(outbound_host_take(&host), &entries[0]); /* before the later ones */
	assert_ptr_equal(outbound_host_take(&host), &entries[3]);
	assert_null(outbound_host_take(&host));
	outbound_host_finish(&host, &entries[0]);
	assert_int_equal(out.done, 1);
	assert_int_equal(entries[1].state, ENTRY_WAITING); /* of another smarthost */
}

static void test_a_host_takes_no_more_than_it_may(void **context)
{
	(void)context;
	host.allowed = 1;
	assert_non_null(outbound_host_take(&host));
	assert_null(outbound_host_take(&host));
	outbound_host_give_back(&host, &entries[0]); /* a message that was not started does not count */
	assert_ptr_equal(outbound_host_take(&host), &entries[0]);
	host.allowed = 10;
	enough = true;
	assert_null(outbound_host_take(&host));
}

/* --- results */

/* A message of ivan's to three, in the queue. */
static void begin(struct sending *sending, struct smtp_recipient *recipients, struct place **places)
{
	static const char *const names[] = {"a@example.net", "b@example.net", "c@example.net"};
	struct slice part = SLICE_LITERAL("Subject: x\r\n\r\nx\r\n");
	struct error error;

	*sending = (struct sending){.connection = &connection, .out = &out, .entry = &entries[0], .places = places, .message = part,
	    .transaction = {.recipients = recipients, .count = 3}};
	envelope_init(&sending->envelope);
	envelope_set(&sending->envelope.sender, slice_of("ivan@office.lan"));
	for (size_t i = 0; i < 3; i++)
		envelope_add(&sending->envelope, PLACE_QUEUE, slice_of(names[i]), SLICE_NONE);
	for (size_t i = 0; i < 3; i++)
		places[i] = &sending->envelope.places[i];
	sending->envelope.size = part.len;
	assert_int_equal(queue_deliver(&spool, &sending->envelope, NULL, &part, 1, &error), 0);
	entries[0].item = (struct queue_item){QUEUE_ACTIVE, sending->envelope.id};
	memset(recipients, 0, 3 * sizeof(*recipients));
}

static size_t bounces(void)
{
	struct mailbox_list list;
	struct error error;
	size_t count;

	assert_int_equal(mailbox_list(&house, "ivan", &list, &error), 0);
	count = list.count;
	mailbox_list_clear(&list);
	return count;
}

static void test_each_recipient_has_a_fate_of_his_own(void **context)
{
	struct smtp_recipient recipients[3];
	struct place *places[3];
	struct sending sending;
	struct envelope kept;
	struct error error;

	(void)context;
	begin(&sending, recipients, places);
	smtp_reply_set(&recipients[0].reply, 250, "250 ok");
	smtp_reply_set(&recipients[1].reply, 550, "550 5.1.1 no such user");
	smtp_reply_set(&recipients[2].reply, 451, "451 later");
	outbound_settle(&sending);
	assert_int_equal(outbound_commit(&connection), 0);
	assert_int_equal(result.deferred, 1);
	assert_int_equal(bounces(), 1);
	assert_int_equal(entries[0].item.state, QUEUE_DEFERRED);
	assert_int_equal(queue_read(&spool, &entries[0].item, &kept, &error), 0);
	assert_int_equal(kept.places[0].status, PLACE_SENT);
	assert_int_equal(kept.places[1].status, PLACE_FAILED);
	assert_int_equal(kept.places[2].status, PLACE_PENDING);
	assert_string_equal(kept.places[2].reply, "451 later");
	assert_in_range(kept.next_attempt, clock_wall() + 590, clock_wall() + 610);
	assert_int_equal(kept.attempts, 1);
	envelope_clear(&kept);
	envelope_clear(&sending.envelope);
}

static void test_all_sent_is_gone(void **context)
{
	struct smtp_recipient recipients[3];
	struct queue_items left;
	struct place *places[3];
	struct sending sending;
	struct error error;

	(void)context;
	begin(&sending, recipients, places);
	for (size_t i = 0; i < 3; i++)
		smtp_reply_set(&recipients[i].reply, 250, "250 ok");
	outbound_settle(&sending);
	assert_int_equal(outbound_commit(&connection), 0);
	assert_int_equal(result.sent, 1);
	assert_int_equal(bounces(), 0);
	assert_int_equal(queue_list(&spool, QUEUE_ALL, &left, &error), 0);
	assert_int_equal(left.count, 0);
	queue_items_clear(&left);
	envelope_clear(&sending.envelope);
}

/* Long enough within reach, and more than one attempt. */
static void test_what_was_tried_for_long_comes_back(void **context)
{
	struct smtp_recipient recipients[3];
	struct place *places[3];
	struct sending sending;

	(void)context;
	begin(&sending, recipients, places);
	smarthosts[0].expire = 3600;
	host.reach = 10000;
	sending.envelope.attempts = 1;
	sending.envelope.last_attempt = clock_wall() - 4000;
	sending.envelope.reach = 6000;
	smtp_reply_set(&recipients[0].reply, 250, "250 ok");
	smtp_reply_set(&recipients[1].reply, 451, "451 later");
	smtp_reply_set(&recipients[2].reply, 421, "421 not now");
	outbound_settle(&sending);
	assert_int_equal(outbound_commit(&connection), 0);
	assert_int_equal(recipients[1].reply.code, 550);
	assert_int_equal(result.deferred, 0);
	assert_int_equal(result.sent + result.refused, 2); /* some have it, others are refused */
	assert_int_equal(bounces(), 1);
	envelope_clear(&sending.envelope);
}

static void test_surplus_recipients_are_no_failure(void **context)
{
	struct smtp_recipient recipients[3];
	struct place *places[3];
	struct sending sending;

	(void)context;
	begin(&sending, recipients, places);
	smtp_reply_set(&recipients[0].reply, 250, "250 ok");
	smtp_reply_set(&recipients[1].reply, 452, "452 4.5.3 too many");
	smtp_reply_set(&recipients[2].reply, 452, "452 4.5.3 too many");
	outbound_settle(&sending);
	assert_true(sending.is_partial);
	assert_int_equal(result.sent + result.refused + result.deferred, 0); /* it goes on at once */
	envelope_clear(&sending.envelope);
}

static void test_a_line_that_breaks_leaves_refusals_alone(void **context)
{
	struct smtp_recipient recipients[3];
	struct place *places[3];
	struct sending sending;

	(void)context;
	begin(&sending, recipients, places);
	smtp_reply_set(&recipients[0].reply, 250, "250 ok");
	smtp_reply_set(&recipients[1].reply, 550, "550 no");
	outbound_undecide(&sending, "it broke", false);
	assert_int_equal(recipients[0].reply.code, 451); /* RCPT was answered, the message was not */
	assert_int_equal(recipients[1].reply.code, 550);
	outbound_undecide(&sending, "it broke", true);
	assert_int_equal(recipients[1].reply.code, 451);
	envelope_clear(&sending.envelope);
}

static void test_what_a_server_does_not_take_is_not_offered(void **context)
{
	struct smtp_recipient recipients[3];
	struct smtp_client client = {.size_max = 1000, .can_utf8 = false};
	struct place *places[3];
	struct sending sending;

	(void)context;
	begin(&sending, recipients, places);
	sending.transaction.size = 1000;
	assert_true(outbound_sending_fits(&sending, &client));
	sending.transaction.size = 1001;
	assert_false(outbound_sending_fits(&sending, &client));
	assert_int_equal(recipients[2].reply.code, 552);
	sending.transaction.size = 10;
	sending.transaction.utf8 = true;
	assert_false(outbound_sending_fits(&sending, &client));
	assert_int_equal(recipients[0].reply.code, 550);
	sending.transaction.utf8 = false;
	conf.limits.max_outgoing_size = 5;
	assert_false(outbound_sending_fits(&sending, &client));
	envelope_clear(&sending.envelope);
}

#define OUTBOUND_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_house, close_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    OUTBOUND_TEST(test_a_host_takes_its_own_in_order),
	    OUTBOUND_TEST(test_a_host_takes_no_more_than_it_may),
	    OUTBOUND_TEST(test_each_recipient_has_a_fate_of_his_own),
	    OUTBOUND_TEST(test_all_sent_is_gone),
	    OUTBOUND_TEST(test_what_was_tried_for_long_comes_back),
	    OUTBOUND_TEST(test_surplus_recipients_are_no_failure),
	    OUTBOUND_TEST(test_a_line_that_breaks_leaves_refusals_alone),
	    OUTBOUND_TEST(test_what_a_server_does_not_take_is_not_offered),
	};

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "unit");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
