#include "ui-tui/wizard/start.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/process/service_user.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/control_client.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_MS 15000

bool start_is_service(const struct cli *cli)
{
	static const char *const units[] = {
	    "/usr/lib/systemd/system/lanpost.service",
	    "/usr/local/lib/systemd/system/lanpost.service",
	    "/etc/systemd/system/lanpost.service",
	};

	if (access("/run/systemd/system", F_OK) != 0 || strcmp(cli->config, LANPOST_SYSCONFDIR "/lanpost/lanpost.conf") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (access(units[i], F_OK) == 0)
			return true;
	return false;
}

/* lanpostd beside this program; "lanpostd" for the path to find if that is not there. */
static char *daemon_path(void)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 8);

	while (len > 0 && self[len - 1] != '/')
		len--;
	for (size_t i = 0; len > 1 && i < 2; i++) {
		char *path = i == 0 ? xasprintf("%.*s/lanpostd", (int)len - 1, self)
				    : xasprintf("%.*s/../sbin/lanpostd", (int)len - 1, self);

		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return xstrdup("lanpostd");
}

/* Its output goes to a temporary file; the log is written to [log] file. */
static pid_t start_daemon(const struct cli *cli, int words)
{
	char *path = daemon_path();
	pid_t pid = fork();

	if (pid == 0) {
		service_user_pause(); /* root binds the ports, and lanpostd switches the user itself */
		setsid();
		if (words >= 0)
			dup2(words, STDERR_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp(path, "lanpostd", "-c", cli->config, (char *)NULL);
		_exit(127);
	}
	free(path);
	return pid;
}

/* The reason in the last line of its log. */
static int tell_why(int words)
{
	char bytes[4096];
	const off_t room = sizeof(bytes) - 1;
	off_t size = words < 0 ? 0 : lseek(words, 0, SEEK_END), from = size > room ? size - room : 0;
	ssize_t got = words < 0 ? 0 : pread(words, bytes, sizeof(bytes) - 1, from);
	struct slice text = slice_trim(slice_make(bytes, got > 0 ? (size_t)got : 0));

	for (ptrdiff_t end; (end = slice_find(text, '\n')) >= 0;)
		text = slice_from(text, (size_t)end + 1);
	return cli_fail(CLI_FAILED, _("the gateway did not start: %.*s"), SLICE_PRINT(text));
}

static int wait_for(const struct conf *conf, pid_t pid, int words)
{
	int64_t deadline = clock_now_ms() + START_MS;

	while (control_client_gateway_pid(conf) == 0) {
		if (waitpid(pid, NULL, WNOHANG) == pid || clock_left_ms(deadline) == 0)
			return tell_why(words);
		poll(NULL, 0, 50);
	}
	return CLI_DONE;
}

static int run_systemctl(const char *verb)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		service_user_pause();
		execlp("systemctl", "systemctl", verb, "lanpost", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		return cli_fail(CLI_FAILED, _("systemctl %s lanpost failed: see journalctl -u lanpost"), verb);
	return CLI_DONE;
}

int start_at_boot(void)
{
	return run_systemctl("enable");
}

static int start_directly(const struct cli *cli)
{
	struct conf *conf = cli_conf(cli);
	int words, result;
	pid_t pid;

	if (conf == NULL)
		return CLI_FAILED;
	words = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	pid = start_daemon(cli, words);
	result = pid < 0 ? cli_fail(CLI_FAILED, _("cannot start a process")) : wait_for(conf, pid, words);
	if (words >= 0)
		close(words);
	conf_free(conf);
	return result;
}

int start_gateway(void *context)
{
	const struct cli *cli = context;
	int result = start_is_service(cli) ? run_systemctl("start") : start_directly(cli);

	if (result == CLI_DONE)
		puts(_("the gateway is running"));
	return result;
}
