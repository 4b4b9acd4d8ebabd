#include "ui-tui/screens/job.h"

#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX (1u << 20)
#define INPUT_PIPE_MAX 4096 /* the capacity of a pipe */

static void become_child(int (*fn)(void *), void *context, int in, int out)
{
	static const int numbers[] = {SIGTERM, SIGHUP, SIGINT, SIGPIPE};
	int result;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		signal(numbers[i], SIG_DFL);
	if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
		_exit(CLI_FAILED);
	setpgid(0, 0); /* so that its child processes can be ended with it */
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	result = fn(context);
	fflush(stdout);
	_exit(result);
}

static int input_pipe(const char *input)
{
	int ends[2];

	if (input == NULL || strlen(input) > INPUT_PIPE_MAX)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	if (write(ends[1], input, strlen(input)) < 0) { /* fits into an empty pipe */
		close(ends[0]);
		ends[0] = -1;
	}
	close(ends[1]);
	return ends[0];
}

struct job *job_start(int (*fn)(void *context), void *context, const char *input)
{
	int in = input_pipe(input), out[2] = {-1, -1};
	struct job *job = NULL;
	pid_t pid = -1;

	if (in >= 0 && pipe2(out, O_CLOEXEC) == 0) {
		fflush(NULL);
		pid = fork();
	}
	if (pid == 0)
		become_child(fn, context, in, out[1]);
	if (pid > 0) {
		job = xcalloc(1, sizeof(*job));
		*job = (struct job){.pid = pid, .fd = out[0], .output = BUF_INIT(OUTPUT_MAX), .exit = CLI_FAILED};
		fcntl(out[0], F_SETFL, O_NONBLOCK);
	} else if (out[0] >= 0) {
		close(out[0]);
	}
	if (out[1] >= 0)
		close(out[1]);
	if (in >= 0)
		close(in);
	return job;
}

static void job_ended(struct job *job)
{
	int status = 0;

	close(job->fd);
	job->fd = -1;
	while (waitpid(job->pid, &status, 0) < 0 && errno == EINTR)
		;
	job->exit = WIFEXITED(status) ? WEXITSTATUS(status) : CLI_FAILED;
}

void job_serve(struct job *job)
{
	char bytes[4096];

	while (job->fd >= 0) {
		ssize_t got = read(job->fd, bytes, sizeof(bytes));

		if (got > 0)
			buf_append(&job->output, bytes, (size_t)got); /* excessive output is not shown */
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			job_ended(job);
		else if (errno == EAGAIN)
			return;
	}
}

void job_free(struct job *job)
{
	if (job == NULL)
		return;
	if (job->fd >= 0) {
		kill(-job->pid, SIGTERM);
		kill(job->pid, SIGTERM);
		job_ended(job);
	}
	buf_clear(&job->output);
	free(job);
}

int job_run_verb(void *context)
{
	struct job_verb *verb = context;
	int count = verb->cli.count, result = CLI_DONE;

	if (!verb->each)
		return verb->run(&verb->cli);
	verb->cli.count = 1;
	for (int i = 0; i < count; i++, verb->cli.words++) {
		int one = verb->run(&verb->cli);

		if (i + 1 < count)
			puts("");
		result = one > result ? one : result;
	}
	return result;
}
