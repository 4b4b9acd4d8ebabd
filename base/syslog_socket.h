/*
 * Lines to syslog (RFC 3164 as the C library writes it) over a socket that is created once and never connected: each line
 * looks the daemon up again. So a restarted daemon is also found by processes whose sandbox lets them make no socket, and
 * syslog(3) loses it there.
 *
 * Not locked: base/log.h does that.
 */
#ifndef LANPOST_BASE_SYSLOG_SOCKET_H
#define LANPOST_BASE_SYSLOG_SOCKET_H

/* Before a sandbox. May be called again. */
void syslog_socket_open(void);
void syslog_socket_close(void);
/* -1: none is open. */
int syslog_socket_descriptor(void);
/* Sends a line of facility "mail". A daemon that does not read is waited for, but not for long, and not at every line: then the line is lost. */
void syslog_socket_write(int priority, const char *text);

#endif
