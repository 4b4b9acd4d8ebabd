/* Entries of the queue: their states, moves, and damaged ones. */
#include "tests/unit/sample_spool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define QUEUE_TEXT "hello, world"

static void queue_one(struct envelope *envelope, struct queue_item *item)
{
	struct slice part = SLICE_LITERAL(QUEUE_TEXT);
	struct error error;

	envelope_init(envelope);
	envelope_add(envelope, PLACE_QUEUE, slice_of("a@example.net"), SLICE_NONE);
	envelope_add(envelope, PLACE_QUEUE, slice_of("b@example.net"), SLICE_NONE);
	envelope->size = part.len;
	assert_int_equal(queue_deliver(&spool, envelope, NULL, &part, 1, &error), 0);
	*item = (struct queue_item){QUEUE_ACTIVE, envelope->id};
}

static bool stands(const struct msgid *id)
{
	struct slice part = SLICE_LITERAL(QUEUE_TEXT);
	struct error error;
	struct queue_proof proof = {.parts = &part, .count = 1};

	assert_int_equal(queue_verify(&spool, id, &proof, &error), 0);
	return proof.is_valid;
}

/* A folder that cannot be read (here a link to itself) is not an empty one. */
static void test_what_cannot_be_seen_is_not_gone(void **context)
{
	struct envelope envelope;
	struct queue_item item;
	struct queue_items items;
	struct error error;
	enum queue_state state;
	char *active, *aside;
	struct queue_proof proof = {.count = 0};

	(void)context;
	assert_int_equal(queue_make(&spool, &error), 0);
	queue_one(&envelope, &item);
	active = xasprintf("%s/queue/active", folder);
	aside = xasprintf("%s/queue/aside", folder);
	assert_int_equal(rename(active, aside), 0);
	assert_int_equal(symlink("active", active), 0);
	assert_int_equal(queue_find(&spool, &item.id, &state, &error), -1);
	assert_int_equal(queue_verify(&spool, &item.id, &proof, &error), -1);
	assert_null(queue_message_path(&spool, &item, &error));
	assert_int_not_equal(error.saved_errno, ENOENT);
	assert_int_equal(queue_settle(&spool, &item.id, &(struct queue_outcome){"a@example.net", PLACE_SENT, "250 ok"}, 1, &error), -1);
	assert_int_equal(queue_update(&spool, &item, &envelope, QUEUE_CORRUPT, &error), -1);
	assert_int_equal(queue_list(&spool, 1u << QUEUE_ACTIVE, &items, &error), -1);
	assert_int_equal(unlink(active), 0);
	assert_int_equal(rename(aside, active), 0);
	assert_true(stands(&item.id));
	assert_int_equal(queue_find(&spool, &item.id, &state, &error), 1);
	assert_int_equal(state, QUEUE_ACTIVE);
	assert_int_equal(queue_remove(&spool, &item, &error), 0);
	envelope_clear(&envelope);
	free(active);
	free(aside);
}

static void test_queue_states(void **context)
{
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;
	char *path;

	(void)context;
	queue_one(&envelope, &item);
	assert_true(stands(&envelope.id));
	envelope.attempts = 1;
	envelope.next_attempt = 1795420900;
	assert_int_equal(queue_update(&spool, &item, &envelope, QUEUE_DEFERRED, &error), 0);
	assert_true(queue_find(&spool, &envelope.id, &state, &error) == 1 && state == QUEUE_DEFERRED);
	path = queue_message_path(&spool, &item, &error);
	assert_non_null(strstr(path, "/deferred/"));
	free(path);
	assert_int_equal(queue_read(&spool, &item, &read, &error), 0);
	assert_int_equal(read.next_attempt, 1795420900);
	envelope_clear(&read);
	assert_int_equal(
	    queue_settle(&spool, &envelope.id, &(struct queue_outcome){"a@example.net", PLACE_SENT, "250 ok"}, 1, &error), 0);
	assert_int_equal(queue_find(&spool, &envelope.id, &state, &error), 1);
	assert_int_equal(
	    queue_settle(&spool, &envelope.id, &(struct queue_outcome){"b@example.net", PLACE_FAILED, "550 no"}, 1, &error), 0);
	assert_int_equal(queue_find(&spool, &envelope.id, &state, &error), 0);
	assert_null(queue_message_path(&spool, &item, &error));
	envelope_clear(&envelope);
}

/* Pending recipients stay pending; the last outcome removes the entry. */
static void test_outcomes_are_set_together(void **context)
{
	const struct queue_outcome outcomes[] = {
	    {"b@example.net", PLACE_SENT, "250 ok"}, {"nobody@example.net", PLACE_SENT, "250 ok"}, {"a@example.net", PLACE_FAILED, "550 no"}};
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;

	(void)context;
	queue_one(&envelope, &item);
	assert_int_equal(queue_settle(&spool, &envelope.id, outcomes, 2, &error), 0);
	assert_int_equal(queue_read(&spool, &item, &read, &error), 0);
	assert_int_equal(read.places[0].status, PLACE_PENDING);
	assert_int_equal(read.places[1].status, PLACE_SENT);
	assert_string_equal(read.places[1].reply, "250 ok");
	envelope_clear(&read);
	assert_int_equal(queue_settle(&spool, &envelope.id, outcomes, 3, &error), 0);
	assert_int_equal(queue_find(&spool, &envelope.id, &state, &error), 0);
	envelope_clear(&envelope);
}

static void test_damaged_envelope_is_set_aside(void **context)
{
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;
	char *path;

	(void)context;
	queue_one(&envelope, &item);
	path = xasprintf("%s/queue/active/%s.env", folder, envelope.id.text);
	assert_int_equal(truncate(path, 30), 0);
	assert_int_equal(queue_read(&spool, &item, &read, &error), -1);
	assert_true(queue_find(&spool, &envelope.id, &state, &error) == 1 && state == QUEUE_CORRUPT);
	item.state = QUEUE_CORRUPT;
	free(path);
	path = queue_message_path(&spool, &item, &error);
	assert_non_null(strstr(path, "/corrupt/"));
	free(path);
	envelope_clear(&envelope);
}

/* As large as a record of the log holds it: nobody is left out. What no file can hold is an error, and leaves no entry. */
static void test_large_envelopes_are_whole_or_refused(void **context)
{
	struct slice part = SLICE_LITERAL(QUEUE_TEXT);
	char *why = xasprintf("%0900d", 0), *longer = xasprintf("%08000d", 0), *name;
	struct envelope envelope, read;
	struct queue_item item;
	struct error error;
	enum queue_state state;

	(void)context;
	envelope_init(&envelope);
	for (int i = 0; i < ENVELOPE_PLACES_MAX; i++) {
		name = xasprintf("%d@example.net", i);
		assert_true(envelope_add(&envelope, PLACE_QUEUE, slice_of(name), slice_of(why)));
		free(name);
	}
	envelope.size = part.len;
	assert_int_equal(queue_deliver(&spool, &envelope, NULL, &part, 1, &error), 0);
	item = (struct queue_item){QUEUE_ACTIVE, envelope.id};
	assert_int_equal(queue_read(&spool, &item, &read, &error), 0);
	assert_int_equal(read.place_count, ENVELOPE_PLACES_MAX);
	envelope_clear(&read);
	for (size_t i = 0; i < envelope.place_count; i++)
		envelope_set(&envelope.places[i].reply, slice_of(longer));
	assert_int_equal(queue_update(&spool, &item, &envelope, QUEUE_DEFERRED, &error), -1);
	assert_int_equal(queue_read(&spool, &item, &read, &error), 0);
	envelope_clear(&read);
	envelope.id = msgid_new();
	assert_int_equal(queue_deliver(&spool, &envelope, NULL, &part, 1, &error), -1);
	assert_int_equal(queue_find(&spool, &envelope.id, &state, &error), 0);
	envelope_clear(&envelope);
	free(longer);
	free(why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_what_cannot_be_seen_is_not_gone),
	    SPOOL_TEST(test_queue_states),
	    SPOOL_TEST(test_outcomes_are_set_together),
	    SPOOL_TEST(test_damaged_envelope_is_set_aside),
	    SPOOL_TEST(test_large_envelopes_are_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
