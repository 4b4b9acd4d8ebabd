/* How the supervisor handles a broken child: it sends an invalid event, closes its socket, or does not end. */
#include "gateway/process/child.h"

#include "base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SOON_MS 20000

static int say_and_stay(void *context, int event_fd)
{
	const char *text = context;

	send(event_fd, text, strlen(text), MSG_NOSIGNAL);
	while (pause() < 0)
		;
	return 0;
}

static int hang_up_and_stay(void *context, int event_fd)
{
	close(event_fd);
	return say_and_stay(context, event_fd);
}

static int end_well(void *context, int event_fd)
{
	(void)context;
	(void)event_fd;
	return 7;
}

static int stay_whatever_comes(void *context, int event_fd)
{
	signal(SIGTERM, SIG_IGN);
	return say_and_stay(context, event_fd);
}

static struct child started(child_fn fn, char *text)
{
	struct child child;
	struct error error;

	assert_int_equal(child_start(&child, "test", fn, text, &error), 0);
	return child;
}

/* Reads events as the supervisor does, until there is one or the end. */
static bool event_comes(struct child *child)
{
	int64_t deadline = clock_now_ms() + SOON_MS;
	json_t *object;

	while (clock_left_ms(deadline) > 0) {
		struct pollfd ready = {.fd = child_poll_fd(child), .events = POLLIN};

		if (child_take_event(child, &object)) {
			json_decref(object);
			return true;
		}
		if (child->is_broken)
			return false;
		poll(&ready, 1, clock_left_ms(deadline));
	}
	fail_msg("nothing comes");
	return false;
}

static void assert_ends(struct child *child, bool is_killed)
{
	int status;

	child_end_broken(child);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_true(is_killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : WIFEXITED(status) && WEXITSTATUS(status) == 7);
	child_gone(child);
	assert_int_equal(child->fd, -1);
}

static void test_one_that_says_no_events_is_ended(void **state)
{
	char text[] = "{\"event\": \"good\"}\nwhatever\n{\"event\": \"late\"}\n";
	struct child child = started(say_and_stay, text);

	(void)state;
	assert_true(event_comes(&child));
	assert_false(event_comes(&child));
	assert_int_equal(child_poll_fd(&child), -1); /* no busy loop */
	assert_false(event_comes(&child));
	assert_ends(&child, true);
}

static void test_one_that_hangs_up_is_ended(void **state)
{
	char text[] = "";
	struct child child = started(hang_up_and_stay, text);

	(void)state;
	assert_false(event_comes(&child));
	assert_ends(&child, true);
}

/* As a compromised one could: another process has its socket, and sends for ever. */
static int leave_a_talker(void *context, int event_fd)
{
	const char *text = context;

	if (fork() != 0)
		return 7;
	prctl(PR_SET_PDEATHSIG, 0);
	while (send(event_fd, text, strlen(text), MSG_NOSIGNAL) > 0)
		;
	_exit(0);
}

static void test_events_end_with_their_process(void **state)
{
	char text[] = "{\"event\": \"noise\"}\n";
	struct child child = started(leave_a_talker, text);
	int64_t deadline = clock_now_ms() + SOON_MS;
	json_t *object;
	int status;

	(void)state;
	assert_true(event_comes(&child));
	assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
	child_take_no_more(&child);
	while (child_take_event(&child, &object)) {
		json_decref(object);
		assert_true(clock_left_ms(deadline) > 0);
	}
	assert_true(child.is_broken);
	child_gone(&child);
}

static void test_one_that_exits_is_not_killed(void **state)
{
	struct child child = started(end_well, NULL);

	(void)state;
	assert_false(event_comes(&child));
	assert_ends(&child, false);
}

static void test_one_that_does_not_end_is_not_waited_for(void **state)
{
	char text[] = "{}\n";
	struct child child = started(stay_whatever_comes, text);
	pid_t pid = child.pid;
	int64_t begun;

	(void)state;
	assert_true(event_comes(&child)); /* it has set its signals */
	begun = clock_now_ms();
	child_end(&child, 50);
	assert_in_range(clock_now_ms() - begun, 50, SOON_MS);
	assert_int_equal(child.pid, 0);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_that_says_no_events_is_ended),
	    cmocka_unit_test(test_one_that_hangs_up_is_ended),
	    cmocka_unit_test(test_events_end_with_their_process),
	    cmocka_unit_test(test_one_that_exits_is_not_killed),
	    cmocka_unit_test(test_one_that_does_not_end_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
