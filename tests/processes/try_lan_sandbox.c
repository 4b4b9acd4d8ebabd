/*
 * Actions of an attacker who has taken over the LAN server. Enters its sandbox for a running gateway, and prints the
 * result of each attempt: "NAME done", "NAME refused" or "NAME ended" (the kernel ended the process). Each attempt is a
 * separate process.
 *
 * usage: try_lan_sandbox SPOOL CONFIG PORT
 */
#include "base/alloc.h"
#include "gateway/services/lan_sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *spool, *config;
static uint16_t port;

/* Each returns whether it worked. */

static bool opens(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600) >= 0;
}

static bool opens_in_spool(const char *name, int flags)
{
	char *path = xasprintf("%s/%s", spool, name);
	bool opened = opens(path, flags);

	free(path);
	return opened;
}

static bool read_configuration(void)
{
	return opens(config, O_RDONLY);
}

static bool list_configuration(void)
{
	char *folder = xstrndup(config, (size_t)(strrchr(config, '/') - config));
	bool opened = opens(folder, O_RDONLY | O_DIRECTORY);

	free(folder);
	return opened;
}

static bool chmod_configuration(void)
{
	return chmod(config, 0666) == 0;
}

static bool write_configuration(void)
{
	return opens(config, O_WRONLY | O_APPEND);
}

static bool remove_configuration(void)
{
	return unlink(config) == 0;
}

static bool read_passwd(void)
{
	return opens("/etc/passwd", O_RDONLY);
}

static bool write_outside(void)
{
	return opens("/tmp/lanpost-was-here", O_WRONLY | O_CREAT);
}

static bool write_in_the_spool(void)
{
	return opens_in_spool("lanpost-was-here", O_WRONLY | O_CREAT);
}

static bool read_what_was_fetched(void)
{
	return opens_in_spool("seen.db", O_RDONLY);
}

static bool remove_control_socket(void)
{
	char *path = xasprintf("%s/control.sock", spool);

	return unlink(path) == 0;
}

static bool connect_tcp(void)
{
	const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool listen_tcp(void)
{
	const struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;
}

static bool connect_control_socket(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s/control.sock", spool);
	return connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool signal_another(void)
{
	return kill(getppid(), 0) == 0;
}

static bool look_into_another(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool read_the_memory_of_another(void)
{
	char *path = xasprintf("/proc/%d/mem", (int)getppid());

	return opens(path, O_RDONLY);
}

static bool run_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return false;
}

static bool fork_another(void)
{
	return fork() >= 0;
}

static bool write_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

/* Actions that must work. */
static bool read_and_write_mail(void)
{
	return opens_in_spool("mailboxes/postmaster/tmp/try", O_RDWR | O_CREAT) && opens_in_spool("queue/active", O_RDONLY | O_DIRECTORY) &&
	       opens_in_spool("wal/try", O_RDWR | O_CREAT) && opens_in_spool("state.db-wal", O_RDWR);
}

#define TRY(name) {#name, name}
static const struct {
	const char *name;
	bool (*try)(void);
} tries[] = {
    TRY(read_and_write_mail), TRY(read_configuration), TRY(list_configuration), TRY(chmod_configuration), TRY(write_configuration),
    TRY(remove_configuration), TRY(read_passwd), TRY(write_outside), TRY(write_in_the_spool), TRY(read_what_was_fetched),
    TRY(remove_control_socket), TRY(connect_tcp), TRY(listen_tcp), TRY(connect_control_socket), TRY(signal_another), TRY(look_into_another),
    TRY(read_the_memory_of_another), TRY(run_a_program), TRY(fork_another), TRY(write_code),
};

static const char *outcome(bool (*try)(void), const struct conf *conf)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		lan_sandbox_enter(conf);
		_exit(try() ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return "unknown";
	return WIFSIGNALED(status) ? "ended" : WEXITSTATUS(status) == 0 ? "done" : "refused";
}

int main(int argc, char **argv)
{
	struct conf conf = {.lan = {.tls_cert = "", .tls_key = "", .max_sessions = 1000}, .log = {.file = ""}};

	if (argc != 4)
		return 2;
	spool = argv[1];
	config = argv[2];
	port = (uint16_t)strtoul(argv[3], NULL, 10);
	conf.gateway.spool = argv[1];
	for (size_t i = 0; i < ARRAY_LEN(tries); i++)
		printf("%s %s\n", tries[i].name, outcome(tries[i].try, &conf));
	return 0;
}
