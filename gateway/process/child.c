#include "gateway/process/child.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/process/environment.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/process/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENDING_LOOK_MS 20

/* The supervisor has one thread; only it uses this list. */
static int *private_fds;
static size_t private_count;

void child_close_in_children(int fd)
{
	ARRAY_GROW(private_fds, private_count);
	private_fds[private_count++] = fd;
}

void child_closed(int fd)
{
	for (size_t i = 0; i < private_count; i++)
		if (private_fds[i] == fd) {
			private_fds[i] = private_fds[--private_count];
			return;
		}
}

static void become_child(const char *name, pid_t parent)
{
	sigset_t none;

	/* If the supervisor dies, the ports must be free for the next one at once; the spool survives the end
	 * of any process. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, name); /* for `ps` */
	log_process(name);
	sandbox_children();
}

static void close_private_fds(void)
{
	for (size_t i = 0; i < private_count; i++)
		close(private_fds[i]);
}

/* --- both kinds */

/* Sockets and memory for a new child. */
struct birth {
	int ours, its, thread_activity_fd;
	struct thread_activity *doing;
	pid_t parent;
};

static int prepare(struct birth *birth, struct error *error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	*birth = (struct birth){.ours = pair[0], .its = pair[1], .parent = getpid()};
	birth->doing = thread_activity_new(&birth->thread_activity_fd);
	return 0;
}

/* Called by the parent. pid: the result of fork(). */
static int finish(const struct birth *birth, struct child *child, const char *name, pid_t pid, struct error *error)
{
	if (pid < 0)
		error_errno(error, N_("cannot start the %s process"), name);
	close(birth->its);
	if (birth->thread_activity_fd >= 0)
		close(birth->thread_activity_fd);
	if (pid < 0) {
		close(birth->ours);
		thread_activity_free(birth->doing);
		return -1;
	}
	fcntl(birth->ours, F_SETFL, O_NONBLOCK);
	*child = (struct child){.name = name, .pid = pid, .fd = birth->ours, .started = clock_now_ms(), .doing = birth->doing};
	ctl_reader_init(&child->reader, birth->ours);
	child_close_in_children(birth->ours);
	log_debug("event=child-started name=%s pid=%d", name, (int)pid);
	return 0;
}

int child_start(struct child *child, const char *name, child_fn fn, void *context,
    struct error *error)
{
	struct birth birth;
	pid_t pid;

	if (prepare(&birth, error) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		become_child(name, birth.parent);
		close_private_fds();
		thread_activity_use(birth.doing);
		close(birth.ours);
		if (birth.thread_activity_fd >= 0)
			close(birth.thread_activity_fd); /* it has its own copy of the memory */
		/* _exit: the child must not flush the parent's buffers or run its exit handlers. */
		_exit(fn(context, birth.its));
	}
	return finish(&birth, child, name, pid, error);
}

/* --- programs */

static bool is_passed_on(const char *variable)
{
	static const char *const names[] = {"TZ=", "JOURNAL_STREAM=",
#if defined(LANPOST_SANITIZED)
	    "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=",
#endif
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strncmp(variable, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static char **small_environment(void)
{
	char **kept;
	size_t count = 0, all = 0;

	while (environ[all] != NULL)
		all++;
	kept = xcalloc(all + 1, sizeof(*kept));
	for (size_t i = 0; i < all; i++)
		if (is_passed_on(environ[i]) || environment_is_instrumented())
			kept[count++] = environ[i];
	return kept;
}

/* Moves the descriptors to the numbers that the program expects, and closes all others. Returns the descriptor of the
 * program itself. */
static int arrange(const struct birth *birth, const struct child_program *program)
{
	int count = CHILD_FDS + (int)program->fd_count, null = open("/dev/null", O_RDONLY);
	int *wanted = xcalloc((size_t)count + 1, sizeof(*wanted));

	wanted[CHILD_FD_EVENTS] = birth->its;
	wanted[CHILD_FD_DOING] = birth->thread_activity_fd;
	for (size_t i = 0; i < program->fd_count; i++)
		wanted[CHILD_FDS + i] = program->fds[i];
	wanted[count] = program->fd;
	/* First move them away: the target of one may be the number of another. */
	for (int i = CHILD_FD_EVENTS; i <= count; i++)
		wanted[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, count + 1);
	dup2(null, STDIN_FILENO);
	for (int i = CHILD_FD_EVENTS; i < count; i++)
		if (dup2(wanted[i], i) != i)
			_exit(CHILD_NOT_STARTED);
	dup3(wanted[count], count, O_CLOEXEC);
	closefrom(count + 1);
	return count;
}

static void run_program(const struct birth *birth, const struct child_program *program)
{
	int fd = arrange(birth, program);

	/* Nothing is logged: the log's descriptor may be a different file now. */
	fexecve(fd, (char *const *)program->arguments, small_environment());
	_exit(CHILD_NOT_STARTED);
}

int child_exec(struct child *child, const char *name, const struct child_program *program, struct error *error)
{
	struct birth birth;
	pid_t pid;

	if (prepare(&birth, error) != 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		become_child(name, birth.parent);
		run_program(&birth, program);
	}
	return finish(&birth, child, name, pid, error);
}

/* --- while it runs */

bool child_take_event(struct child *child, json_t **object)
{
	struct error error;
	int result;

	if (child->fd < 0 || child->is_broken)
		return false;
	result = ctl_read(&child->reader, object, 0, &error);
	child->is_broken = result != CTL_OBJECT && result != CTL_AGAIN;
	if (result < 0)
		log_warnx("event=child-broken name=%s reason=%s", child->name, LOG_ERROR(&error));
	return result == CTL_OBJECT;
}

void child_take_no_more(struct child *child)
{
	if (child->fd >= 0)
		shutdown(child->fd, SHUT_RD); /* what is in the socket stays readable */
}

int child_poll_fd(const struct child *child)
{
	return child->is_broken ? -1 : child->fd;
}

void child_wake(const struct child *child)
{
	if (child->fd >= 0 && send(child->fd, ".", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("event=child-not-woken name=%s", child->name);
}

void child_end_broken(struct child *child)
{
	if (child->is_broken && child->pid != 0)
		kill(child->pid, SIGKILL); /* no effect if the process is about to exit */
}

void child_end(struct child *child, int64_t patience_ms)
{
	int64_t deadline = clock_now_ms() + patience_ms;
	pid_t pid;

	kill(child->pid, SIGTERM);
	while ((pid = waitpid(child->pid, NULL, WNOHANG)) == 0 || (pid < 0 && errno == EINTR)) {
		if (clock_left_ms(deadline) == 0)
			kill(child->pid, SIGKILL);
		poll(NULL, 0, ENDING_LOOK_MS);
	}
	child_gone(child);
}

void child_gone(struct child *child)
{
	if (child->fd >= 0) {
		ctl_reader_clear(&child->reader);
		child_closed(child->fd);
		close(child->fd);
	}
	thread_activity_free(child->doing);
	*child = (struct child){.name = child->name, .fd = -1};
}
