#include "gateway/child.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/log.h"
#include "gateway/sandbox.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The supervisor has one thread; this list is its own. */
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

static void become_child(const char *name, pid_t parent, struct doing *doing)
{
	sigset_t none;

	/* If the supervisor dies the ports must be free for the next one at once; the spool stands any death. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	for (size_t i = 0; i < private_count; i++)
		close(private_fds[i]);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NAME, name); /* for `ps` */
	log_process(name);
	doing_use(doing);
	sandbox_children();
}

int child_start(struct child *child, const char *name, child_fn fn, void *context,
    struct error *error)
{
	int pair[2];
	pid_t parent = getpid(), pid;
	struct doing *doing;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_errno(error, N_("cannot make a socket pair"));
	doing = doing_new();
	pid = fork();
	if (pid < 0) {
		error_errno(error, N_("cannot start the %s process"), name);
		close(pair[0]);
		close(pair[1]);
		doing_free(doing);
		return -1;
	}
	if (pid == 0) {
		become_child(name, parent, doing);
		close(pair[0]);
		/* _exit: what the parent had buffered or registered is not the child's. */
		_exit(fn(context, pair[1]));
	}
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*child = (struct child){.name = name, .pid = pid, .fd = pair[0], .started = clock_now_ms(), .doing = doing};
	ctl_reader_init(&child->reader, pair[0]);
	child_close_in_children(pair[0]);
	log_debug("event=child-started name=%s pid=%d", name, (int)pid);
	return 0;
}

void child_gone(struct child *child)
{
	if (child->fd >= 0) {
		ctl_reader_clear(&child->reader);
		child_closed(child->fd);
		close(child->fd);
	}
	doing_free(child->doing);
	*child = (struct child){.name = child->name, .fd = -1};
}
