#include "gateway/process/helper.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/process/thread_activity.h"
#include "base/net/frame.h"
#include "base/i18n.h"
#include "base/log.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MS 60000 /* a machine that swaps may need this long for a fork */
#define REAP_MS 1000
#define STOP_MS 5000 /* a helper that hangs does not delay the session */
#define STOP_LOOK_MS 5

enum { ASK_BEGIN = 1, ASK_KILL, SAY_DONE, SAY_NOT };

/* --- in the helper */

struct worker {
	uint32_t id;
	pid_t pid;
};

struct hub {
	const struct helper_job *job;
	int fd;
	struct worker *workers;
	size_t count;
};

static void stay(int signal_number)
{
	(void)signal_number;
}

static int by_number(const void *a, const void *b)
{
	const int *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

/* Values below 0 are ignored. Standard input, output and error stay. */
static void close_all_but(int *kept, size_t count)
{
	unsigned from = STDERR_FILENO + 1;

	qsort(kept, count, sizeof(*kept), by_number);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < (int)from)
			continue;
		if ((unsigned)kept[i] > from)
			close_range(from, (unsigned)kept[i] - 1, 0);
		from = (unsigned)kept[i] + 1;
	}
	close_range(from, ~0u, 0);
}

/* A stop of the service may signal all processes, while the session still needs this one: the session ends it. (The signal
 * is not ignored: programs that we run would inherit that.) */
static void settle_in(const char *name)
{
	const struct sigaction action = {.sa_handler = stay, .sa_flags = SA_RESTART};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	prctl(PR_SET_NAME, name);
	log_process(name);
	thread_activity_use(NULL);
}

/* A worker that died by a signal that we did not send has crashed. */
static void reap(struct hub *hub)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < hub->count; i++)
			if (hub->workers[i].pid == pid)
				hub->workers[i] = hub->workers[--hub->count];
		if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
			log_warnx("event=worker-died process=%s signal=%d", hub->job->name, WTERMSIG(status));
	}
}

static void kill_worker(struct hub *hub, uint32_t id)
{
	for (size_t i = 0; i < hub->count; i++)
		if (hub->workers[i].id == id)
			kill(hub->workers[i].pid, SIGKILL);
}

static void become_worker(struct hub *hub, int fd, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(hub->fd);
	free(hub->workers);
	hub->job->serve(hub->job->context, fd);
	_exit(0);
}

static bool begin_worker(struct hub *hub, uint32_t id, int fd)
{
	pid_t parent = getpid(), pid;

	if (hub->count >= hub->job->most)
		return false;
	pid = fork();
	if (pid == 0)
		become_worker(hub, fd, parent);
	if (pid < 0) {
		log_warn("event=worker-not-started process=%s", hub->job->name);
		return false;
	}
	ARRAY_GROW(hub->workers, hub->count);
	hub->workers[hub->count++] = (struct worker){id, pid};
	return true;
}

/* Returns false when the session is gone. */
static bool attend(struct hub *hub, struct buf *body)
{
	const struct frame_wait wait = {.deadline = INT64_MAX};
	uint32_t kind, id;
	bool done = true;
	int fd;

	if (frame_receive(hub->fd, &kind, body, &fd, wait) != FRAME_OK || body->len != sizeof(id))
		return false;
	memcpy(&id, body->ptr, sizeof(id));
	if (kind == ASK_KILL)
		kill_worker(hub, id);
	else
		done = kind == ASK_BEGIN && fd >= 0 && begin_worker(hub, id, fd);
	if (fd >= 0)
		close(fd);
	return frame_send(hub->fd, &(struct frame){.kind = done ? SAY_DONE : SAY_NOT}, wait) == FRAME_OK;
}

static void run(struct hub *hub)
{
	struct buf body = BUF_INIT(FRAME_HEAD + sizeof(uint32_t));
	struct pollfd waiting = {.fd = hub->fd, .events = POLLIN};

	if (hub->job->begin != NULL)
		hub->job->begin(hub->job->context);
	for (;;) {
		int ready = poll(&waiting, 1, hub->count > 0 ? REAP_MS : -1);

		reap(hub);
		if (ready > 0 && !attend(hub, &body))
			break;
	}
	for (size_t i = 0; i < hub->count; i++)
		kill(hub->workers[i].pid, SIGKILL);
	_exit(0);
}

/* --- in the session */

int helper_start(struct helper *helper, const struct helper_job *job, struct error *error)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	*helper = (struct helper){.name = job->name, .fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (frame_pair(pair, error) != 0)
		return -1;
	pid = fork();
	if (pid < 0) {
		error_errno(error, N_("cannot start the %s process"), job->name);
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0) {
		struct hub hub = {.job = job, .fd = pair[1]};
		int kept[1 + LOG_DESCRIPTORS] = {pair[1]};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		log_descriptors(kept + 1);
		close_all_but(kept, ARRAY_LEN(kept));
		settle_in(job->name);
		run(&hub);
	}
	close(pair[1]);
	helper->pid = pid;
	helper->fd = pair[0];
	return 0;
}

/* Reported once per session. */
static int gone(struct helper *helper, struct error *error)
{
	if (!helper->is_gone)
		log_warnx("event=process-gone process=%s", helper->name);
	helper->is_gone = true;
	return error_set(error, ERROR_IO,
	    N_("the process \"%s\" of this session has exited (see the log); the next session "
	       "starts a new one"), helper->name);
}

static int ask(struct helper *helper, uint32_t what, uint32_t id, int fd, struct error *error)
{
	const struct frame_wait wait = {.deadline = clock_now_ms() + ANSWER_MS};
	const struct slice part = {(const char *)&id, sizeof(id)};
	struct buf body = BUF_INIT(FRAME_HEAD);
	uint32_t kind;
	int result = 0;

	if (helper->is_gone || frame_send(helper->fd, &(struct frame){.kind = what, .parts = &part, .count = 1, .passed = fd}, wait) != FRAME_OK ||
	    frame_receive(helper->fd, &kind, &body, NULL, wait) != FRAME_OK)
		result = gone(helper, error);
	else if (kind != SAY_DONE)
		result = error_set(error, ERROR_TEMPORARY, N_("cannot start the %s process"), helper->name);
	buf_clear(&body);
	return result;
}

int helper_converse(struct helper *helper, struct conversation *conversation, struct error *error)
{
	int pair[2], result;

	*conversation = (struct conversation)CONVERSATION_NONE;
	if (frame_pair(pair, error) != 0)
		return -1;
	pthread_mutex_lock(&helper->lock);
	conversation->id = ++helper->last;
	result = ask(helper, ASK_BEGIN, conversation->id, pair[1], error);
	pthread_mutex_unlock(&helper->lock);
	close(pair[1]);
	if (result != 0)
		close(pair[0]);
	else
		conversation->fd = pair[0];
	return result;
}

void helper_hang_up(struct conversation *conversation)
{
	if (conversation->fd >= 0)
		close(conversation->fd);
	conversation->fd = -1;
}

void helper_kill(struct helper *helper, struct conversation *conversation)
{
	struct error ignored;

	if (conversation->fd < 0)
		return;
	helper_hang_up(conversation);
	pthread_mutex_lock(&helper->lock);
	ask(helper, ASK_KILL, conversation->id, -1, &ignored);
	pthread_mutex_unlock(&helper->lock);
}

void helper_stop(struct helper *helper)
{
	int64_t deadline = clock_now_ms() + STOP_MS;

	if (helper->pid == 0)
		return;
	close(helper->fd);
	while (waitpid(helper->pid, NULL, WNOHANG) == 0 && clock_left_ms(deadline) > 0)
		poll(NULL, 0, STOP_LOOK_MS);
	pthread_mutex_destroy(&helper->lock);
	helper->pid = 0;
}
