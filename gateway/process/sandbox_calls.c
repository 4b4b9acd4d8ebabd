/*
 * seccomp: which system calls a process may make.
 *
 * An unlisted call fails with ENOSYS, as on an older kernel: the C library, SQLite and OpenSSL then use an alternative, or
 * report an error, so that a call of a new library version does not stop the mail. Calls that no library makes, but an
 * attacker needs, end the process at once: the kernel's audit log has it, the supervisor reports it, and starts a new
 * process. libseccomp knows the number of each call on each architecture.
 */
#include "gateway/process/sandbox.h"

#include "base/alloc.h"
#include "base/log.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* the C library names its memory areas */
#endif
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0 /* the argument with the flags */
#endif

static const char *const always[] = {
    /* memory and threads */
    "brk", "munmap", "mremap", "madvise", "msync", "mincore", "membarrier", "futex", "futex_time64", "futex_waitv", "set_robust_list",
    "get_robust_list", "rseq", "set_tid_address", "exit", "exit_group", "restart_syscall", "sched_yield", "sched_getaffinity",
    "sched_getparam", "sched_getscheduler", "gettid", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getuid32",
    "geteuid32", "getgid32", "getegid32", "getrlimit", "ugetrlimit", "setrlimit", "getrusage", "sysinfo", "uname", "times",
    /* its own signals */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "rt_sigtimedwait", "rt_sigtimedwait_time64",
    "rt_sigpending", "signalfd4", "alarm", "setitimer", "getitimer", "wait4", "waitid",
    /* time and random bytes */
    "nanosleep", "clock_nanosleep", "clock_nanosleep_time64", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "gettimeofday", "time", "getrandom",
    /* open descriptors */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "lseek", "_llseek", "close",
    "close_range", "dup", "dup2", "dup3", "pipe2", "eventfd2", "fcntl", "fcntl64", "fstat", "fstat64", "fstatfs", "fstatfs64", "flock",
    "fsync", "fdatasync", "syncfs", "sync_file_range", "ftruncate", "ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "arm_fadvise64_64",
    "fchown", "fchown32", "copy_file_range", "sendfile", "sendfile64", "poll", "ppoll", "ppoll_time64", "select", "_newselect", "pselect6", "pselect6_time64",
    "recvfrom", "recvmsg", "recv", "sendto", "sendmsg", "send", "shutdown", "getsockname", "getpeername", "getsockopt", "setsockopt",
    "socketpair", NULL};

static const char *const files[] = {"open", "openat", "creat", "stat", "stat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx",
    "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    "statfs", "statfs64", "access", "faccessat", "faccessat2", "getdents", "getdents64", "readlink", "readlinkat", "getcwd", "rename",
    "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "truncate", "truncate64", "umask", NULL};

static const char *const accepting[] = {"accept", "accept4", NULL};
static const char *const in_memory[] = {"memfd_create", NULL};
static const char *const connecting[] = {"connect", "bind", "sendmmsg", "recvmmsg", NULL};

static const char *const deadly[] = {"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "pidfd_getfd", "kcmp", "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "mount", "umount", "umount2",
    "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "setns", "unshare", "open_by_handle_at", "init_module", "finit_module",
    "delete_module", "kexec_load", "kexec_file_load", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "personality",
    "setuid", "setuid32", "setreuid", "setresuid", "setgid", "setgid32", "setregid", "setresgid", "setgroups", "capset", "reboot",
    "swapon", "swapoff", "acct", "quotactl", "settimeofday", "clock_settime", "sethostname", NULL};

/* Under sanitizers the report of an error runs programs. */
#if defined(LANPOST_SANITIZED)
#define DEADLY SCMP_ACT_ERRNO(EPERM)
#else
#define DEADLY SCMP_ACT_KILL_PROCESS
#endif

/* Names that this libseccomp or architecture does not know are skipped. */
static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count, const struct scmp_arg_cmp *arguments)
{
	int call = seccomp_syscall_resolve_name(name), result;

	if (call == __NR_SCMP_ERROR)
		return 0;
	result = seccomp_rule_add_array(filter, action, call, count, arguments);
	return result == -EDOM ? 0 : result;
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	for (; *names != NULL; names++)
		if (add(filter, action, *names, 0, NULL) != 0)
			return -1;
	return 0;
}

static int allow_if(scmp_filter_ctx filter, const char *name, unsigned argument, enum scmp_compare how, uint64_t value, uint64_t masked)
{
	const struct scmp_arg_cmp compare = {.arg = argument, .op = how, .datum_a = value, .datum_b = masked};

	return add(filter, SCMP_ACT_ALLOW, name, 1, &compare);
}

/* Writable memory never becomes executable. Code may be mapped only from files, and only if files may be opened at all:
 * iconv's converters. */
static int allow_memory(scmp_filter_ctx filter, unsigned may)
{
	static const char *const mapping[] = {"mmap", "mmap2", NULL};
	const struct scmp_arg_cmp from_file[] = {
	    {.arg = 2, .op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC | PROT_WRITE, .datum_b = PROT_EXEC},
	    {.arg = 3, .op = SCMP_CMP_MASKED_EQ, .datum_a = MAP_ANONYMOUS, .datum_b = 0},
	};

	for (size_t i = 0; mapping[i] != NULL; i++)
		if (allow_if(filter, mapping[i], 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0) != 0 ||
		    (may & SANDBOX_FILES && add(filter, SCMP_ACT_ALLOW, mapping[i], ARRAY_LEN(from_file), from_file) != 0))
			return -1;
	return allow_if(filter, "mprotect", 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
}

/* Calls with many functions: only some of these. The flags of clone3 are not visible to a filter; without clone3 the C
 * library uses clone. */
static int allow_parts(scmp_filter_ctx filter, unsigned may)
{
	static const int families[] = {AF_INET, AF_INET6, AF_UNIX, AF_NETLINK};
	static const unsigned long asked[] = {TCGETS, FIONREAD, FIONBIO};

	for (size_t i = 0; i < ARRAY_LEN(asked); i++)
		if (allow_if(filter, "ioctl", 1, SCMP_CMP_EQ, asked[i], 0) != 0)
			return -1;
	if (may & SANDBOX_CONNECT && allow_if(filter, "ioctl", 1, SCMP_CMP_EQ, SIOCGIFINDEX, 0) != 0) /* the zone of fe80::1%eth0 */
		return -1;
	for (size_t i = 0; may & SANDBOX_CONNECT && i < ARRAY_LEN(families); i++)
		if (allow_if(filter, "socket", 0, SCMP_CMP_EQ, (uint64_t)families[i], 0) != 0)
			return -1;
	if (allow_if(filter, "clone", CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) != 0 ||
	    allow_if(filter, "tgkill", 0, SCMP_CMP_EQ, (uint64_t)getpid(), 0) != 0 || /* abort() */
	    allow_if(filter, "prlimit64", 0, SCMP_CMP_EQ, 0, 0) != 0 ||
	    allow_if(filter, "prctl", 0, SCMP_CMP_EQ, PR_SET_NAME, 0) != 0 ||
	    allow_if(filter, "prctl", 0, SCMP_CMP_EQ, PR_SET_VMA, 0) != 0)
		return -1;
	return allow_memory(filter, may);
}

static int fill(scmp_filter_ctx filter, unsigned may)
{
	if (add_all(filter, DEADLY, deadly) != 0 || add_all(filter, SCMP_ACT_ALLOW, always) != 0 ||
	    (may & SANDBOX_FILES && add_all(filter, SCMP_ACT_ALLOW, files) != 0) ||
	    (may & SANDBOX_ACCEPT && add_all(filter, SCMP_ACT_ALLOW, accepting) != 0) ||
	    (may & SANDBOX_MEMORY && add_all(filter, SCMP_ACT_ALLOW, in_memory) != 0) ||
	    (may & SANDBOX_CONNECT && add_all(filter, SCMP_ACT_ALLOW, connecting) != 0))
		return -1;
	return allow_parts(filter, may);
}

bool sandbox_bind_calls(unsigned may)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	bool bound;

	if (filter == NULL)
		return false;
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree: otherwise about 400 calls would be compared each time */
	bound = fill(filter, may) == 0 && seccomp_load(filter) == 0;
	if (!bound)
		log_warn("event=sandbox-failed");
	seccomp_release(filter);
	return bound;
}
