/*
 * The log: one event per line, key=value, safe to show on a terminal.
 *
 * Verbs as in OpenSMTPD: log_warn adds errno's text, log_warnx does not, fatal and fatalx end the process with exit code
 * 1. All keep errno. A line starts with time, level, process name and thread context. External text is logged only through
 * LOG_TEXT() (base/str.h); in addition, every finished line is made printable before it is written. Secrets are never
 * formatted.
 *
 * The sinks are chosen once at start. A file that was renamed is created again. Lines for systemd's journal have a
 * priority and no time. Writing blocks only on the file itself, and a log that cannot be written never stops mail.
 */
#ifndef LANPOST_BASE_LOG_H
#define LANPOST_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_settings {
	enum log_level level;
	bool to_stderr;
	const char *file;	/* NULL: no file; copied */
	size_t file_max;	/* bytes; at this size the file becomes FILE.1; 0: no file */
	bool to_syslog;
};

/* May be called again (reload). The file is opened at once; if that fails, a warning is logged
 * and the other sinks work. process: "supervisor", "lan", ... a literal. */
void log_start(const struct log_settings *settings, const char *process);
void log_process(const char *process); /* after fork */
/* The descriptors of the log file and of syslog, for code that closes all others; -1: none. */
#define LOG_DESCRIPTORS 2
void log_descriptors(int fds[LOG_DESCRIPTORS]);

void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fatal(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void fatalx(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
