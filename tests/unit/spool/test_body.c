/* Messages in progress: the total size in memory. */
#include "spool/body.h"

#include "base/alloc.h"
#include "spool/layout_priv.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PIECE 4096
#define MANY (BODY_MEMORY_ALL / BODY_MEMORY_MAX)

static void add(struct body *body, const struct spool *spool, size_t size)
{
	static const char bytes[PIECE];
	struct msgid id = msgid_new();
	struct error error;

	body_init(body, spool);
	for (size_t i = 0; i < size; i += PIECE)
		assert_int_equal(body_append(body, slice_make(bytes, PIECE), &id, &error), 0);
	assert_int_equal(body->size, size);
}

/* A message that arrives when the others use the limit is written to disk early; a small one is
 * not. */
static void test_all_together_have_a_limit(void **state)
{
	char folder[] = "/tmp/lanpost-body-XXXXXX", *wal;
	struct spool spool = spool_at(folder);
	struct body *bodies = xcalloc(MANY + 2, sizeof(*bodies));
	struct body late;

	(void)state;
	assert_non_null(mkdtemp(folder));
	wal = xasprintf("%s/wal", folder);
	assert_int_equal(mkdir(wal, 0700), 0);
	for (size_t i = 0; i < MANY; i++) {
		add(&bodies[i], &spool, BODY_MEMORY_MAX);
		assert_null(bodies[i].path);
	}
	assert_false(body_memory_is_short());
	add(&bodies[MANY], &spool, BODY_MEMORY_BUSY);
	assert_true(body_memory_is_short());
	add(&late, &spool, BODY_MEMORY_BUSY);
	assert_null(late.path);
	body_clear(&late, false);
	add(&late, &spool, BODY_MEMORY_BUSY + PIECE);
	assert_non_null(late.path);
	assert_int_equal(late.memory.len, 0);
	body_clear(&late, false);
	for (size_t i = 0; i <= MANY; i++)
		body_clear(&bodies[i], false);
	body_memory_take(BODY_MEMORY_ALL); /* nothing of what they had is still counted */
	assert_false(body_memory_is_short());
	body_memory_take(1);
	assert_true(body_memory_is_short());
	body_memory_give(BODY_MEMORY_ALL + 1);
	add(&late, &spool, BODY_MEMORY_MAX);
	assert_null(late.path);
	body_clear(&late, false);
	free(bodies);
	free(wal);
	remove_tree(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_together_have_a_limit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
