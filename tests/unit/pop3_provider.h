/*
 * A POP3 provider in a separate process, and a session of the real fetcher with it. It announces PIPELINING, deletes at QUIT, and has a
 * box for each "world" (the password tells which), so that a test with power cuts can go on with what it had at each of them.
 */
#ifndef LANPOST_TESTS_POP3_PROVIDER_H
#define LANPOST_TESTS_POP3_PROVIDER_H

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "fetcher/fetch.h"
#include "spool/storage/mailbox.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/power_house.h"

#define MESSAGES 9
#define FIRST 5 /* the number of messages at the first session */
#define LARGE 2
#define WORLDS 3

/* What it has, in this world, after a cut, and after a cut during recovery: the password tells which. Shared with its processes. */
static struct box {
	bool is_there[MESSAGES];
	bool has_second; /* the later ones were put there */
} *boxes;
static unsigned world; /* which is ours */
static pid_t provider;
static int port;

static struct slice text_of(int n)
{
	return house_text(n, n == LARGE ? (1u << 20) + 5000 : 3000);
}

static void list(FILE *peer, const struct box *box, bool sizes)
{
	fputs("+OK\r\n", peer);
	for (int n = 0, number = 0; n < MESSAGES; n++) {
		if (!box->is_there[n])
			continue;
		number++;
		if (sizes)
			fprintf(peer, "%d %zu\r\n", number, text_of(n).len);
		else
			fprintf(peer, "%d uid-%d\r\n", number, n);
	}
	fputs(".\r\n", peer);
}

static int message_of(const struct box *box, const char *argument)
{
	int number = atoi(argument);

	for (int n = 0; n < MESSAGES; n++)
		if (box->is_there[n] && --number == 0)
			return n;
	_exit(3);
}

static void give(FILE *peer, int n)
{
	struct slice text = text_of(n);

	fputs("+OK\r\n", peer);
	fwrite(text.ptr, 1, text.len, peer);
	fputs(".\r\n", peer);
}

/* Deletes at QUIT (RFC 1939 section 6). */
static void serve(int fd)
{
	FILE *from = fdopen(fd, "r"), *peer = fdopen(dup(fd), "w");
	struct box *box = boxes, as_listed = *box, after = *box;
	char line[256];

	fputs("+OK\r\n", peer);
	fflush(peer);
	while (fgets(line, sizeof(line), from) != NULL) {
		if (strncmp(line, "PASS ", 5) == 0) {
			box = &boxes[atoi(line + 5)];
			as_listed = after = *box;
		}
		if (strncmp(line, "CAPA", 4) == 0)
			fputs("+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n", peer);
		else if (strncmp(line, "UIDL", 4) == 0 || strncmp(line, "LIST", 4) == 0)
			list(peer, &as_listed, line[0] == 'L');
		else if (strncmp(line, "RETR ", 5) == 0)
			give(peer, message_of(&as_listed, line + 5));
		else if (strncmp(line, "TOP", 3) == 0)
			fputs("-ERR\r\n", peer);
		else
			fputs("+OK\r\n", peer);
		if (strncmp(line, "DELE ", 5) == 0)
			after.is_there[message_of(&as_listed, line + 5)] = false;
		if (strncmp(line, "QUIT", 4) == 0) {
			*box = after;
			break;
		}
		fflush(peer);
	}
	fclose(peer);
	fclose(from);
}

/* A process for each connection: while one waits for a cut to be audited, others come. */
static void provider_run(int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	fsx_hook = NULL;
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(3);
		if (fork() == 0) {
			serve(fd);
			_exit(0);
		}
		close(fd);
	}
}

static void provider_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int n = 0; n < MESSAGES; n++)
		text_of(n); /* before any process is forked */
	assert_true(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 8) == 0 &&
		    getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	port = ntohs(address.sin_port);
	boxes = mmap(NULL, WORLDS * sizeof(*boxes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(boxes != MAP_FAILED);
	provider = fork();
	if (provider == 0)
		provider_run(listener);
	close(listener);
}

static void provider_stop(void)
{
	kill(provider, SIGKILL);
	waitpid(provider, NULL, 0);
	munmap(boxes, WORLDS * sizeof(*boxes));
}

/* --- a session */

/* fetch_job.route */
static enum fetch_routed to_ivan(void *context, const struct fetch_arrival *arrival, struct envelope *envelope, struct error *error)
{
	(void)context;
	(void)arrival;
	(void)error;
	envelope_add(envelope, PLACE_MAILBOX, slice_of("ivan"), SLICE_NONE);
	return FETCH_ROUTED;
}

static void no_progress(void *context, const char *account, const struct fetch_result *result)
{
	(void)context;
	(void)account;
	(void)result;
}

/* Two messages become durable together. route may count; context is its. */
static int provider_fetch(struct spool *house, enum fetch_routed (*route)(void *, const struct fetch_arrival *, struct envelope *, struct error *),
    void *context, struct fetch_result *result, struct error *error)
{
	char *url = xasprintf("pop3://127.0.0.1:%d", port), *password = xasprintf("%u", world);
	struct conf_account account = {
	    .name = (char *)(uintptr_t) "a",
	    .remote = {.url = url, .tls = TLS_NONE, .user = "x", .password = password, .password_command = "", .oauth2_token_command = "",
		.ca_file = "", .pin_sha256 = "", .connect_timeout = 10},
	    .enabled = true,
	    .timeout = 10,
	    .envelope_header = "",
	    .envelope_prefix = "",
	};
	struct conf conf = {.accounts = &account, .account_count = 1};
	struct fetch_job job = {.conf = &conf, .account = &account, .spool = house, .session = "s",
	    .route = route, .progress = no_progress, .context = context, .batch_messages = 2};
	int code;

	conf.gateway.spool = house->folder;
	conf.gateway.hostname = "gw.test";
	conf.line.proxy = "";
	code = fetch_account(&job, result, error);
	free(password);
	free(url);
	return code;
}

/* --- what came */

static bool has_each_once(const struct spool *house)
{
	int counts[MESSAGES] = {0}, damaged = 0;
	struct mailbox_list mails;
	struct error error;
	bool right = true;

	if (mailbox_list(house, "ivan", &mails, &error) != 0)
		return false;
	for (size_t i = 0; i < mails.count; i++) {
		struct slice bytes;
		int found = -1;

		if (mailbox_open(house, "ivan", &mails.items[i], &bytes, &error) != 0)
			return false;
		for (int n = 0; n < MESSAGES; n++)
			if (house_text_ends(bytes, text_of(n)))
				found = n;
		fsx_unmap(bytes);
		damaged += found < 0;
		if (found >= 0)
			counts[found]++;
	}
	mailbox_list_clear(&mails);
	for (int n = 0; n < MESSAGES; n++)
		right = right && counts[n] == 1;
	for (int n = 0; n < MESSAGES && !right; n++)
		print_message("message %d stands there %d times\n", n, counts[n]);
	return right && damaged == 0;
}

#endif
