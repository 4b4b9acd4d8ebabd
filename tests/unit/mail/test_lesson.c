/* What becomes a lesson, and that those that wait are bounded. */
#include "mail/lesson.h"

#include "spool/mailbox_name.h"
#include "tests/unit/sample_spool.h"

#include <stdio.h>
#include <unistd.h>

static const struct {
	const char *from, *to, *lessons;
} moves[] = {
    {"ivan", "ivan/Junk", MAILBOX_LEARN "/spam"},
    {"ivan/Work", "ivan/Junk/2026", MAILBOX_LEARN "/spam"},
    {"", "ivan/Junk", MAILBOX_LEARN "/spam"},
    {"ivan/Junk", "ivan", MAILBOX_LEARN "/ham"},
    {"ivan/Junk", "ivan/Trash", NULL},
    {"ivan/Junk", "ivan/Junk/2026", NULL},
    {"ivan", "ivan/Work", NULL},
};

static void test_moves(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		const char *lessons = lesson_mailbox_of_move(moves[i].from, moves[i].to);

		if ((lessons == NULL) != (moves[i].lessons == NULL) || (lessons != NULL && strcmp(lessons, moves[i].lessons) != 0))
			fail_msg("from %s to %s: %s", moves[i].from, moves[i].to, lessons == NULL ? "none" : lessons);
		assert_true(lessons == NULL || lesson_is_mailbox(lessons));
	}
	assert_false(lesson_is_mailbox("ivan/spam"));
}

static void test_addresses(void **context)
{
	(void)context;
	assert_string_equal(lesson_mailbox_of_address(SLICE_LITERAL("Spam")), MAILBOX_LEARN "/spam-reports");
	assert_string_equal(lesson_mailbox_of_address(SLICE_LITERAL("ham")), MAILBOX_LEARN "/ham-reports");
	assert_null(lesson_mailbox_of_address(SLICE_LITERAL("spammer")));
}

static void put_lesson(int number, bool is_spam, unsigned long long size)
{
	char name[64], *path;
	FILE *file;

	snprintf(name, sizeof(name), "cur/%d.x.host,S=%llu:2,", number, size);
	path = layout_mailbox(&spool, lesson_mailbox(is_spam), name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(ftruncate(fileno(file), (off_t)size), 0);
	assert_int_equal(fclose(file), 0);
	free(path);
}

static void test_no_more_bytes_than_may_wait(void **context)
{
	struct error error;

	(void)context;
	assert_int_equal(mailbox_make(&spool, lesson_mailbox(true), &error), 0);
	assert_int_equal(mailbox_make(&spool, lesson_mailbox(false), &error), 0);
	put_lesson(1, true, LESSONS_BYTES / 2);
	assert_true(lesson_has_room(&spool, 1));
	put_lesson(2, false, LESSONS_BYTES / 2);
	assert_false(lesson_has_room(&spool, 1));
}

static void test_no_more_than_may_wait(void **context)
{
	struct error error;

	(void)context;
	assert_true(lesson_has_room(&spool, LESSONS_MAX));
	assert_int_equal(mailbox_make(&spool, lesson_mailbox(true), &error), 0);
	for (int i = 0; i < LESSONS_MAX; i++)
		put_lesson(i, true, 0);
	assert_int_equal(lesson_waiting(&spool), LESSONS_MAX);
	assert_true(lesson_has_room(&spool, 0));
	assert_false(lesson_has_room(&spool, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_moves), cmocka_unit_test(test_addresses), SPOOL_TEST(test_no_more_than_may_wait),
	    SPOOL_TEST(test_no_more_bytes_than_may_wait)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
