#include "base/log.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/cond.h"
#include "base/owned.h"
#include "base/str.h"
#include "base/syslog_socket.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048

/* The mutex guards the settings and keeps lines whole; nothing else is locked under it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_settings current = {.to_stderr = true};
/* Checked at every line, before the lock is taken: a reload may change them meanwhile. */
static atomic_int level_now = LOG_LEVEL_INFO;
static const char *_Atomic process_name = "lanpost";
static int file_fd = -1;

/* Set by systemd for services. The journal adds the time, and understands "<priority>" before a line:
 * sd-daemon(3). */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

static int open_file(const char *path)
{
	return owned_open(path, O_WRONLY | O_APPEND, 0600);
}

void log_start(const struct log_settings *settings, const char *process)
{
	bool failed = false;

	pthread_mutex_lock(&lock);
	free((char *)current.file);
	if (file_fd >= 0)
		close(file_fd);
	file_fd = -1;
	current = *settings;
	level_now = (int)settings->level;
	current.file = NULL;
	process_name = process;
	if (settings->file != NULL && settings->file[0] != '\0' && settings->file_max > 0) {
		current.file = xstrdup(settings->file);
		file_fd = open_file(current.file);
		failed = file_fd < 0;
	}
	if (current.to_syslog)
		syslog_socket_open(); /* opened now: a sandbox may forbid it later */
	else
		syslog_socket_close();
	pthread_mutex_unlock(&lock);
	if (failed)
		log_warn("event=log-file-failed file=%s", LOG_CSTR(settings->file));
}

void log_process(const char *process)
{
	process_name = process;
}

void log_descriptors(int fds[LOG_DESCRIPTORS])
{
	fds[0] = file_fd;
	fds[1] = syslog_socket_descriptor();
}

static bool log_wants(enum log_level level)
{
	return (int)level <= level_now;
}

/* Called with the lock held: logrotate may have renamed the file, in any process at any time. */
static void follow_name(void)
{
	struct stat mine, named;
	int fd;

	assert(cond_is_locked(&lock));
	if (fstat(file_fd, &mine) != 0 ||
	    (stat(current.file, &named) == 0 && named.st_ino == mine.st_ino && named.st_dev == mine.st_dev))
		return;
	fd = open_file(current.file);
	if (fd < 0) /* not allowed here: keep the old file */
		return;
	close(file_fd);
	file_fd = fd;
}

/* Called with the lock held, after the file has grown. Other processes share the file, so check
 * whether one of them has already rotated it. */
static void rotate_if_large(void)
{
	struct stat mine, named;
	char *old;
	int fd;

	assert(cond_is_locked(&lock));
	if (fstat(file_fd, &mine) != 0 || (size_t)mine.st_size < current.file_max)
		return;
	if (stat(current.file, &named) == 0 && named.st_ino == mine.st_ino) {
		old = xasprintf("%s.1", current.file);
		if (rename(current.file, old) != 0)
			current.file_max *= 2; /* not allowed here: do not retry at every line */
		free(old);
	}
	fd = open_file(current.file);
	if (fd < 0) { /* a sandbox may also forbid to open files */
		current.file_max *= 2;
		return;
	}
	close(file_fd);
	file_fd = fd;
}

static ssize_t write_to_journal(int priority, const char *text)
{
	char mark[8];
	struct iovec parts[] = {{mark, 0}, {(char *)text, strlen(text)}};

	parts[0].iov_len = (size_t)snprintf(mark, sizeof(mark), "<%d>", priority);
	return writev(STDERR_FILENO, parts, 2); /* one write: other processes write to the file, too */
}

/* A full disk or closed terminal must not stop mail: the result is ignored. text: the line without its time. */
static void write_line(enum log_level level, const char *line, size_t len, const char *text)
{
	static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	static int is_journal = -1;

	if (is_journal < 0)
		is_journal = stderr_is_journal();
	if (current.to_stderr &&
	    (is_journal != 0 ? write_to_journal(priority[level], text) : write(STDERR_FILENO, line, len)) < 0)
		errno = 0;
	if (file_fd >= 0) {
		follow_name();
		if (write(file_fd, line, len) < 0)
			errno = 0;
		rotate_if_large();
	}
	if (current.to_syslog)
		syslog_socket_write(priority[level], text);
}

static void log_line(enum log_level level, int with_errno, const char *format, va_list args)
{
	static const char names[][6] = {"error", "warn", "info", "debug"};
	char raw[LINE_MAX_BYTES], line[LINE_MAX_BYTES + 160];
	int saved = errno;
	int64_t now = clock_wall_us();
	time_t seconds = (time_t)(now / 1000000);
	struct tm tm;
	size_t used, time_len;

	if (!log_wants(level))
		return;
	vsnprintf(raw, sizeof(raw), format, args);
	localtime_r(&seconds, &tm);
	used = strftime(line, 64, "%Y-%m-%d %H:%M:%S", &tm);
	used += (size_t)snprintf(line + used, sizeof(line) - used, ".%03d ", (int)(now / 1000 % 1000));
	time_len = used;
	used += (size_t)snprintf(line + used, sizeof(line) - used, "%s %s[%d]: ", names[level], process_name, (int)getpid());
	str_printable(line + used, sizeof(line) - used - 80, slice_of(raw));
	used = strlen(line);
	if (with_errno)
		used += (size_t)snprintf(line + used, sizeof(line) - used - 1, " error=\"%s\"",
		    strerror(saved));
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	line[used] = '\0';

	pthread_mutex_lock(&lock);
	write_line(level, line, used, line + time_len);
	pthread_mutex_unlock(&lock);
	errno = saved;
}

#define LOG_WITH(level, with_errno)                            \
	do {                                                   \
		va_list args;                                  \
                                                               \
		va_start(args, format);                        \
		log_line((level), (with_errno), format, args); \
		va_end(args);                                  \
	} while (0)

void log_warn(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_WARN, 1);
}

void log_warnx(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_WARN, 0);
}

void log_info(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_INFO, 0);
}

void log_debug(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_DEBUG, 0);
}

void fatal(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_ERROR, 1);
	exit(1);
}

void fatalx(const char *format, ...)
{
	LOG_WITH(LOG_LEVEL_ERROR, 0);
	exit(1);
}
