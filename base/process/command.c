#include "base/process/command.h"

#include "base/clock.h"
#include "base/process/environment.h"
#include "base/i18n.h"
#include "base/process/service_user.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define POLL_MS 10 /* the maximum delay until the end of a silent command is noticed */

/* The command gets only three descriptors and a small environment: a background process that it leaves would otherwise
 * hold connections open. */
static void run_child(const char *text, int output, char **environment)
{
	char *const words[] = {(char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c", (char *)(uintptr_t)text, NULL};
	sigset_t none;
	struct error ignored;
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	/* The gateway's commands do not run as root, also when root tests them. */
	if (service_user_settle(&ignored) == 0 && dup2(output, STDOUT_FILENO) >= 0) {
		closefrom(STDERR_FILENO + 1);
		execve("/bin/sh", words, environment);
	}
	_exit(127);
}

/* Reads the available output. Returns false at the end of the output or when the buffer is full. */
static bool read_some(int fd, struct buf *output)
{
	char chunk[1024];
	ssize_t got = read(fd, chunk, sizeof(chunk));
	bool more = got < 0 && (errno == EINTR || errno == EAGAIN);
	size_t room = output->limit - output->len;

	if (got > 0) {
		buf_append(output, chunk, (size_t)got < room ? (size_t)got : room);
		more = output->len < output->limit;
	}
	explicit_bzero(chunk, sizeof(chunk)); /* it may be a password */
	return more;
}

static bool is_cancelled(const atomic_bool *cancel)
{
	return cancel != NULL && atomic_load(cancel);
}

/* Waits until the command itself ends; background processes that it left do not count. Returns false at the
 * deadline or when cancelled. */
static bool attend(pid_t pid, int fd, struct buf *output, int64_t deadline, const atomic_bool *cancel,
    int *status)
{
	bool ended = false, reading = true;

	while (!ended || reading) {
		struct pollfd waiting = {.fd = reading ? fd : -1, .events = POLLIN};
		int ready;

		if (!ended && (clock_left_ms(deadline) == 0 || is_cancelled(cancel)))
			return false;
		ready = poll(&waiting, 1, ended ? 0 : POLL_MS);
		if (ready > 0)
			reading = read_some(fd, output);
		else if (ended)
			reading = false;
		if (!reading && fd >= 0) {
			close(fd); /* nobody reads the rest of the output */
			fd = -1;
		}
		ended = ended || waitpid(pid, status, WNOHANG) == pid;
	}
	return true;
}

/* A command that is killed by SIGPIPE because it printed too much has not failed. */
static int exit_code(int state, const struct buf *output)
{
	int code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);

	return code == 128 + SIGPIPE && output->len == output->limit ? 0 : code;
}

int command_run(const char *text, int seconds, const atomic_bool *cancel, struct buf *output, int *status,
    struct error *error)
{
	int64_t deadline = clock_now_ms() + (int64_t)seconds * 1000;
	char **environment;
	int pipes[2], state = 0;
	bool in_time;
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return error_errno(error, N_("cannot make a pipe"));
	environment = environment_for_command();
	pid = fork();
	if (pid == 0)
		run_child(text, pipes[1], environment);
	free(environment);
	if (pid < 0) {
		error_errno(error, N_("cannot start a process"));
		close(pipes[0]);
		close(pipes[1]);
		return -1;
	}
	setpgid(pid, pid); /* also here: either process may be the first */
	close(pipes[1]);
	in_time = attend(pid, pipes[0], output, deadline, cancel, &state);
	if (!in_time) {
		kill(-pid, SIGKILL);
		waitpid(pid, &state, 0);
		if (is_cancelled(cancel))
			return error_set(error, ERROR_CANCELLED, N_("the command was stopped"));
		return error_set(error, ERROR_TEMPORARY,
		    N_("the command did not finish within %d seconds"), seconds);
	}
	*status = exit_code(state, output);
	return 0;
}
