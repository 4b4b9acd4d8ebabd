#include "gateway/services/auth_config_child.h"

#include "base/clock.h"
#include "base/i18n.h"
#include "base/net/pass_fd.h"
#include "base/process/sealed.h"
#include "gateway/process/child.h"
#include "lan-server/login/auth_wire.h"
#include "lan-server/login/certificate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define WAIT_MS 10000
#define KEY_MAX 32768

struct job {
	const struct conf *conf;
	const char *salt_key;
	struct slice notes;
};

/* --- in the child, whose exit removes everything from memory */

static int make(const struct job *job, struct error *error)
{
	struct buf chain = BUF_INIT(AUTH_ANSWER_MAX), key = BUF_INIT(KEY_MAX), text = BUF_INIT(AUTH_CONFIG_MAX);
	struct auth_config_more more = {.salt_key = job->salt_key, .notes = job->notes};
	struct error problem;

	if (certificate_make(job->conf, &problem) != 0 || certificate_files(job->conf, &chain, &key, &problem) != 0)
		more.tls = (struct auth_config_tls){.problem = slice_of(problem.phrase)};
	else
		more.tls = (struct auth_config_tls){.chain = buf_slice(&chain), .key = buf_slice(&key)};
	auth_config_write(job->conf, &more, &text);
	if (text.overflow)
		return error_set(error, ERROR_LIMIT, N_("too many users"));
	return sealed_new("lanpost-logins", buf_slice(&text), error);
}

static int run(void *context, int event_fd)
{
	struct error error = ERROR_INIT;
	int fd = make(context, &error);

	if (fd < 0)
		return send(event_fd, &error, sizeof(error), MSG_NOSIGNAL) == sizeof(error) ? 0 : 1;
	return pass_fd_send(event_fd, SLICE_LITERAL("v"), fd, MSG_NOSIGNAL) == 1 ? 0 : 1;
}

/* --- in the supervisor */

static int receive(int from, struct error *error)
{
	struct pollfd ready = {.fd = from, .events = POLLIN};
	int64_t deadline = clock_now_ms() + WAIT_MS;
	struct error told;
	ssize_t got = -1;
	bool cut;
	int fd = -1;

	while (poll(&ready, 1, clock_left_ms(deadline)) < 0 && errno == EINTR)
		;
	if (ready.revents != 0)
		got = pass_fd_receive(from, (char *)&told, sizeof(told), &fd, &cut);
	if (fd < 0 && got == sizeof(told))
		*error = told;
	else if (fd < 0)
		error_set(error, ERROR_TEMPORARY, N_("the %s process does not answer"), "view");
	return fd;
}

int auth_config_make(const struct conf *conf, const char salt_key[AUTH_SALT_KEY_LEN], struct slice notes, struct error *error)
{
	struct job job = {conf, salt_key, notes};
	struct child child;
	int fd;

	if (child_start(&child, "view", run, &job, error) != 0)
		return -1;
	fd = receive(child.fd, error);
	kill(child.pid, SIGKILL); /* its work is done */
	while (waitpid(child.pid, NULL, 0) < 0 && errno == EINTR)
		;
	child_gone(&child);
	return fd;
}
