#include "base/syslog_socket.h"

#include "base/clock.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096
#define WAIT_SECONDS 1
#define PAUSE_MS 10000 /* for a daemon that did not read */

static int fd = -1;
static int64_t silent_until;

void syslog_socket_open(void)
{
	const struct timeval wait = {.tv_sec = WAIT_SECONDS};

	if (fd >= 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
		syslog_socket_close();
}

void syslog_socket_close(void)
{
	if (fd >= 0)
		close(fd);
	fd = -1;
}

int syslog_socket_descriptor(void)
{
	return fd;
}

/* The time as "Nov  8 13:20:00", independent of the locale. */
static int write_head(char *line, size_t size, int priority)
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t now = (time_t)clock_wall();
	struct tm tm;

	localtime_r(&now, &tm);
	return snprintf(line, size, "<%d>%s %2d %02d:%02d:%02d lanpost[%d]: ", LOG_MAIL | priority, months[tm.tm_mon % 12], tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)getpid());
}

void syslog_socket_write(int priority, const char *text)
{
	static const struct sockaddr_un daemon = {.sun_family = AF_UNIX, .sun_path = _PATH_LOG};
	char line[LINE_MAX_BYTES];
	int head, saved = errno;

	if (fd < 0 || clock_now_ms() < silent_until)
		return;
	head = write_head(line, sizeof(line), priority);
	snprintf(line + head, sizeof(line) - (size_t)head, "%s", text);
	if (sendto(fd, line, strlen(line), MSG_NOSIGNAL, (const struct sockaddr *)&daemon, sizeof(daemon)) >= 0)
		silent_until = 0;
	else if (errno == EAGAIN)
		silent_until = clock_now_ms() + PAUSE_MS;
	errno = saved;
}
