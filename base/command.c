#include "base/command.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void run_child(const char *text, int output)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (dup2(output, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", text, (char *)NULL);
	_exit(127);
}

/* Reads until the end of output or the deadline; returns false at the deadline. */
static bool drain(int fd, struct buf *output, int64_t deadline)
{
	char chunk[1024];

	for (;;) {
		struct pollfd waiting = {.fd = fd, .events = POLLIN};
		int left = clock_left_ms(deadline);
		ssize_t got;

		if (left == 0)
			return false;
		if (poll(&waiting, 1, left) <= 0)
			continue;
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		buf_append(output, chunk, (size_t)got);
	}
}

/* A command may close its output and live on. */
static bool reap(pid_t pid, int64_t deadline, int *status)
{
	while (waitpid(pid, status, WNOHANG) == 0) {
		if (clock_left_ms(deadline) == 0)
			return false;
		poll(NULL, 0, 20);
	}
	return true;
}

int command_run(const char *text, int seconds, struct buf *output, int *status,
    struct error *error)
{
	int64_t deadline = clock_now_ms() + (int64_t)seconds * 1000;
	int pipes[2], state = 0;
	pid_t pid;
	bool in_time;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return error_errno(error, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		error_errno(error, "cannot start a process");
		close(pipes[0]);
		close(pipes[1]);
		return -1;
	}
	if (pid == 0)
		run_child(text, pipes[1]);
	close(pipes[1]);
	in_time = drain(pipes[0], output, deadline) && reap(pid, deadline, &state);
	close(pipes[0]);
	if (!in_time) {
		kill(-pid, SIGKILL);
		kill(pid, SIGKILL);
		waitpid(pid, &state, 0);
		return error_set(error, ERROR_TEMPORARY, "command did not end in %d seconds", seconds);
	}
	*status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
	return 0;
}
