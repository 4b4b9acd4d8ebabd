/*
 * Load for an SMTP server: messages accepted per second.
 *
 *	smtp_load PORT SESSIONS MESSAGES SIZE FROM TO
 *
 * Loopback only; one thread per session, persistent connections; the end of a message and the commands of the next one
 * are sent together (RFC 2920). A message counts when its 250 is received: only then the server has it.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port, size;
static const char *from, *to;
static atomic_long left;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void say(int fd, const char *text, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t sent = send(fd, text + done, len - done, MSG_NOSIGNAL);

		if (sent <= 0)
			die("send");
		done += (size_t)sent;
	}
}

struct input {
	int fd;
	char bytes[4096];
	size_t len;
};

/* Reads one reply, of all its lines; exits unless its code begins with the digit. */
static void hear(struct input *in, char digit)
{
	for (;;) {
		char *end = memchr(in->bytes, '\n', in->len);
		ssize_t got;

		if (end != NULL) {
			bool last = in->bytes[3] != '-';

			*end = '\0';
			if (in->bytes[0] != digit) {
				fprintf(stderr, "%s\n", in->bytes);
				exit(1);
			}
			in->len -= (size_t)(end + 1 - in->bytes);
			memmove(in->bytes, end + 1, in->len);
			if (last)
				return;
			continue;
		}
		got = recv(in->fd, in->bytes + in->len, sizeof(in->bytes) - in->len, 0);
		if (got <= 0)
			die("recv");
		in->len += (size_t)got;
	}
}

/* A message with its final dot, followed by the commands of the next one. */
static char *make_message(const char *commands, size_t *len)
{
	char *text = malloc((size_t)size + 2048);
	int at = sprintf(text, "From: <%s>\r\nTo: <%s>\r\nSubject: load\r\n\r\n", from, to);

	while (at < size) {
		memset(text + at, 'x', 70);
		memcpy(text + at + 70, "\r\n", 2);
		at += 72;
	}
	at += sprintf(text + at, ".\r\n");
	*len = (size_t)at;
	sprintf(text + at, "%s", commands);
	return text;
}

static void open_session(struct input *in)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	in->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (in->fd < 0 || connect(in->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	setsockopt(in->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	hear(in, '2');
	say(in->fd, "EHLO load\r\n", 11);
	hear(in, '2');
}

static bool take(void)
{
	return atomic_fetch_sub(&left, 1) > 0;
}

static void *session(void *context)
{
	struct input in = {.len = 0};
	char *message, commands[1024];
	size_t message_len;
	bool more = take();

	open_session(&in);
	snprintf(commands, sizeof(commands), "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", from, to);
	message = make_message(commands, &message_len);
	if (more)
		say(in.fd, commands, strlen(commands));
	while (more) {
		hear(&in, '2');
		hear(&in, '2');
		hear(&in, '3');
		more = take();
		say(in.fd, message, message_len + (more ? strlen(commands) : 0));
		hear(&in, '2');
	}
	say(in.fd, "QUIT\r\n", 6);
	close(in.fd);
	free(message);
	return context;
}

int main(int argc, char **argv)
{
	pthread_t threads[1000];
	int sessions;
	double begin;
	long messages;

	if (argc != 7) {
		fputs("usage: smtp_load PORT SESSIONS MESSAGES SIZE FROM TO\n", stderr);
		return 2;
	}
	port = atoi(argv[1]);
	sessions = atoi(argv[2]);
	messages = atol(argv[3]);
	size = atoi(argv[4]);
	from = argv[5];
	to = argv[6];
	if (sessions < 1 || sessions > 1000 || size < 100)
		return 2;
	atomic_store(&left, messages);
	begin = now();
	for (int i = 0; i < sessions; i++)
		if (pthread_create(&threads[i], NULL, session, NULL) != 0)
			die("thread");
	for (int i = 0; i < sessions; i++)
		pthread_join(threads[i], NULL);
	printf("%.0f messages/s\n", (double)messages / (now() - begin));
	return 0;
}
