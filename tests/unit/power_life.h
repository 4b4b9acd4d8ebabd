/*
 * For tests of power cuts (power_cut.h): a life that keeps its promises in memory that is shared with the process that lives it. It ends at each
 * change of the disk, or each change fails once; then it must be as promised.
 */
#ifndef LANPOST_TESTS_POWER_LIFE_H
#define LANPOST_TESTS_POWER_LIFE_H

#include "tests/unit/power_cut.h"
#include "tests/unit/power_house.h"

#include <stdatomic.h>

#ifdef LANPOST_SANITIZED
#define LIFE_STEP 4 /* not each change: a process takes long to start there */
#else
#define LIFE_STEP 1
#endif

static const struct life {
	void (*live)(const char *spool);
	bool (*right)(struct spool *house);
	size_t promise_len;
	int changes; /* there are more */
} *life;
static void *life_promise; /* zeros at its begin */

static int life_set_up(void **context)
{
	(void)context;
	life_promise = mmap(NULL, life->promise_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return life_promise == MAP_FAILED ? -1 : 0;
}

static int life_tear_down(void **context)
{
	(void)context;
	return munmap(life_promise, life->promise_len);
}

#define LIFE_TEST(fn) cmocka_unit_test_setup_teardown(fn, life_set_up, life_tear_down)

/* The audit, in a separate process: the gateway is started twice. */
static bool life_is_right(const char *path)
{
	for (int i = 0; i < 2; i++) {
		struct spool house;

		if (!house_open(&house, path) || !life->right(&house))
			return false;
		house_close(&house);
	}
	return true;
}

/* At each sync, this many power cuts. */
static void life_cut(unsigned often)
{
	cut_life(life->live, life_is_right, often);
}

static int life_turn; /* the change that is meant */
static atomic_int life_changes; /* by several threads */

static int life_die(const char *what, const char *path, const char *to)
{
	(void)what;
	(void)path;
	(void)to;
	if (++life_changes == life_turn)
		_exit(42);
	return 0;
}

static void test_death_at_every_change(void **context)
{
	int status = 0;

	(void)context;
	audit_right = life_is_right;
	for (life_turn = 1; life_turn == 1 || WEXITSTATUS(status) == 42; life_turn += LIFE_STEP) {
		pid_t pid;

		memset(life_promise, 0, life->promise_len);
		begin();
		pid = fork();
		if (pid == 0) {
			fsx_hook = life_die;
			life->live(disk);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		if (!audit(disk, false))
			fail_msg("wrong after a death at change %d", life_turn);
		end();
	}
	print_message("%d deaths\n", life_turn / LIFE_STEP - 1);
	assert_true(life_turn > life->changes);
}

static char life_failed[400];

static int life_fail_once(const char *what, const char *path, const char *to)
{
	(void)to;
	if (++life_changes != life_turn)
		return 0;
	snprintf(life_failed, sizeof(life_failed), "%s of %s", what, path);
	errno = (int[]){EIO, ENOSPC, EMFILE}[life_turn % 3];
	return -1;
}

static void test_each_change_of_the_disk_fails_once(void **context)
{
	(void)context;
	audit_right = life_is_right;
	for (life_turn = 1; life_turn == 1 || life_changes >= life_turn - LIFE_STEP; life_turn += LIFE_STEP) {
		life_changes = 0;
		memset(life_promise, 0, life->promise_len);
		begin();
		fsx_hook = life_fail_once;
		life->live(disk);
		fsx_hook = NULL;
		if (!audit(disk, false))
			fail_msg("wrong after call %d failed: %s", life_turn, life_failed);
		end();
	}
	assert_true(life_turn > life->changes);
}

#endif
