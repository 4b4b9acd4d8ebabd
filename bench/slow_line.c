/*
 * A line with delay, without root and without netem: a TCP relay that holds back every byte for half a round trip each way,
 * and a new connection for a whole one.
 *
 *   slow_line PORT TARGET-PORT RTT-MS        listens on 127.0.0.1:PORT until killed
 *
 * Bandwidth is not limited and TCP windows are those of loopback: the result shows how often a client waits.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536
#define CHUNKS 1024 /* in transit in one direction */

struct chunk {
	long long due_us;
	size_t len;
	char *bytes;
};

struct way {
	int from, to;
	long long delay_us;
	struct chunk chunks[CHUNKS];
	size_t first, count;
	int is_over; /* the sender closed */
};

static int target_port;
static long long rtt_us;

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int take(struct way *way)
{
	struct chunk *chunk = &way->chunks[(way->first + way->count) % CHUNKS];
	ssize_t got;

	chunk->bytes = malloc(CHUNK);
	if (chunk->bytes == NULL)
		abort();
	got = recv(way->from, chunk->bytes, CHUNK, MSG_DONTWAIT);
	if (got <= 0) {
		free(chunk->bytes);
		if (got == 0 || errno != EAGAIN)
			way->is_over = 1;
		return 0;
	}
	chunk->len = (size_t)got;
	chunk->due_us = now_us() + way->delay_us;
	way->count++;
	return 0;
}

static int give(struct way *way)
{
	while (way->count > 0 && way->chunks[way->first].due_us <= now_us()) {
		struct chunk *chunk = &way->chunks[way->first];

		for (size_t sent = 0; sent < chunk->len;) {
			ssize_t done = send(way->to, chunk->bytes + sent, chunk->len - sent, MSG_NOSIGNAL);

			if (done < 0)
				return -1;
			sent += (size_t)done;
		}
		free(chunk->bytes);
		way->first = (way->first + 1) % CHUNKS;
		way->count--;
	}
	if (way->is_over && way->count == 0)
		shutdown(way->to, SHUT_WR);
	return 0;
}

static struct timespec wait_time(const struct way *way)
{
	long long left = 1000000;

	if (way->count > 0)
		left = way->chunks[way->first].due_us - now_us();
	if (left < 0)
		left = 0;
	return (struct timespec){left / 1000000, left % 1000000 * 1000};
}

static void *carry(void *context)
{
	struct way *way = context;

	while ((!way->is_over || way->count > 0) && give(way) == 0) {
		struct pollfd poll_fd = {.fd = way->is_over || way->count == CHUNKS ? -1 : way->from,
		    .events = POLLIN};

		struct timespec wait = wait_time(way);

		if (ppoll(&poll_fd, 1, &wait, NULL) > 0)
			take(way);
	}
	shutdown(way->to, SHUT_WR);
	shutdown(way->from, SHUT_RD);
	return NULL;
}

static int connect_target(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)target_port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return -1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void *serve(void *context)
{
	int client = (int)(long)context, server, on = 1;
	struct way *there = calloc(1, sizeof(*there)), *back = calloc(1, sizeof(*back));
	pthread_t thread;

	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	usleep((unsigned)rtt_us); /* the handshake */
	server = connect_target();
	if (server >= 0 && there != NULL && back != NULL) {
		there->from = back->to = client;
		there->to = back->from = server;
		there->delay_us = back->delay_us = rtt_us / 2;
		pthread_create(&thread, NULL, carry, there);
		carry(back);
		pthread_join(thread, NULL);
		close(server);
	}
	close(client);
	free(there);
	free(back);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (argc != 4) {
		fprintf(stderr, "usage: slow_line PORT TARGET-PORT RTT-MS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	target_port = (int)strtol(argv[2], NULL, 10);
	rtt_us = strtol(argv[3], NULL, 10) * 1000;
	address.sin_port = htons((unsigned short)strtol(argv[1], NULL, 10));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(listener, 64) != 0) {
		perror("slow_line");
		return 1;
	}
	for (;;) {
		int client = accept(listener, NULL, NULL);
		pthread_t thread;

		if (client >= 0 && pthread_create(&thread, NULL, serve, (void *)(long)client) == 0)
			pthread_detach(thread);
	}
}
