/*
 * Lines to syslog (RFC 3164 as the C library writes it) over a socket that is created once and never connected: each
 * line looks up the daemon again. So processes whose sandbox forbids new sockets also find a restarted daemon;
 * syslog(3) would lose it there.
 *
 * Not locked: base/log.h does that.
 */
#ifndef LANPOST_BASE_SYSLOG_SOCKET_H
#define LANPOST_BASE_SYSLOG_SOCKET_H

/* Call this before entering a sandbox. May be called again. */
void syslog_socket_open(void);
void syslog_socket_close(void);
/* -1: none is open. */
int syslog_socket_descriptor(void);
/* Sends a line of facility "mail". Waits briefly for a daemon that does not read, but not at every line: then the line is
 * lost. */
void syslog_socket_write(int priority, const char *text);

#endif
