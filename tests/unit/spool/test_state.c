/* The journal: results of trace, and removal of old events. */
#include "base/alloc.h"
#include "base/buf.h"
#include "spool/storage/state.h"
#include "spool/storage/state_journal.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define DAY 86400
#define BEGIN 1800000000 /* January 2027 */

static char folder[64];
static struct spool spool;
static struct state *state;

static int set_up(void **context)
{
	struct error error;

	(void)context;
	memcpy(folder, "/tmp/lanpost-unit-XXXXXX", sizeof("/tmp/lanpost-unit-XXXXXX"));
	spool = spool_at(folder);
	return mkdtemp(folder) == NULL ? -1 : state_open(&state, &spool, NULL, &error);
}

static int tear_down(void **context)
{
	(void)context;
	state_close(state);
	return remove_tree(folder);
}

/* The id of the message with this letter, which arrived that many days after BEGIN. */
static struct msgid id_of(char letter, int64_t day)
{
	struct msgid id = msgid_floor(BEGIN + day * DAY);

	id.text[MSGID_LEN - 1] = letter;
	return id;
}

static void add_events(const char *id, size_t count)
{
	struct error error;

	assert_int_equal(state_begin(state, &error), 0);
	for (size_t i = 0; i < count; i++) {
		const struct journal_event event = {.id = id, .time_us = (int64_t)i, .event = "x", .place = "", .session = "", .detail = ""};

		assert_int_equal(state_journal_add(state, &event, &error), 0);
	}
	assert_int_equal(state_commit(state, &error), 0);
}

static struct msgid add(char letter, int64_t day, const char *message_id, const char *sender, const char *recipients,
    const char *subject)
{
	struct msgid id = id_of(letter, day);
	const struct journal_message message = {.id = id.text, .message_id = message_id, .sender = sender,
	    .recipients = recipients, .subject = subject, .keywords = letter == 'a' ? "ivan, account Branch, rule счета" : NULL,
	    .time = BEGIN + day * DAY + 30, .size = 1};
	struct error error;

	assert_int_equal(state_message_add(state, &message, &error), 0);
	add_events(id.text, 2);
	return id;
}

static void add_letter(void *context, const struct journal_message *message, const struct journal_event *event)
{
	(void)event;
	buf_append_byte(context, message->id[MSGID_LEN - 1]);
}

/* The letters of the messages found, one for each event. */
static void expect(const char *words, int64_t since, int64_t until, const char *expected)
{
	const struct trace_query query = {words, since, until, 100};
	struct buf found = BUF_INIT(1000);
	struct error error;

	assert_int_equal(state_trace(state, &query, add_letter, &found, &error), 0);
	if (strcmp(buf_text(&found), expected) != 0)
		fail_msg("`%s`: %s, not %s", words, buf_text(&found), expected);
	buf_clear(&found);
}

static void test_trace(void **context)
{
	struct msgid b, c;
	char part[MSGID_LEN + 1];

	(void)context;
	add('a', 0, "One.1@x.ru", "ivan@office.lan", "Client@Bank.RU, x@y.ru", "Счёт на ОПЛАТУ, 50% скидка");
	b = add('b', 1, "two@x.ru", "", "anna@office.lan", "оплата счёта");
	c = id_of('c', 2);
	add('d', 3, c.text, "петя@почта.рф", "ivan@office.lan", "Re: of a message that is not ours");
	expect("", 0, INT64_MAX, "aabbdd");
	expect(b.text, 0, INT64_MAX, "bb");
	expect(c.text, 0, INT64_MAX, "dd"); /* looks like one of ours, and is part of a Message-ID */
	snprintf(part, sizeof(part), "%.10s", b.text);
	expect(part, 0, INT64_MAX, ""); /* ids are whole, or nearly all would match */
	expect("One.1@x.ru", 0, INT64_MAX, "aa");
	expect("one.1@x.ru", 0, INT64_MAX, "");
	expect("@x.ru", 0, INT64_MAX, "aabb");
	expect("bank.ru", 0, INT64_MAX, "aa");
	expect("branch", 0, INT64_MAX, "aa");
	expect("account BRANCH", 0, INT64_MAX, "aa");
	expect("rule Счета", 0, INT64_MAX, "aa");
	expect("IVAN@", 0, INT64_MAX, "aadd");
	expect("ПЕТЯ@Почта.рф", 0, INT64_MAX, "dd");
	expect("оплату СЧЁТ", 0, INT64_MAX, "aa");
	expect("  оплат   сч ", 0, INT64_MAX, "aabb");
	expect("50%", 0, INT64_MAX, "aa");
	expect("5_%", 0, INT64_MAX, "");
	expect("счёт нигде", 0, INT64_MAX, "");
	expect(" ", 0, INT64_MAX, "");
}

static void test_trace_by_time(void **context)
{
	(void)context;
	for (char letter = 'a'; letter < 'f'; letter++)
		add(letter, letter - 'a', "x", "a@b.ru", "c@d.ru", "x");
	expect("", BEGIN + DAY + 30, INT64_MAX, "bbccddee");
	expect("", BEGIN + DAY + 31, INT64_MAX, "ccddee");
	expect("", 0, BEGIN + DAY + 30, "aa");
	expect("a@b", BEGIN + DAY, BEGIN + 3 * DAY, "bbcc");
	expect("", BEGIN + 3 * DAY, BEGIN + DAY, "");
	expect("", INT64_MIN, INT64_MAX, "aabbccddee");
	expect(id_of('b', 1).text, BEGIN + 2 * DAY, INT64_MAX, "");
}

static void test_prune(void **context)
{
	struct msgid before = msgid_floor(BEGIN + 3 * DAY), many = id_of('b', 1);
	struct error error;

	(void)context;
	for (char letter = 'a'; letter < 'f'; letter++)
		add(letter, letter - 'a', "x", "", "", "x");
	add_events(many.text, 9000); /* more than go at once, all of one message */
	for (int64_t i = 0; i < 2000; i++) {
		struct msgid id = msgid_floor(BEGIN + 2 * DAY + 60 + i);

		add_events(id.text, 3); /* without a message */
	}
	assert_int_equal(state_journal_prune(state, &before, &error), 0);
	expect("", 0, INT64_MAX, "ddee");
	before = msgid_floor(0);
	assert_int_equal(state_journal_prune(state, &before, &error), 0);
	expect("", 0, INT64_MAX, "ddee");
}

static void count_event(void *context, const struct journal_event *event)
{
	(void)event;
	(*(size_t *)context)++;
}

static void test_prune_leaves_no_events(void **context)
{
	struct msgid first = id_of('a', 0), before = msgid_floor(BEGIN + DAY), none = msgid_floor(0);
	struct error error;
	size_t count = 0;

	(void)context;
	add_events(first.text, 5000);
	assert_int_equal(state_journal_prune(state, &before, &error), 0);
	assert_int_equal(state_journal_since(state, &none, count_event, &count, &error), 0);
	assert_int_equal(count, 0);
}

static void count_all_again(void *context, const struct journal_event *event)
{
	struct msgid none = msgid_floor(0);
	struct error error;

	(void)event;
	assert_int_equal(state_journal_since(state, &none, count_event, context, &error), 0);
}

/* Prepared statements are cached: a statement whose rows are being read is not reused for a second
 * query. */
static void test_rows_within_rows(void **context)
{
	struct msgid none = msgid_floor(0);
	struct error error;
	size_t count = 0;

	(void)context;
	add('a', 0, "m@x.ru", "", "", "");
	add('b', 1, "n@x.ru", "", "", "");
	for (size_t round = 1; round <= 2; round++) {
		assert_int_equal(state_journal_since(state, &none, count_all_again, &count, &error), 0);
		assert_int_equal(count, round * 4 * 4);
	}
}

/* A restored file may contain code of an attacker. */
static void test_the_file_runs_nothing(void **context)
{
	char *path = xasprintf("%s/state.db", folder), *text = NULL;
	struct error error;
	sqlite3 *db;

	(void)context;
	state_close(state);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TRIGGER t AFTER INSERT ON value BEGIN DELETE FROM value; END", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(state_open(&state, &spool, NULL, &error), 0);
	assert_int_equal(state_set(state, "key", "kept", &error), 0);
	assert_int_equal(state_get(state, "key", &text, &error), 0);
	assert_string_equal(text, "kept");
	free(text);
	free(path);
}

static void add_total(void *context, enum event event, const char *origin, uint64_t count, uint64_t bytes)
{
	buf_printf(context, "%s %s %llu %llu\n", event == EVENT_COUNT ? "?" : event_code(event), origin, (unsigned long long)count,
	    (unsigned long long)bytes);
}

/* Also as older versions wrote it: only accepted messages are counted by the text of their origin. */
static void test_totals_of_the_journal(void **context)
{
	static const struct {
		const char *event, *detail;
	} events[] = {
	    {"accepted", "account sales"}, {"accepted", "account sales"}, {"accepted", "account old name"}, {"accepted", "smtp 10.0.0.1 ivan"},
	    {"accepted", "gateway"}, {"sent", "250 OK"}, {"sent", "250 2.0.0 OK"}, {"of-later", "x"},
	};
	struct buf said = BUF_INIT(4096);
	struct msgid id = add('a', 0, "<x@y>", "a@b", "c@d", "subject"); /* with an event "x" */
	struct error error;

	(void)context;
	assert_int_equal(state_begin(state, &error), 0);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		const struct journal_event event = {.id = id.text, .time_us = (int64_t)(i + 1), .event = events[i].event, .place = "",
		    .session = "", .detail = events[i].detail};

		assert_int_equal(state_journal_add(state, &event, &error), 0);
	}
	assert_int_equal(state_commit(state, &error), 0);
	assert_int_equal(state_journal_totals(state, 1, 1000, add_total, &said, &error), 0);
	assert_string_equal(buf_text(&said),
	    "accepted account old name 1 1\naccepted account sales 2 2\naccepted gateway 1 1\naccepted smtp 10.0.0.1 ivan 1 1\n"
	    "?  1 1\nsent  2 2\n?  1 1\n");
	buf_clear(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_trace, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_trace_by_time, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_rows_within_rows, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_prune, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_totals_of_the_journal, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_prune_leaves_no_events, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_the_file_runs_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
