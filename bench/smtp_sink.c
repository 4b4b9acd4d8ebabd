/*
 * A smarthost that accepts everything at once and stores nothing: PIPELINING, and optionally CHUNKING.
 *
 *   smtp_sink PORT COUNT [chunking]      on 127.0.0.1; ends when COUNT messages have come, and prints the connections used
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 65536

struct client {
	int fd;
	char in[BUFFER], out[BUFFER];
	size_t start, end, out_len;
};

static atomic_long left;
static atomic_int connections;
static const char *hello = "250-sink\r\n250-8BITMIME\r\n250-SIZE\r\n250 PIPELINING\r\n";

static bool flush(struct client *client)
{
	size_t done = 0;

	while (done < client->out_len) {
		ssize_t sent = send(client->fd, client->out + done, client->out_len - done, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		done += (size_t)sent;
	}
	client->out_len = 0;
	return true;
}

static void say(struct client *client, const char *text)
{
	size_t len = strlen(text);

	if (client->out_len + len > BUFFER && !flush(client))
		return;
	memcpy(client->out + client->out_len, text, len);
	client->out_len += len;
}

/* Reads more input; sends pending replies first. */
static bool fill(struct client *client)
{
	ssize_t got;

	if (!flush(client))
		return false;
	if (client->start > 0) {
		memmove(client->in, client->in + client->start, client->end - client->start);
		client->end -= client->start;
		client->start = 0;
	}
	if (client->end == BUFFER)
		return false;
	got = recv(client->fd, client->in + client->end, BUFFER - client->end, 0);
	if (got <= 0)
		return false;
	client->end += (size_t)got;
	return true;
}

static char *line(struct client *client)
{
	for (;;) {
		char *begin = client->in + client->start;
		char *end = memchr(begin, '\n', client->end - client->start);

		if (end != NULL) {
			*end = '\0';
			client->start += (size_t)(end - begin) + 1;
			return begin;
		}
		if (!fill(client))
			return NULL;
	}
}

static bool skip(struct client *client, size_t size)
{
	while (size > 0) {
		size_t have = client->end - client->start;

		if (have == 0 && !fill(client))
			return false;
		have = client->end - client->start;
		if (have > size)
			have = size;
		client->start += have;
		size -= have;
	}
	return true;
}

static void taken(struct client *client)
{
	say(client, "250 taken\r\n");
	if (atomic_fetch_sub(&left, 1) != 1)
		return;
	flush(client);
	printf("%d connections\n", atomic_load(&connections));
	fflush(stdout);
	usleep(200000); /* the last replies are still in transit */
	_exit(0);
}

static bool data(struct client *client)
{
	char *text;

	say(client, "354 go\r\n");
	while ((text = line(client)) != NULL)
		if (strcmp(text, ".\r") == 0) {
			taken(client);
			return true;
		}
	return false;
}

static void *serve(void *context)
{
	struct client *client = calloc(1, sizeof(*client));
	char *text;

	client->fd = *(int *)context;
	free(context);
	atomic_fetch_add(&connections, 1);
	say(client, "220 sink\r\n");
	while ((text = line(client)) != NULL) {
		if (strncasecmp(text, "EHLO", 4) == 0) {
			say(client, hello);
		} else if (strncasecmp(text, "DATA", 4) == 0) {
			if (!data(client))
				break;
		} else if (strncasecmp(text, "BDAT", 4) == 0) {
			bool last = strstr(text, "LAST") != NULL;

			if (!skip(client, strtoul(text + 5, NULL, 10)))
				break;
			if (last)
				taken(client);
			else
				say(client, "250 more\r\n");
		} else if (strncasecmp(text, "QUIT", 4) == 0) {
			say(client, "221 bye\r\n");
			flush(client);
			break;
		} else {
			say(client, "250 ok\r\n");
		}
	}
	close(client->fd);
	free(client);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (argc < 3)
		return 2;
	address.sin_port = htons((unsigned short)atoi(argv[1]));
	atomic_store(&left, atol(argv[2]));
	if (argc > 3)
		hello = "250-sink\r\n250-8BITMIME\r\n250-SIZE\r\n250-CHUNKING\r\n250 PIPELINING\r\n";
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 100) != 0) {
		perror("smtp_sink");
		return 1;
	}
	for (;;) {
		int *fd = malloc(sizeof(*fd));
		pthread_t thread;

		*fd = accept(listener, NULL, NULL);
		if (*fd < 0)
			continue;
		setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (pthread_create(&thread, NULL, serve, fd) == 0)
			pthread_detach(thread);
	}
}
