/* What a process in a sandbox can do, and what not. Each attempt in a separate process, since there is no way back. */
#include "gateway/process/sandbox.h"

#include "base/alloc.h"
#include "tests/unit/remove_tree.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <net/if.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char spool[] = "/tmp/test_sandbox.XXXXXX";
static char outside[] = "/tmp/test_sandbox_outside.XXXXXX";

#define KILLED 99

/* The exit code of the action in the sandbox; KILLED if the kernel ended it. */
static int within(unsigned may, int (*try)(void))
{
	const char *const writes[] = {spool, "", NULL};
	const char *const reads[] = {"/does/not/exist", NULL};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		sandbox_enter(&(struct sandbox){.may = may, .reads = reads, .writes = writes});
		_exit(try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGSYS);
		return KILLED;
	}
	return WEXITSTATUS(status);
}

/* The kernel's, 0: none. What it does not bind cannot be tried. */
static long landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version < 0 ? 0 : version;
}

static int write_to(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	free(path);
	return fd < 0;
}

/* --- allowed actions: 0 if they work */

static int write_in_spool(void)
{
	char *from = xasprintf("%s/a", spool), *to = xasprintf("%s/b", spool);
	int result = write_to(spool, "a") + (link(from, to) != 0) + (unlink(from) != 0);

	free(from);
	free(to);
	return result;
}

static int write_to_null(void)
{
	return open("/dev/null", O_WRONLY) < 0;
}

static int convert(void)
{
	return iconv_open("UTF-8", "KOI8-R") == (iconv_t)-1 || iconv_open("UTF-8", "ISO-2022-JP") == (iconv_t)-1;
}

static void *thread_main(void *context)
{
	*(int *)context = 1;
	return NULL;
}

static int start_a_thread(void)
{
	pthread_t thread;
	int done = 0;

	return pthread_create(&thread, NULL, thread_main, &done) != 0 || pthread_join(thread, NULL) != 0 || done == 0;
}

static int make_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0;
}

static int find_a_zone(void)
{
	return if_nametoindex("lo") == 0;
}

static void test_what_is_left(void **state)
{
	(void)state;
	assert_int_equal(within(SANDBOX_FILES, write_in_spool), 0);
	assert_int_equal(within(SANDBOX_FILES, write_to_null), 0);
	assert_int_equal(within(SANDBOX_FILES, convert), 0);
	assert_int_equal(within(SANDBOX_FILES, start_a_thread), 0);
	assert_int_equal(within(0, start_a_thread), 0);
	assert_int_equal(within(SANDBOX_CONNECT, make_a_socket), 0);
	assert_int_equal(within(SANDBOX_CONNECT, find_a_zone), 0);
}

/* --- forbidden actions: 0 if they fail */

static int write_outside(void)
{
	return write_to(outside, "x") == 0;
}

static int read_outside(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static int list_outside(void)
{
	return open(outside, O_RDONLY | O_DIRECTORY) >= 0;
}

static int read_in_spool(void)
{
	return open(spool, O_RDONLY) >= 0;
}

static int change_mode(void)
{
	return chmod(spool, 0777) == 0;
}

static int signal_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static int listen_somewhere(void)
{
	return listen(0, 1) == 0 || errno != ENOSYS;
}

static int connect_unix(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return fd >= 0;
}

static int write_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int make_code(void)
{
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0;
}

static int reach_abstract_socket(void)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0lanpost-test-sandbox"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (const struct sockaddr *)&name, (socklen_t)(sizeof(sa_family_t) + sizeof("lanpost-test-sandbox"))) == 0;
}

static void test_what_is_gone(void **state)
{
	(void)state;
	if (landlock_version() >= 2) {
		assert_int_equal(within(SANDBOX_FILES, write_outside), 0);
		assert_int_equal(within(SANDBOX_FILES, read_outside), 0);
		assert_int_equal(within(SANDBOX_FILES, list_outside), 0);
	}
	assert_int_equal(within(0, read_in_spool), 0);
	assert_int_equal(within(SANDBOX_FILES, change_mode), 0);
	assert_int_equal(within(SANDBOX_FILES, signal_parent), 0);
	assert_int_equal(within(SANDBOX_CONNECT, signal_parent), 0);
	assert_int_equal(within(SANDBOX_FILES | SANDBOX_ACCEPT, make_a_socket), 1);
	assert_int_equal(within(SANDBOX_FILES | SANDBOX_ACCEPT, connect_unix), 0);
	assert_int_equal(within(SANDBOX_FILES | SANDBOX_ACCEPT | SANDBOX_CONNECT, listen_somewhere), 0);
	assert_int_equal(within(SANDBOX_FILES, write_code), 0);
	assert_int_equal(within(SANDBOX_FILES, make_code), 0);
}

static void test_abstract_sockets(void **state)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0lanpost-test-sandbox"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	if (landlock_version() < 6)
		skip();
	assert_int_equal(bind(fd, (const struct sockaddr *)&name, (socklen_t)(sizeof(sa_family_t) + sizeof("lanpost-test-sandbox"))), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(within(SANDBOX_CONNECT, reach_abstract_socket), 0);
	close(fd);
}

/* --- what ends the process */

static int run_a_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 0;
}

static int start_a_process(void)
{
	return fork() >= 0 ? 0 : 1;
}

static int look_into_parent(void)
{
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
	return 0;
}

static int use_io_uring(void)
{
	syscall(SYS_io_uring_setup, 1, NULL);
	return 0;
}

static void test_what_is_deadly(void **state)
{
	(void)state;
#if defined(LANPOST_SANITIZED)
	skip();
#endif
	assert_int_equal(within(SANDBOX_FILES, run_a_program), KILLED);
	assert_int_equal(within(SANDBOX_CONNECT, look_into_parent), KILLED);
	assert_int_equal(within(SANDBOX_FILES, use_io_uring), KILLED);
	/* The C library forks by clone, which threads need, too. */
	assert_int_equal(within(SANDBOX_FILES, start_a_process), 1);
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(spool) != NULL && mkdtemp(outside) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_tree(spool) | remove_tree(outside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_left),
	    cmocka_unit_test(test_what_is_gone),
	    cmocka_unit_test(test_abstract_sockets),
	    cmocka_unit_test(test_what_is_deadly),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
