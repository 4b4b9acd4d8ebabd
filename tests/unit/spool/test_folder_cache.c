/* The caches of a folder: what they keep, and that nothing is believed that another program has done to their files. */
#include "tests/unit/sample_folder.h"

#include <errno.h>
#include <fcntl.h>

#define MESSAGES 40

static const char *const files[] = {[FOLDER_LISTING] = "lanpost-cache", [FOLDER_TERMS] = "lanpost-terms", [FOLDER_TEXT] = "lanpost-search"};

/* The value of a message in a generation: its length and its bytes depend on both. */
static struct slice value_of(uint32_t uid, unsigned generation)
{
	static char bytes[5000];
	size_t len = (uid * 997 + generation * 131) % sizeof(bytes);

	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(i * uid + generation);
	return slice_make(bytes, len);
}

static bool keeps(struct folder *folder, enum folder_cache which, uint32_t uid, struct slice value)
{
	struct buf kept = BUF_INIT(1 << 20);
	bool found;

	buf_append_text(&kept, "before");
	found = folder_cache_get(folder, which, uid, &kept);
	if (found)
		assert_true(slice_equal(slice_from(buf_slice(&kept), 6), value));
	else
		assert_int_equal(kept.len, 6);
	buf_clear(&kept);
	return found;
}

static struct folder *filled(unsigned generation)
{
	struct folder *folder;

	for (size_t i = 0; i < MESSAGES; i++)
		deliver("ivan/A", "Subject: x\r\n\r\n");
	folder = opened("ivan/A");
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++)
		for (uint32_t uid = 1; uid <= MESSAGES; uid++)
			folder_cache_put(folder, which, uid, value_of(uid, generation + which));
	return folder;
}

static size_t count_kept(struct folder *folder, enum folder_cache which, unsigned generation)
{
	size_t count = 0;

	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		count += keeps(folder, which, uid, value_of(uid, generation));
	return count;
}

static struct folder *restarted(struct folder *folder)
{
	folder_close(folder);
	house_stop();
	house_start();
	return opened("ivan/A");
}

/* --- what is kept */

static void test_values_are_kept(void **context)
{
	struct folder *folder = filled(1);
	uint32_t missing[4];

	(void)context;
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++)
		assert_int_equal(count_kept(folder, which, 1 + which), MESSAGES);
	folder = restarted(folder);
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++)
		assert_int_equal(count_kept(folder, which, 1 + which), MESSAGES);
	deliver("ivan/A", "Subject: x\r\n\r\n");
	deliver("ivan/A", "Subject: x\r\n\r\n");
	OK(folder_refresh(folder, &error));
	assert_int_equal(folder_cache_missing(folder, FOLDER_TEXT, 1, missing, 4), 2);
	assert_int_equal(missing[0], MESSAGES + 1);
	assert_int_equal(folder_cache_missing(folder, FOLDER_TEXT, MESSAGES + 2, missing, 4), 1);
	assert_false(keeps(folder, FOLDER_TEXT, MESSAGES + 1, SLICE_NONE));
	assert_false(keeps(folder, FOLDER_TEXT, 1000, SLICE_NONE));
	folder_cache_put(folder, FOLDER_TEXT, 3, SLICE_LITERAL("another"));
	assert_true(keeps(folder, FOLDER_TEXT, 3, SLICE_LITERAL("another")));
	folder = restarted(folder);
	assert_true(keeps(folder, FOLDER_TEXT, 3, SLICE_LITERAL("another")));
	assert_true(keeps(folder, FOLDER_LISTING, 3, value_of(3, 1)));
	folder_close(folder);
}

static void test_messages_that_go_take_their_values_along(void **context)
{
	struct folder *folder = filled(1), *other;
	char *path = layout_mailbox(&house, "ivan/A", files[FOLDER_LISTING]);
	struct stat st;

	(void)context;
	OK(folder_expunge(folder, (const uint32_t[]){1, 2}, 2, &error));
	assert_false(keeps(folder, FOLDER_LISTING, 1, SLICE_NONE));
	/* Values that are replaced again and again do not make the file grow without end. */
	for (unsigned i = 0; i < 3000; i++)
		folder_cache_put(folder, FOLDER_LISTING, 3 + i % 5, value_of(3 + i % 5, i));
	folder_close(folder);
	OK(stat(path, &st));
	assert_true(st.st_size < 6000000);
	folder = restarted(opened("ivan/A"));
	for (unsigned i = 2995; i < 3000; i++)
		assert_true(keeps(folder, FOLDER_LISTING, 3 + i % 5, value_of(3 + i % 5, i)));
	assert_true(keeps(folder, FOLDER_LISTING, 20, value_of(20, 1)));
	/* Another folder knows nothing of them, whatever its UIDs. */
	OK(folder_create(&house, "ivan/B", &error));
	OK(folder_move(folder, (const uint32_t[]){20}, 1, "ivan/B", (uint32_t[1]){0}, &(uint32_t){0}, &error));
	other = opened("ivan/B");
	assert_false(keeps(other, FOLDER_LISTING, 1, SLICE_NONE));
	folder_close(other);
	folder_close(folder);
	OK(folder_rename(&house, "ivan/A", "ivan/C", &error));
	assert_int_equal(folder_exists(&house, "ivan/A", &error), 0);
	folder = opened("ivan/C");
	folder_cache_put(folder, FOLDER_LISTING, 1, SLICE_LITERAL("one"));
	OK(folder_delete(&house, "ivan/C", &error));
	assert_int_equal(folder_exists(&house, "ivan/C", &error), 0);
	folder_cache_put(folder, FOLDER_LISTING, 1, SLICE_LITERAL("one"));
	folder_close(folder);
	assert_int_equal(folder_exists(&house, "ivan/C", &error), 0);
	free(path);
}

/* --- what others do to the files */

static void damage(const char *path, unsigned how, unsigned *random)
{
	int fd = open(path, O_RDWR | (how == 4 ? O_APPEND : 0));
	struct stat st;

	if (fd < 0)
		return;
	OK(fstat(fd, &st));
	*random = *random * 1103515245 + 12345;
	switch (how) {
	case 0:
		unlink(path);
		break;
	case 1:
		if (ftruncate(fd, (off_t)(*random >> 8) % (st.st_size + 1)) != 0)
			fail();
		break;
	case 2:
	case 3:
		for (unsigned i = 0; i < how * 10 - 15 && st.st_size > 0; i++) {
			*random = *random * 1103515245 + 12345;
			if (pwrite(fd, &(char){(char)*random}, 1, (off_t)(*random >> 8) % st.st_size) != 1)
				fail();
		}
		break;
	default:
		if (write(fd, "remains of something", 20) != 20)
			fail();
	}
	close(fd);
}

/* Whatever happens to the file, also between two looks at it, a value is right or not there; and new ones are kept again. */
static void test_no_damage_is_believed(void **context)
{
	struct folder *folder = filled(1);
	char *path = layout_mailbox(&house, "ivan/A", files[FOLDER_LISTING]);
	unsigned random = 1;

	(void)context;
	for (unsigned round = 0; round < 150; round++) {
		if (round % 3 == 0)
			folder = restarted(folder);
		damage(path, round % 5, &random);
		count_kept(folder, FOLDER_LISTING, 1);
		for (uint32_t uid = 1 + round % 7; uid <= MESSAGES; uid += 3)
			folder_cache_put(folder, FOLDER_LISTING, uid, value_of(uid, 1));
		folder_cache_rest(folder, FOLDER_LISTING);
		count_kept(folder, FOLDER_LISTING, 1);
	}
	unlink(path);
	folder = restarted(folder);
	assert_int_equal(count_kept(folder, FOLDER_LISTING, 1), 0);
	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		folder_cache_put(folder, FOLDER_LISTING, uid, value_of(uid, 1));
	assert_int_equal(count_kept(folder, FOLDER_LISTING, 1), MESSAGES);
	folder_close(folder);
	free(path);
}

/* A value of another file under the same UID: after the index was lost, UIDs are given again. */
static void test_a_value_belongs_to_one_file(void **context)
{
	struct folder *folder = filled(1);
	char *index = layout_mailbox(&house, "ivan/A", "lanpost-uids");

	(void)context;
	folder_close(folder);
	house_stop();
	unlink(index);
	house_start();
	folder = opened("ivan/A");
	for (enum folder_cache which = 0; which < FOLDER_CACHES; which++)
		assert_int_equal(count_kept(folder, which, 1 + which), 0);
	folder_close(folder);
	free(index);
}

static int fail_to_write(const char *what, const char *path, const char *to)
{
	(void)to;
	if (strcmp(what, "write") != 0 || strstr(path, "lanpost-cache") == NULL)
		return 0;
	errno = ENOSPC;
	return -1;
}

static void test_a_full_disk_is_harmless(void **context)
{
	struct folder *folder = filled(1);

	(void)context;
	fsx_hook = fail_to_write;
	for (uint32_t uid = 1; uid <= MESSAGES; uid++)
		folder_cache_put(folder, FOLDER_LISTING, uid, value_of(uid, 2));
	folder_cache_rest(folder, FOLDER_LISTING);
	fsx_hook = NULL;
	count_kept(folder, FOLDER_LISTING, 2);
	assert_int_equal(count_kept(folder, FOLDER_TEXT, 1 + FOLDER_TEXT), MESSAGES);
	folder_close(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_values_are_kept),
	    HOUSE_TEST(test_messages_that_go_take_their_values_along),
	    HOUSE_TEST(test_no_damage_is_believed),
	    HOUSE_TEST(test_a_value_belongs_to_one_file),
	    HOUSE_TEST(test_a_full_disk_is_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
