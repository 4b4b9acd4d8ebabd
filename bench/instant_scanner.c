/*
 * A scanner that finds nothing, at once: clamd's INSTREAM in sessions (clamd(8)).
 *
 *   instant_scanner PATH     on this Unix socket; ends when it is killed
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
	int fd;
	unsigned char in[1 << 17];
	size_t start, end;
	unsigned messages;
};

/* The next len bytes, in memory until the next call; NULL: the connection has ended. */
static const unsigned char *take(struct client *client, size_t len)
{
	while (client->end - client->start < len) {
		ssize_t got;

		memmove(client->in, client->in + client->start, client->end - client->start);
		client->end -= client->start;
		client->start = 0;
		got = recv(client->fd, client->in + client->end, sizeof(client->in) - client->end, 0);
		if (got <= 0)
			return NULL;
		client->end += (size_t)got;
	}
	client->start += len;
	return client->in + client->start - len;
}

static bool take_message(struct client *client)
{
	char reply[64];

	client->messages++;
	for (;;) {
		const unsigned char *head = take(client, 4);
		uint32_t len = head == NULL ? 0 : (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];

		if (head == NULL || len > sizeof(client->in) || take(client, len) == NULL)
			return false;
		if (len == 0)
			break;
	}
	snprintf(reply, sizeof(reply), "%u: stream: OK", client->messages);
	return send(client->fd, reply, strlen(reply) + 1, MSG_NOSIGNAL) > 0;
}

static void *serve(void *context)
{
	struct client *client = context;
	const unsigned char *word;

	while ((word = take(client, 10)) != NULL) { /* "zIDSESSION" and "zINSTREAM", each with its NUL */
		bool is_session = memcmp(word, "zIDSESSION", 10) == 0;

		if (is_session ? take(client, 1) == NULL : memcmp(word, "zINSTREAM", 10) != 0 || !take_message(client))
			break;
	}
	close(client->fd);
	free(client);
	return NULL;
}

int main(int count, char **words)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	if (count != 2 || strlen(words[1]) >= sizeof(address.sun_path)) {
		fprintf(stderr, "usage: instant_scanner PATH\n");
		return 2;
	}
	memcpy(address.sun_path, words[1], strlen(words[1]) + 1);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 100) != 0) {
		perror("instant_scanner");
		return 1;
	}
	for (;;) {
		struct client *client = calloc(1, sizeof(*client));
		pthread_t thread;

		if (client == NULL)
			return 1;
		client->fd = accept(listener, NULL, NULL);
		if (client->fd < 0 || pthread_create(&thread, NULL, serve, client) != 0)
			return 1;
		pthread_detach(thread);
	}
}
