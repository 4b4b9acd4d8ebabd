/*
 * Landlock. Its constants are defined here if the C library's headers are older than the kernel.
 */
#include "gateway/process/sandbox.h"

#include "base/alloc.h"
#include "base/process/environment.h"
#include "base/log.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13) /* version 2 */
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14) /* 3 */
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0) /* 4 */
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#define RULE_NET_PORT 2 /* LANDLOCK_RULE_NET_PORT, an enumerator */
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15) /* 5 */
#endif
#ifndef LANDLOCK_SCOPE_SIGNAL
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* 6 */
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

#define READ_FOLDER (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Special files are never made. */
#define WRITE_FOLDER                                                                                                      \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                 \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)
#define MAKE_SPECIAL                                                                                                      \
	(LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |                      \
	    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
/* Rights that a rule for a file, not a folder, may have. */
#define OF_A_FILE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* The kernel's structure; it ignores everything after the given size. */
struct ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

static const char *const system_reads[] = {"/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64", "/usr/share/zoneinfo",
    "/usr/share/locale", "/etc/localtime", "/etc/ssl/openssl.cnf",
#if defined(LANPOST_SANITIZED)
    "/proc",
#endif
    NULL};
static const char *const system_writes[] = {"/dev/null", "/dev/urandom", "/dev/random", NULL};
static const char *const names_reads[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/gai.conf",
    "/etc/services", "/etc/protocols", "/run/systemd/resolve", "/etc/ssl", "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates", "/etc/ca-certificates", "/etc/pki", "/etc/crypto-policies", NULL};

void sandbox_children(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_warn("event=no-new-privs-failed");
}

/* Returns 0 if the kernel has no Landlock, or if it is disabled. */
static int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version < 1 ? 0 : (int)version;
}

/* Without REFER no file may be linked into another folder: delivery needs this, so before version 2 writing is not
 * restricted at all. */
static struct ruleset ruleset_for(int version, unsigned may)
{
	struct ruleset bound = {.handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | READ_FOLDER};

	if (version >= 2)
		bound.handled_access_fs |= (WRITE_FOLDER | MAKE_SPECIAL) & ~(version >= 3 ? 0 : LANDLOCK_ACCESS_FS_TRUNCATE);
	if (version >= 4)
		bound.handled_access_net = LANDLOCK_ACCESS_NET_BIND_TCP |
		                           ((may & (SANDBOX_CONNECT | SANDBOX_PORTS)) == SANDBOX_CONNECT ? 0 : LANDLOCK_ACCESS_NET_CONNECT_TCP);
	if (version >= 5)
		bound.handled_access_fs |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	if (version >= 6)
		bound.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL;
	return bound;
}

static size_t ruleset_size(int version)
{
	return version >= 6   ? sizeof(struct ruleset)
	       : version >= 4 ? offsetof(struct ruleset, scoped)
	                      : offsetof(struct ruleset, handled_access_net);
}

static void allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.parent_fd = open(path, O_PATH | O_CLOEXEC)};
	struct stat st;

	if (rule.parent_fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	rule.allowed_access = rule.parent_fd >= 0 && fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode) ? access & OF_A_FILE : access;
	if (rule.allowed_access == 0 && rule.parent_fd >= 0) /* nothing is restricted */
		;
	else if (rule.parent_fd < 0 || syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		log_warn("event=sandbox-rule-failed path=%s", LOG_CSTR(path));
	if (rule.parent_fd >= 0)
		close(rule.parent_fd);
}

static void allow_all(int ruleset, const char *const *paths, uint64_t access)
{
	for (size_t i = 0; paths != NULL && paths[i] != NULL; i++)
		if (paths[i][0] != '\0')
			allow(ruleset, paths[i], access);
}

static void allow_files(int ruleset, const struct sandbox *sandbox, uint64_t bound)
{
	const uint64_t writing = (READ_FOLDER | WRITE_FOLDER) & bound;

	allow_all(ruleset, sandbox->lists, LANDLOCK_ACCESS_FS_READ_DIR);
	allow_all(ruleset, sandbox->makes, (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE) & bound);
	allow_all(ruleset, sandbox->reads, READ_FOLDER);
	allow_all(ruleset, sandbox->writes, writing);
	if (!(sandbox->may & SANDBOX_FILES))
		return;
	allow_all(ruleset, system_reads, READ_FOLDER);
	allow_all(ruleset, system_writes, writing);
	if (sandbox->may & SANDBOX_CONNECT)
		allow_all(ruleset, names_reads, READ_FOLDER);
}

static void allow_ports(int ruleset, const struct sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->port_count; i++) {
		const struct {
			uint64_t access, port;
		} rule = {LANDLOCK_ACCESS_NET_CONNECT_TCP, sandbox->ports[i]};

		if (syscall(SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0) != 0)
			log_warn("event=sandbox-rule-failed port=%u", sandbox->ports[i]);
	}
}

/* Returns the Landlock version that is in force now, 0: none. */
static int bind_files(const struct sandbox *sandbox)
{
	int version = landlock_version(), ruleset;
	const struct ruleset bound = ruleset_for(version, sandbox->may);

	if (version == 0)
		return 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &bound, ruleset_size(version), 0);
	if (ruleset >= 0)
		allow_files(ruleset, sandbox, bound.handled_access_fs);
	if (ruleset >= 0 && bound.handled_access_net & LANDLOCK_ACCESS_NET_CONNECT_TCP)
		allow_ports(ruleset, sandbox);
	if (ruleset < 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0) {
		log_warn("event=sandbox-failed");
		version = 0;
	}
	if (ruleset >= 0)
		close(ruleset);
	return version;
}

void sandbox_enter(const struct sandbox *sandbox)
{
	int version;
	bool calls;

	tzset(); /* for the log's times: later the file may not be accessible */
	sandbox_children(); /* neither of them restricts a process that could still gain privileges */
	if (environment_is_instrumented()) {
		log_warnx("event=sandbox-off reason=\"LD_PRELOAD is set: what it loads would be bound, too\"");
		return;
	}
	version = bind_files(sandbox);
	calls = sandbox_bind_calls(sandbox->may);
	if (sandbox->is_one_of_many)
		log_debug("event=sandbox landlock=%d seccomp=%s", version, calls ? "yes" : "no");
	else
		log_info("event=sandbox landlock=%d seccomp=%s", version, calls ? "yes" : "no");
}
