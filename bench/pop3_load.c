/*
 * Load for a POP3 server: what it takes to log in, and to read everything.
 *
 *	pop3_load PORT USER PASSWORD login TIMES      milliseconds from connect to the answer to STAT, median
 *	pop3_load PORT USER PASSWORD drain USERS      all messages of USER, or of USER1..USERn at once, 64 commands
 *	                                              in flight: messages/s and MiB/s
 *
 * Loopback only; one thread per user. Ends of messages are counted (CRLF "." CRLF), and fewer bytes than STAT
 * announced are an error, so that a fast but wrong server does not win.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WINDOW 64
#define USERS_MAX 1000

static int port;
static const char *password;

struct client {
	char user[64];
	int fd;
	long messages;
	long long promised, got;
	double ready; /* seconds from connect to STAT's answer */
	pthread_t thread;
};

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

static void say(const struct client *client, const char *text)
{
	size_t len = strlen(text), done = 0;

	while (done < len) {
		ssize_t sent = send(client->fd, text + done, len - done, MSG_NOSIGNAL);

		if (sent <= 0)
			die("send");
		done += (size_t)sent;
	}
}

/* One short line; must begin with +OK. */
static void hear(const struct client *client, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && (len == 0 || line[len - 1] != '\n'))
		if (recv(client->fd, line + len, 1, 0) == 1)
			len++;
		else
			die("recv");
	line[len] = '\0';
	if (strncmp(line, "+OK", 3) != 0) {
		fprintf(stderr, "%s: %s", client->user, line);
		exit(1);
	}
}

static void log_in(struct client *client)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char line[600];
	double begin = now();
	int one = 1;

	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (client->fd < 0 || connect(client->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die("connect");
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	hear(client, line, sizeof(line));
	snprintf(line, sizeof(line), "USER %s\r\n", client->user);
	say(client, line);
	hear(client, line, sizeof(line));
	snprintf(line, sizeof(line), "PASS %s\r\n", password);
	say(client, line);
	hear(client, line, sizeof(line));
	say(client, "STAT\r\n");
	hear(client, line, sizeof(line));
	client->ready = now() - begin;
	if (sscanf(line, "+OK %ld %lld", &client->messages, &client->promised) != 2)
		die("STAT");
}

static void ask(const struct client *client, long first, long count)
{
	char text[WINDOW * 16], *at = text;

	for (long i = 0; i < count; i++)
		at += sprintf(at, "RETR %ld\r\n", first + i);
	say(client, text);
}

/* Reads until this many ends of messages were received. *seen: the received part of the last
 * end. */
static long count_ends(struct client *client, long wanted, int *seen)
{
	static const char end[] = "\r\n.\r\n";
	static _Thread_local char bytes[1 << 18];
	ssize_t got = recv(client->fd, bytes, sizeof(bytes), 0);
	long ends = 0;

	if (got <= 0)
		die("recv");
	client->got += got;
	for (ssize_t i = 0; i < got; i++) {
		if (*seen == 0) {
			const char *cr = memchr(bytes + i, '\r', (size_t)(got - i));

			if (cr == NULL)
				break;
			i = cr - bytes;
		}
		if (bytes[i] == end[*seen])
			(*seen)++;
		else
			*seen = bytes[i] == '\r' ? 1 : 0;
		if (*seen == 5) {
			ends++;
			*seen = 0;
		}
	}
	if (ends > wanted)
		die("more messages than asked for");
	return ends;
}

static void *drain(void *context)
{
	struct client *client = context;
	long asked = 0, got = 0;
	int seen = 0;

	while (got < client->messages) {
		while (asked < client->messages && asked - got <= WINDOW / 2) {
			long more = client->messages - asked;

			more = more < WINDOW / 2 ? more : WINDOW / 2;
			ask(client, asked + 1, more);
			asked += more;
		}
		got += count_ends(client, asked - got, &seen);
	}
	if (client->got < client->promised)
		die("fewer bytes than promised");
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void time_logins(const char *user, int times)
{
	double *seconds = calloc((size_t)times, sizeof(*seconds));

	for (int i = 0; i < times; i++) {
		struct client client = {.fd = -1};
		char line[600];

		snprintf(client.user, sizeof(client.user), "%s", user);
		log_in(&client);
		seconds[i] = client.ready;
		say(&client, "QUIT\r\n");
		hear(&client, line, sizeof(line));
		close(client.fd);
	}
	qsort(seconds, (size_t)times, sizeof(*seconds), by_value);
	printf("%.2f ms\n", seconds[times / 2] * 1000);
	free(seconds);
}

static void time_drain(const char *user, int users)
{
	struct client *clients = calloc((size_t)users, sizeof(*clients));
	long messages = 0;
	long long bytes = 0;
	double begin;

	for (int i = 0; i < users; i++) {
		snprintf(clients[i].user, sizeof(clients[i].user), users == 1 ? "%s" : "%s%d", user, i + 1);
		log_in(&clients[i]);
	}
	begin = now();
	for (int i = 0; i < users; i++)
		if (pthread_create(&clients[i].thread, NULL, drain, &clients[i]) != 0)
			die("thread");
	for (int i = 0; i < users; i++) {
		pthread_join(clients[i].thread, NULL);
		messages += clients[i].messages;
		bytes += clients[i].got;
		say(&clients[i], "QUIT\r\n");
		close(clients[i].fd);
	}
	printf("%.0f messages/s %.0f MiB/s\n", (double)messages / (now() - begin),
	    (double)bytes / (now() - begin) / 1048576);
	free(clients);
}

int main(int argc, char **argv)
{
	int number = argc == 6 ? atoi(argv[5]) : 0;

	if (number < 1 || number > USERS_MAX) {
		fputs("usage: pop3_load PORT USER PASSWORD login TIMES | drain USERS\n", stderr);
		return 2;
	}
	port = atoi(argv[1]);
	password = argv[3];
	if (strcmp(argv[4], "login") == 0)
		time_logins(argv[2], number);
	else
		time_drain(argv[2], number);
	return 0;
}
