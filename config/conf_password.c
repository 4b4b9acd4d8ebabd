/*
 * Passwords of servers outside: configured, or printed by a command.
 *
 * The command runs in a process group of its own, which is killed when time is up, so that
 * nothing it started stays behind. The secret passes through a pipe only.
 */
#include "config/conf.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define COMMAND_MS 30000
#define SECRET_MAX 4096

void conf_secret_free(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* In the child: only calls that are safe after fork() in a process with threads. */
static void run_command(const char *command, int out)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(126);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static int start_command(const char *command, pid_t *child, int *out, struct error *error)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(error, "password_command: pipe");
	*child = fork();
	if (*child < 0) {
		error_errno(error, "password_command: fork");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (*child == 0)
		run_command(command, ends[1]);
	setpgid(*child, *child); /* also here: whoever comes first */
	close(ends[1]);
	*out = ends[0];
	return 0;
}

/* Reads up to a line end, the end of the output or the bound. Returns the length, -1 on error. */
static ssize_t read_first_line(int fd, char *line, int64_t deadline, struct error *error)
{
	size_t used = 0;

	while (used < SECRET_MAX && memchr(line, '\n', used) == NULL) {
		struct pollfd poller = {.fd = fd, .events = POLLIN};
		ssize_t got;

		if (clock_left_ms(deadline) == 0)
			return error_set(error, ERROR_TEMPORARY,
			    _("password_command did not finish within %d seconds"), COMMAND_MS / 1000);
		if (poll(&poller, 1, clock_left_ms(deadline)) <= 0)
			continue;
		got = read(fd, line + used, SECRET_MAX - used);
		if (got == 0)
			break;
		if (got > 0)
			used += (size_t)got;
		else if (errno != EINTR)
			return error_errno(error, "password_command");
	}
	return (ssize_t)used;
}

/* Waits until the deadline for the command to end by itself. Returns its status, -1 if it was killed. */
static int reap(pid_t child, int64_t deadline)
{
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		if (clock_left_ms(deadline) == 0) {
			kill(-child, SIGKILL);
			waitpid(child, &status, 0);
			return -1;
		}
		poll(NULL, 0, 10);
	}
	kill(-child, SIGKILL); /* what it may have left in the background */
	return status;
}

/* A command that would print more than its first line dies of SIGPIPE: that is no failure. */
static bool has_succeeded(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 128 + SIGPIPE;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE;
}

static int run_password_command(const char *command, char *line, char **secret, struct error *error)
{
	int64_t deadline = clock_now_ms() + COMMAND_MS;
	struct slice found;
	ssize_t len;
	pid_t child = -1;
	int out = -1, status;

	if (start_command(command, &child, &out, error) != 0)
		return -1;
	len = read_first_line(out, line, deadline, error);
	close(out);
	status = reap(child, len < 0 ? 0 : deadline);
	if (len < 0)
		return -1;
	found = slice_make(line, (size_t)len);
	found = slice_cut(&found, '\n');
	if (found.len > 0 && found.ptr[found.len - 1] == '\r')
		found.len--;
	if (status == -1)
		return error_set(error, ERROR_TEMPORARY,
		    _("password_command did not finish within %d seconds"), COMMAND_MS / 1000);
	if (!has_succeeded(status))
		return error_set(error, ERROR_CONFIG, _("password_command failed with exit code %d"),
		    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (found.len == 0 || found.len == SECRET_MAX || slice_find(found, '\0') >= 0)
		return error_set(error, ERROR_CONFIG,
		    _("password_command printed no password in its first line"));
	*secret = slice_dup(found);
	return 0;
}

int conf_remote_password(const struct conf_remote *remote, char **secret, struct error *error)
{
	char *line;
	int result;

	if (remote->password_command[0] == '\0') {
		*secret = xstrdup(remote->password);
		return 0;
	}
	line = xcalloc(1, SECRET_MAX);
	result = run_password_command(remote->password_command, line, secret, error);
	explicit_bzero(line, SECRET_MAX);
	free(line);
	return result;
}
