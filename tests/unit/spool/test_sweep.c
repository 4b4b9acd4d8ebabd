/* Leftovers of crashes go after a day, and nothing else does. */
#include "base/clock.h"
#include "spool/log/intake_priv.h"
#include "tests/unit/sample_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAY (24 * 3600)
#define ID "1k0xn1qc2q97h2cb5b7y"
#define OTHER_ID "1k0xn1qc2q97h2cb5b7z"

static void put(const char *name, int64_t age)
{
	char *path = xasprintf("%s/%s", folder, name), *parent = xstrdup(path);
	struct timespec times[2] = {{.tv_sec = clock_wall() - age}, {.tv_sec = clock_wall() - age}};
	struct error error;

	*strrchr(parent, '/') = '\0';
	assert_int_equal(fsx_make_dirs(parent, &error), 0);
	assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	free(parent);
	free(path);
}

static bool is_there(const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	bool there = access(path, F_OK) == 0;

	free(path);
	return there;
}

static void sweep(bool owed)
{
	struct intake intake = {.spool = &spool, .writer = "unit", .owed = owed};

	sweep_spool(&intake);
}

static void test_old_leftovers_go(void **context)
{
	static const char *const leftovers[] = {"mailboxes/ivan/tmp/1.M1.gw", "wal/" ID ".msg", "queue/active/" ID ".msg", "queue/deferred/" ID ".msg",
	    "queue/hold/" ID ".msg"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(leftovers); i++) {
		put(leftovers[i], DAY - 60);
		sweep(false);
		if (!is_there(leftovers[i]))
			fail_msg("%s is gone too early", leftovers[i]);
		put(leftovers[i], DAY + 60);
		sweep(false);
		if (is_there(leftovers[i]))
			fail_msg("%s is still there", leftovers[i]);
	}
}

static void test_mail_stays(void **context)
{
	static const char *const mail[] = {"mailboxes/ivan/new/1.M1.gw", "mailboxes/ivan/cur/1.M1.gw:2,S", "mailboxes/ivan/tmp/.hidden",
	    "queue/active/" OTHER_ID ".env", "queue/active/" OTHER_ID ".msg", "queue/corrupt/" ID ".msg", "archive/ivan/2023-11/cur/1.M1.gw",
	    "wal/0000000000000001-unit.log", "state.db"};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(mail); i++)
		put(mail[i], 400 * (int64_t)DAY);
	sweep(false);
	for (size_t i = 0; i < ARRAY_LEN(mail); i++)
		if (!is_there(mail[i]))
			fail_msg("%s was removed", mail[i]);
}

/* A record that is still owed may name the file. */
static void test_a_body_stays_while_something_is_owed(void **context)
{
	(void)context;
	put("wal/" ID ".msg", 2 * DAY);
	sweep(true);
	assert_true(is_there("wal/" ID ".msg"));
	sweep(false);
	assert_false(is_there("wal/" ID ".msg"));
}

/* Those of our own name are our predecessor's, who is dead; another process may be about to use its own. */
static void test_spare_segments(void **context)
{
	(void)context;
	put("wal/0000000000000007-unit.log.new", 0);
	put("wal/0000000000000007-session.log.new", 0);
	put("wal/0000000000000008-session.log.new", 2 * DAY);
	sweep(true);
	assert_false(is_there("wal/0000000000000007-unit.log.new"));
	assert_true(is_there("wal/0000000000000007-session.log.new"));
	assert_true(is_there("wal/0000000000000008-session.log.new"));
	sweep(false);
	assert_true(is_there("wal/0000000000000007-session.log.new"));
	assert_false(is_there("wal/0000000000000008-session.log.new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_old_leftovers_go),
	    SPOOL_TEST(test_mail_stays),
	    SPOOL_TEST(test_a_body_stays_while_something_is_owed),
	    SPOOL_TEST(test_spare_segments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
