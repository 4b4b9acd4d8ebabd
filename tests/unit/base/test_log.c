/* The log file when its name changes: rotated by others, and unreachable for a while. */
#include "base/log.h"

#include "base/alloc.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/test_log.XXXXXX";
static char *inner, *path;

static int set_up(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	inner = xasprintf("%s/logs", folder);
	path = xasprintf("%s/lanpost.log", inner);
	return mkdir(inner, 0700);
}

static int tear_down(void **state)
{
	(void)state;
	remove_tree(folder);
	free(inner);
	free(path);
	return 0;
}

static bool has(const char *file, const char *text)
{
	static char all[65536];
	FILE *stream = fopen(file, "re");
	size_t len = stream == NULL ? 0 : fread(all, 1, sizeof(all) - 1, stream);

	all[len] = '\0';
	if (stream != NULL)
		fclose(stream);
	return strstr(all, text) != NULL;
}

static void start(size_t max)
{
	log_start(&(struct log_settings){.level = LOG_LEVEL_INFO, .file = path, .file_max = max}, "test");
}

static void test_a_large_one_is_turned_over(void **state)
{
	char *old = xasprintf("%s.1", path);

	(void)state;
	start(100);
	log_info("event=first padding=\"%0100d\"", 0);
	log_info("event=second");
	assert_true(has(old, "event=first") && has(path, "event=second") && !has(path, "event=first"));
	free(old);
}

/* A process in a sandbox cannot see or create the file of that name: it keeps its open file. */
static void test_one_out_of_reach_is_not_lost(void **state)
{
	char *away = xasprintf("%s/away", folder), *kept = xasprintf("%s/lanpost.log", away);

	(void)state;
	start(300);
	log_info("event=before");
	assert_int_equal(rename(inner, away), 0);
	for (int i = 0; i < 20; i++)
		log_info("event=meanwhile number=%d", i);
	assert_true(has(kept, "event=meanwhile number=19"));
	assert_int_equal(rename(away, inner), 0);
	log_info("event=after");
	assert_true(has(path, "event=after"));
	free(away);
	free(kept);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_large_one_is_turned_over),
	    cmocka_unit_test(test_one_out_of_reach_is_not_lost),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
