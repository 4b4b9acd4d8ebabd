#include "base/process/thread_activity.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char told[8192];

static size_t tell(const struct thread_activity *board)
{
	struct buf out = BUF_INIT(sizeof(told) - 1);
	size_t count = thread_activity_tell(board, &out);

	snprintf(told, sizeof(told), "%s", buf_text(&out));
	buf_clear(&out);
	return count;
}

static void test_the_dead_have_left_word(void **unused)
{
	struct thread_activity *board = thread_activity_new(NULL);
	int status;
	pid_t pid;

	(void)unused;
	pid = fork();
	if (pid == 0) {
		thread_activity_use(board);
		thread_activity_who("smtp %s", "10.0.0.1");
		thread_activity_step("M\033AIL\n");
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(tell(board), 1);
	assert_string_equal(told, "smtp 10.0.0.1: M\\x1bAIL\\x0a\n");
	thread_activity_free(board);
}

static void test_who_is_connected(void **unused)
{
	struct thread_activity *board = thread_activity_new(NULL);
	struct thread_activity_note notes[2];
	int status;
	pid_t pid;

	(void)unused;
	assert_int_equal(thread_activity_read(NULL, notes, 2), 0);
	assert_int_equal(thread_activity_read(board, notes, 2), 0);
	pid = fork();
	if (pid == 0) {
		thread_activity_use(board);
		thread_activity_who("pop3 %s", "10.0.0.1");
		thread_activity_tls();
		thread_activity_login("iv\033an");
		thread_activity_command("RETR");
		thread_activity_wait();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(thread_activity_read(board, notes, 0), 0);
	assert_int_equal(thread_activity_read(board, notes, 2), 1);
	assert_string_equal(notes[0].who, "pop3 10.0.0.1");
	assert_string_equal(notes[0].login, "iv\\x1ban");
	assert_string_equal(notes[0].step, "RETR");
	assert_true(notes[0].has_tls && notes[0].waits);
	assert_true(notes[0].since > 0 && notes[0].heard > 0);
	assert_int_equal(tell(board), 1);
	assert_string_equal(told, "pop3 10.0.0.1 iv\\x1ban: RETR (waiting)\n");
	thread_activity_free(board);
}

static void *come_and_go(void *context)
{
	(void)context;
	thread_activity_who("a thread");
	thread_activity_end();
	thread_activity_step("never noted");
	return NULL;
}

static void *stay(void *context)
{
	thread_activity_who("thread %d", *(int *)context);
	thread_activity_wait();
	return NULL;
}

static void test_those_at_work_come_first_and_lines_are_bounded(void **unused)
{
	struct thread_activity *board = thread_activity_new(NULL);
	pthread_t thread;

	(void)unused;
	thread_activity_use(board);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(pthread_create(&thread, NULL, i < 1500 ? come_and_go : stay, &i), 0);
		pthread_join(thread, NULL);
	}
	assert_int_equal(tell(board), 1024);
	thread_activity_use(NULL);
	thread_activity_who("nobody");
	thread_activity_step("nothing");
	thread_activity_end();
	thread_activity_free(board);

	board = thread_activity_new(NULL);
	thread_activity_use(board);
	for (int i = 0; i < 30; i++) {
		assert_int_equal(pthread_create(&thread, NULL, stay, &i), 0);
		pthread_join(thread, NULL);
	}
	thread_activity_who("me");
	assert_int_equal(tell(board), 31);
	assert_ptr_equal(strstr(told, "me\nthread 0 (waiting)\n"), told);
	assert_non_null(strstr(told, "thread 18 (waiting)\n"));
	assert_null(strstr(told, "thread 19"));
	thread_activity_use(NULL);
	thread_activity_free(board);
}

/* The writer may be another program, and compromised. */
static void test_a_hostile_writer_does_no_harm(void **unused)
{
	static struct thread_activity_note notes[THREAD_ACTIVITY_PLACES];
	struct thread_activity *board, *its;
	char *bytes;
	size_t count;
	int fd;

	(void)unused;
	board = thread_activity_new(&fd);
	its = thread_activity_open(fd);
	assert_non_null(its);
	assert_int_equal(ftruncate(fd, 0), -1); /* reading would crash the reader */
	thread_activity_use(its);
	thread_activity_who("smtp %s", "\033[31m");
	assert_int_equal(tell(board), 1);
	assert_null(strchr(told, '\033'));
	bytes = (char *)its;
	memset(bytes, 1, (size_t)lseek(fd, 0, SEEK_END)); /* all places at work, no text with an end */
	count = thread_activity_read(board, notes, THREAD_ACTIVITY_PLACES);
	for (size_t i = 0; i < count; i++)
		assert_true(strlen(notes[i].who) < THREAD_ACTIVITY_TEXT_MAX && strlen(notes[i].step) < THREAD_ACTIVITY_TEXT_MAX);
	tell(board);
	thread_activity_use(NULL);
	thread_activity_free(its);
	thread_activity_free(board);
	close(fd);
	assert_null(thread_activity_open(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_dead_have_left_word),
	    cmocka_unit_test(test_who_is_connected),
	    cmocka_unit_test(test_a_hostile_writer_does_no_harm),
	    cmocka_unit_test(test_those_at_work_come_first_and_lines_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
