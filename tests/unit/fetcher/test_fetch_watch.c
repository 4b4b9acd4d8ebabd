/* The connections that wait for new mail: the rests between them, and IDLE, which is renewed. */
#include "fetcher/fetch_watch.h"

#include "base/alloc.h"
#include "base/file/fsx.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void rests_grow_and_end(void **state)
{
	int64_t before = 0;

	(void)state;
	for (unsigned failures = 0; failures < 9; failures++) {
		int64_t ms = fetch_watch_rest_ms(failures, ERROR_TEMPORARY);

		assert_true(ms >= 2 * before && ms >= 1000);
		before = ms;
	}
	assert_true(before <= 1800000);
	assert_int_equal(fetch_watch_rest_ms(4000000000u, ERROR_IO), before);
	assert_true(fetch_watch_rest_ms(0, ERROR_LOGIN) >= 3600000);
	assert_true(fetch_watch_rest_ms(0, ERROR_NONE) >= 3600000);
}

static void who_is_watched(void **state)
{
	struct conf conf = {.line = {.permanent = true}};
	struct conf_account account = {.remote = {.url = (char *)"imaps://imap.example.ru"}, .enabled = true, .idle = true};

	(void)state;
	assert_true(fetch_watch_is_wanted(&conf, &account));
	account.idle = false;
	assert_false(fetch_watch_is_wanted(&conf, &account));
	account.idle = true;
	account.remote.url = (char *)"pop3s://pop.example.ru";
	assert_false(fetch_watch_is_wanted(&conf, &account));
	account.remote.url = (char *)"imap://imap.example.ru";
	conf.line.permanent = false;
	assert_false(fetch_watch_is_wanted(&conf, &account));
}

#define IDLES 3

/* A provider that says nothing of its own accord, and goes at the last IDLE. */
struct provider {
	int listener;
	unsigned idles, dones;
	bool is_in_order; /* DONE follows each IDLE, and ends it */
};

static void answer(struct provider *provider, FILE *peer, char *line)
{
	char *tag = strtok(line, " \r\n"), *word = strtok(NULL, " \r\n");
	static char idle_tag[32];

	if (tag != NULL && strcmp(tag, "DONE") == 0) {
		provider->is_in_order = provider->is_in_order && ++provider->dones == provider->idles;
		fprintf(peer, "%s OK\r\n", idle_tag);
	} else if (word != NULL && strcmp(word, "IDLE") == 0) {
		provider->is_in_order = provider->is_in_order && provider->idles++ == provider->dones;
		snprintf(idle_tag, sizeof(idle_tag), "%s", tag);
		fprintf(peer, "+ idling\r\n");
	} else if (tag != NULL) {
		fprintf(peer, "* CAPABILITY IMAP4rev1 IDLE\r\n* 0 EXISTS\r\n%s OK\r\n", tag);
	}
	fflush(peer);
}

static void *serve(void *context)
{
	struct provider *provider = context;
	const struct timeval patience = {.tv_sec = 60}; /* for an IDLE that is not renewed */
	int fd = accept(provider->listener, NULL, NULL);
	FILE *from, *to;
	char line[1024];

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0)
		return NULL;
	from = fdopen(fd, "r");
	to = fdopen(dup(fd), "w");
	fprintf(to, "* OK ready\r\n");
	fflush(to);
	while (provider->idles < IDLES && fgets(line, sizeof(line), from) != NULL)
		answer(provider, to, line);
	fclose(to);
	fclose(from);
	return NULL;
}

static struct conf *load(int listener)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	char folder[] = "/tmp/lanpost-watch.XXXXXX", *path, *text;
	struct conf_problems problems = {.count = 0};
	struct error error;
	struct slice part;
	struct conf *conf;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/lanpost.conf", folder);
	text = xasprintf("[gateway]\nspool = %s/spool\nlocal_domain = office.lan\n[line]\npermanent = yes\n"
			 "[account a]\nurl = imap://127.0.0.1:%d\ntls = none\nuser = u\npassword = p\n", folder, ntohs(address.sin_port));
	part = slice_of(text);
	assert_int_equal(fsx_create(path, &part, 1, 0600, &error), 0);
	conf = conf_load(path, &problems);
	conf_problems_clear(&problems);
	unlink(path);
	rmdir(folder);
	free(path);
	free(text);
	return conf;
}

static void count_news(void *context)
{
	++*(unsigned *)context;
}

static void idle_is_renewed(void **state)
{
	struct provider provider = {.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .is_in_order = true};
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct fetch_watch_job job = {.news = count_news, .idle_ms = 20};
	unsigned news = 0;
	struct error error;
	struct conf *conf;
	pthread_t thread;

	(void)state;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	assert_int_equal(bind(provider.listener, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(provider.listener, 1), 0);
	conf = load(provider.listener);
	assert_non_null(conf);
	job.conf = conf;
	job.account = &conf->accounts[0];
	job.context = &news;
	assert_int_equal(pthread_create(&thread, NULL, serve, &provider), 0);
	assert_int_equal(fetch_watch(&job, &error), -1); /* it has gone */
	pthread_join(thread, NULL);
	assert_true(provider.is_in_order);
	assert_int_equal(provider.idles, IDLES);
	assert_int_equal(news, 1); /* at the beginning only */
	close(provider.listener);
	conf_free(conf);
	curl_global_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rests_grow_and_end),
	    cmocka_unit_test(idle_is_renewed),
	    cmocka_unit_test(who_is_watched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
