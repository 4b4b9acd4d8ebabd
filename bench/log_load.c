/*
 * The yardstick of durable acceptance: a log that many sessions append to, and nothing else. No delivery, no protocol.
 *
 *	log_load FILE SESSIONS MESSAGES SIZE
 *
 * Each session appends SIZE bytes and waits until they are durable; one fdatasync serves all that have appended meanwhile (group
 * commit). The file is full of zeros beforehand, so that a sync need not commit the journal of the file system. Messages per second.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t synced = PTHREAD_COND_INITIALIZER;
static bool is_syncing;
static long written, durable, left;
static size_t size;
static int fd;

static void check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

/* Until all up to `end` is durable: the first one that finds nobody syncing does it for all. With the lock. */
static void wait_durable(long end)
{
	while (durable < end) {
		long until = written;

		if (is_syncing) {
			pthread_cond_wait(&synced, &lock);
			continue;
		}
		is_syncing = true;
		pthread_mutex_unlock(&lock);
		check(fdatasync(fd) == 0, "fdatasync");
		pthread_mutex_lock(&lock);
		is_syncing = false;
		durable = until;
		pthread_cond_broadcast(&synced);
	}
}

static void *session(void *bytes)
{
	pthread_mutex_lock(&lock);
	while (left-- > 0) {
		check(pwrite(fd, bytes, size, written) == (ssize_t)size, "pwrite");
		written += (long)size;
		wait_durable(written);
	}
	pthread_mutex_unlock(&lock);
	return NULL;
}

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	pthread_t threads[200];
	int sessions = argc == 5 ? atoi(argv[2]) : 0;
	long messages = argc == 5 ? atol(argv[3]) : 0;
	char *bytes;
	double begin;

	if (sessions < 1 || sessions > 200 || messages < 1 || atoi(argv[4]) < 1) {
		fputs("usage: log_load FILE SESSIONS MESSAGES SIZE\n", stderr);
		return 2;
	}
	size = (size_t)atoi(argv[4]);
	fd = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0600);
	bytes = calloc(1, size);
	check(fd >= 0 && bytes != NULL, argv[1]);
	for (long n = 0; n < messages; n++)
		check(write(fd, bytes, size) == (ssize_t)size, "write");
	check(fsync(fd) == 0, "fsync");
	memset(bytes, 'x', size);
	left = messages;
	begin = now();
	for (int i = 0; i < sessions; i++)
		check(pthread_create(&threads[i], NULL, session, bytes) == 0, "pthread_create");
	for (int i = 0; i < sessions; i++)
		pthread_join(threads[i], NULL);
	printf("%.0f messages/s\n", (double)messages / (now() - begin));
	free(bytes);
	return close(fd) == 0 && unlink(argv[1]) == 0 ? 0 : 1;
}
