/*
 * What is kept of a message after a cut: it is given back as it was, never beyond what its digests prove, and not without bounds.
 */
#include "spool/partial.h"

#include "base/clock.h"
#include "tests/unit/sample_spool.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define WHOLE 100000
#define PIECE 1000

static const struct partial_of one = {"office imap.example.ru", "INBOX", 1700000000, 12, 99000};

static char *path_of(void)
{
	char *directory = layout_partial(&spool, ""), command[300], line[300] = "";
	FILE *list;

	snprintf(command, sizeof(command), "ls %s", directory);
	list = popen(command, "r");
	assert_non_null(list);
	assert_non_null(fgets(line, sizeof(line), list));
	pclose(list);
	line[strcspn(line, "\n")] = '\0';
	free(directory);
	return layout_partial(&spool, line);
}

static void fill(char piece[PIECE], int number)
{
	for (int i = 0; i < PIECE; i++)
		piece[i] = (char)(number * 7 + i);
}

/* Keeps this many pieces. */
static void keep(const struct partial_of *of, int count)
{
	struct partial *partial;
	struct error error;
	char piece[PIECE];

	assert_int_equal(partial_create(&partial, &spool, of, WHOLE, &error), 0);
	for (int i = 0; i < count; i++) {
		fill(piece, i);
		assert_int_equal(partial_append(partial, slice_make(piece, PIECE), &error), 0);
	}
	assert_int_equal(partial_sync(partial, &error), 0);
	partial_close(partial);
}

/* Returns how many pieces there are, which must be the first ones; -1: nothing. */
static int kept(const struct partial_of *of)
{
	struct partial *partial;
	struct error error;
	struct slice bytes;
	char piece[PIECE];
	size_t at = 0;
	int count = 0;

	assert_int_equal(partial_open(&partial, &spool, of, &error), 0);
	if (partial == NULL)
		return -1;
	assert_int_equal(partial_whole(partial), WHOLE);
	for (; partial_next(partial, &at, &bytes); count++) {
		fill(piece, count);
		assert_int_equal(bytes.len, PIECE);
		assert_memory_equal(bytes.ptr, piece, PIECE);
	}
	assert_int_equal(partial_loaded(partial, &error), 0);
	assert_int_equal(partial_size(partial), count * PIECE);
	partial_close(partial);
	return count;
}

static void test_it_is_given_back_and_continued(void **context)
{
	struct partial *partial;
	struct error error;
	char piece[PIECE];

	(void)context;
	assert_int_equal(kept(&one), -1);
	keep(&one, 3);
	assert_int_equal(kept(&one), 3);
	assert_int_equal(partial_open(&partial, &spool, &one, &error), 0);
	assert_int_equal(partial_loaded(partial, &error), 0);
	fill(piece, 3);
	assert_int_equal(partial_append(partial, slice_make(piece, PIECE), &error), 0);
	partial_close(partial);
	assert_int_equal(kept(&one), 4);
	partial_remove(&spool, &one);
	assert_int_equal(kept(&one), -1);
	partial_remove(&spool, &one); /* twice is no error */
}

static void test_it_is_of_this_message_only(void **context)
{
	const struct partial_of others[] = {
	    {"office imap.example.com", "INBOX", 1700000000, 12, 99000},
	    {"office imap.example.ru", "Clients", 1700000000, 12, 99000},
	    {"office imap.example.ru", "INBOX", 1700000001, 12, 99000},
	    {"office imap.example.ru", "INBOX", 1700000000, 13, 99000},
	};
	const struct partial_of other_size = {"office imap.example.ru", "INBOX", 1700000000, 12, 99001};

	(void)context;
	keep(&one, 2);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(kept(&others[i]), -1);
	assert_int_equal(kept(&one), 2);
	assert_int_equal(kept(&other_size), -1);
	assert_int_equal(kept(&one), -1); /* the message has changed: the file is gone */
}

/* Opens the file after a change of its bytes: what precedes the change stays. */
static void test_what_is_not_proved_is_cut_off(void **context)
{
	struct stat st;
	size_t head, step;

	(void)context;
	keep(&one, 5);
	{
		char *path = path_of();

		assert_int_equal(stat(path, &st), 0);
		step = PIECE + 36;
		head = (size_t)st.st_size - 5 * step;
		free(path);
	}
	for (size_t at = 0; at < (size_t)st.st_size; at += 61) {
		char byte, *path;
		int fd, count;

		keep(&one, 5);
		path = path_of();
		fd = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
		byte = (char)(byte ^ 1);
		assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
		close(fd);
		count = kept(&one);
		assert_int_equal(count, at < head + step ? -1 : (int)((at - head) / step));
		assert_int_equal(kept(&one), count);
		free(path);
	}
}

static void test_a_torn_end_is_cut_off_and_continued(void **context)
{
	(void)context;
	for (int lost = 1; lost < PIECE + 36; lost += 23) {
		struct partial *partial;
		struct error error;
		char piece[PIECE], *path;
		struct stat st;

		keep(&one, 3);
		path = path_of();
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(truncate(path, st.st_size - lost), 0);
		if (lost % 2 == 0) /* the size is durable, the bytes are not */
			assert_int_equal(truncate(path, st.st_size), 0);
		free(path);
		assert_int_equal(partial_open(&partial, &spool, &one, &error), 0);
		assert_int_equal(partial_size(partial), 2 * PIECE);
		assert_int_equal(partial_loaded(partial, &error), 0);
		fill(piece, 2);
		assert_int_equal(partial_append(partial, slice_make(piece, PIECE), &error), 0);
		partial_close(partial);
		assert_int_equal(kept(&one), 3);
	}
}

static void test_files_are_bounded_listed_and_expire(void **context)
{
	struct partial_name names[PARTIAL_FILES_MAX + 8];
	struct partial *partial;
	struct error error;
	size_t count;

	(void)context;
	for (uint32_t uid = 1; uid <= PARTIAL_FILES_MAX + 4; uid++)
		keep(&(struct partial_of){"a b", "INBOX", 7, uid, 10}, 1);
	count = partial_list(&spool, "a b", "INBOX", names, ARRAY_LEN(names));
	assert_int_equal(count, PARTIAL_FILES_MAX);
	for (size_t i = 0; i < count; i++)
		assert_true(names[i].validity == 7 && names[i].uid >= 1 && names[i].uid <= PARTIAL_FILES_MAX + 4);
	assert_int_equal(partial_list(&spool, "a b", "Other", names, ARRAY_LEN(names)), 0);
	partial_expire(&spool, clock_wall());
	assert_int_equal(partial_list(&spool, "a b", "INBOX", names, ARRAY_LEN(names)), PARTIAL_FILES_MAX);
	partial_expire(&spool, clock_wall() + PARTIAL_EXPIRE_SECONDS + 2);
	assert_int_equal(partial_list(&spool, "a b", "INBOX", names, ARRAY_LEN(names)), 0);
	assert_int_equal(partial_create(&partial, &spool, &one, PARTIAL_BYTES_MAX + 1, &error), -1);
	assert_null(partial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_it_is_given_back_and_continued),
	    SPOOL_TEST(test_it_is_of_this_message_only),
	    SPOOL_TEST(test_what_is_not_proved_is_cut_off),
	    SPOOL_TEST(test_a_torn_end_is_cut_off_and_continued),
	    SPOOL_TEST(test_files_are_bounded_listed_and_expire),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
