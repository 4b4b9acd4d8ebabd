/* Where things are: spools of older versions are found again, so none of these paths may change. */
#include "base/alloc.h"
#include "spool/layout_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void expect(char *path, const char *expected)
{
	assert_string_equal(path, expected);
	free(path);
}

static void test_paths_do_not_change(void **context)
{
	const struct spool spool = spool_at((char *)(uintptr_t)"/s");

	(void)context;
	expect(layout_version(&spool), "/s/version");
	expect(layout_gateway_lock(&spool), "/s/lanpostd.lock");
	expect(layout_line_up(&spool), "/s/line.up");
	expect(layout_reserve(&spool), "/s/reserve");
	expect(layout_login_key(&spool), "/s/login-salt.key");
	expect(layout_sign_in(&spool, "x.json"), "/s/sign-in/x.json");
	expect(layout_state(&spool), "/s/state.db");
	expect(layout_state_file(&spool, "-wal"), "/s/state.db-wal");
	expect(layout_seen(&spool, ".new"), "/s/seen.db.new");
	expect(layout_wal(&spool, ""), "/s/wal");
	expect(layout_wal(&spool, "lan.lock"), "/s/wal/lan.lock");
	expect(layout_body(&spool, "ID"), "/s/wal/ID.msg");
	expect(layout_mailboxes(&spool), "/s/mailboxes");
	expect(layout_mailbox(&spool, "ivan", ""), "/s/mailboxes/ivan");
	expect(layout_mailbox(&spool, "ivan", "new/1"), "/s/mailboxes/ivan/new/1");
	expect(layout_mailbox(&spool, "ivan/Sent", ""), "/s/mailboxes/ivan/.Sent");
	expect(layout_mailbox(&spool, "ivan/Архив/v1.2", "cur"), "/s/mailboxes/ivan/.&BBAEQARFBDgEMg-.v1&AC4-2/cur");
	expect(layout_archive(&spool), "/s/archive");
	expect(layout_archive_month(&spool, "ivan", 2026, 3), "/s/archive/ivan/2026-03");
	expect(layout_archive_month(&spool, "ivan/A/B", 2026, 3), "/s/archive/ivan/2026-03/.A.B");
	expect(layout_queues(&spool), "/s/queue");
	expect(layout_queue(&spool, QUEUE_CORRUPT), "/s/queue/corrupt");
	expect(layout_queue_file(&spool, QUEUE_DEFERRED, "ID", ".env"), "/s/queue/deferred/ID.env");
	expect(layout_queue_lock(&spool), "/s/queue/.lock");
	expect(layout_tls(&spool, "key.pem"), "/s/tls/key.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths_do_not_change)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
