/*
 * A spool for the tests of its modules: each test gets a new one, `spool`, in `folder`.
 */
#ifndef LANPOST_TESTS_SAMPLE_SPOOL_H
#define LANPOST_TESTS_SAMPLE_SPOOL_H

#include "base/alloc.h"
#include "base/file/fsx.h"
#include "spool/layout_priv.h"
#include "spool/queue/queue_priv.h"
#include "spool/spool.h"
#include "spool/log/wal.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char folder[64];
static struct spool spool;

static inline int set_up(void **context)
{
	struct error error;
	char *wal;

	(void)context;
	memcpy(folder, "/tmp/lanpost-unit-XXXXXX", sizeof("/tmp/lanpost-unit-XXXXXX"));
	if (mkdtemp(folder) == NULL)
		return -1;
	spool = spool_at(folder);
	wal = layout_wal(&spool, "");
	fsx_make_dirs(wal, &error);
	free(wal);
	return queue_make(&spool, &error);
}

static inline int tear_down(void **context)
{
	(void)context;
	return remove_tree(folder);
}

#define SPOOL_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
