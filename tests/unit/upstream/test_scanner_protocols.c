/*
 * The protocols of scanners: what is sent, and every kind of reply, whole and byte by byte.
 */
#include "upstream/scanner/clamd.h"
#include "upstream/scanner/rspamd.h"
#include "upstream/scanner/spamd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"

#include <stdlib.h>

/* --- clamd */

static void test_clamd_begins_a_session_once(void **state)
{
	struct buf out = BUF_INIT(1024);
	struct clamd clamd;

	(void)state;
	clamd_init(&clamd);
	clamd_begin(&clamd, &out);
	assert_true(slice_equal(buf_slice(&out), slice_make("zIDSESSION\0zINSTREAM", 21)));
	buf_reset(&out);
	clamd_begin(&clamd, &out);
	assert_true(slice_equal(buf_slice(&out), slice_make("zINSTREAM", 10)));
	buf_reset(&out);
	clamd_chunk(0x10203, &out);
	assert_true(slice_equal(buf_slice(&out), slice_make("\0\1\2\3", 4)));
	buf_clear(&out);
	clamd_clear(&clamd);
}

static const struct {
	const char *reply;
	size_t len; /* 0: with its NUL */
	enum clamd_result result;
	const char *virus;
} clamd_replies[] = {
    {"1: stream: OK", 0, CLAMD_DONE, ""},
    {"1: stream: Eicar-Test-Signature FOUND", 0, CLAMD_DONE, "Eicar-Test-Signature"},
    {"1: stream: Two Words FOUND", 0, CLAMD_DONE, "Two Words"},
    {"INSTREAM size limit exceeded. ERROR", 0, CLAMD_TOO_LARGE, ""},
    {"1: INSTREAM size limit exceeded. ERROR", 0, CLAMD_TOO_LARGE, ""},
    {"2: stream: OK", 0, CLAMD_FAILED, ""},
    {"stream: OK", 0, CLAMD_FAILED, ""},
    {"1: stream: FOUND", 0, CLAMD_FAILED, ""},
    {"1: stream:  FOUND", 0, CLAMD_FAILED, ""},
    {"1: stream: Can't allocate memory ERROR", 0, CLAMD_FAILED, ""},
    {"1: COMMAND READ TIMED OUT. ERROR", 0, CLAMD_FAILED, ""},
    {"220 mail.example.ru ESMTP\r\n", 0, CLAMD_FAILED, ""},
    {"", 0, CLAMD_FAILED, ""},
    {"1: stream: OK", 13, CLAMD_MORE, ""},
    {"1: stream: OK\0x", 15, CLAMD_FAILED, ""},
};

static void test_clamd_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(clamd_replies); i++) {
		size_t len = clamd_replies[i].len > 0 ? clamd_replies[i].len : strlen(clamd_replies[i].reply) + 1;

		for (size_t piece = 1; piece <= len; piece += len > piece ? len - piece : 1) {
			struct buf out = BUF_INIT(1024);
			enum clamd_result result = CLAMD_MORE;
			struct scan_verdict verdict = {0};
			struct clamd clamd;
			struct error error;

			clamd_init(&clamd);
			clamd_begin(&clamd, &out);
			for (size_t at = 0; at < len && result == CLAMD_MORE; at += piece)
				result = clamd_feed(&clamd, slice_make(clamd_replies[i].reply + at, at + piece <= len ? piece : len - at), &verdict, &error);
			if (result != clamd_replies[i].result && piece == len)
				fail_msg("reply %zu: %d", i, (int)result);
			assert_true(result != CLAMD_DONE || verdict.looked == SCAN_VIRUS);
			if (result == CLAMD_DONE)
				assert_string_equal(verdict.virus, clamd_replies[i].virus);
			buf_clear(&out);
			clamd_clear(&clamd);
		}
	}
}

static void test_clamd_flood_is_bounded(void **state)
{
	char flood[CLAMD_REPLY_MAX + 1];
	struct scan_verdict verdict;
	struct clamd clamd;
	struct error error;

	(void)state;
	memset(flood, 'x', sizeof(flood));
	clamd_init(&clamd);
	assert_int_equal(clamd_feed(&clamd, slice_make(flood, sizeof(flood)), &verdict, &error), CLAMD_FAILED);
	clamd_clear(&clamd);
}

/* --- spamd */

static void test_spamd_request(void **state)
{
	struct buf out = BUF_INIT(1024);

	(void)state;
	spamd_begin(42, &out);
	assert_string_equal(buf_text(&out), "SYMBOLS SPAMC/1.5\r\nContent-length: 42\r\n\r\n");
	buf_clear(&out);
}

static const struct {
	const char *reply;
	int64_t score; /* -1: an error */
	const char *symbols;
} spamd_replies[] = {
    {"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\nSpam: True ; 15.5 / 5.0\r\n\r\nBAYES_99,URIBL\r\n", 15500, "BAYES_99,URIBL"},
    {"SPAMD/1.5 0 EX_OK\r\nspam: False ; 0.125 / 5.0\r\n\r\n\r\n", 125, ""},
    {"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 7 / 5\r\n\r\n", 7000, ""},
    {"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 15.5 / 5.0\r\n", -1, ""},
    {"SPAMD/1.1 0 EX_OK\r\nContent-length: 9\r\n\r\nA", -1, ""},
    {"SPAMD/1.1 76 Bad header line\r\n\r\n", -1, ""},
    {"SPAMD/1.1 0 EX_OK\r\nSpam: True ; many / 5.0\r\n\r\n", -1, ""},
    {"HTTP/1.1 200 OK\r\n\r\n", -1, ""},
    {"SPAMD/1.1", -1, ""},
    {"", -1, ""},
};

static void test_spamd_replies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spamd_replies); i++) {
		struct scan_verdict verdict;
		struct error error;
		int result = spamd_read(slice_of(spamd_replies[i].reply), &verdict, &error);

		if ((result == 0) != (spamd_replies[i].score >= 0))
			fail_msg("reply %zu", i);
		if (result != 0)
			continue;
		assert_int_equal(verdict.score, spamd_replies[i].score);
		assert_string_equal(verdict.symbols, spamd_replies[i].symbols);
		assert_int_equal(verdict.looked, SCAN_SPAM);
	}
}

/* --- rspamd */

static void test_rspamd_lines_have_no_line_ends(void **state)
{
	struct strlist lines = {NULL, 0};
	struct scan_facts facts;

	(void)state;
	scan_facts_init(&facts);
	scan_facts_set(&facts.address, SLICE_LITERAL("192.0.2.1"));
	scan_facts_set(&facts.sender, SLICE_LITERAL("a@b.ru\r\nPassword: x"));
	strlist_add(&facts.recipients, "ivan@office.lan");
	rspamd_lines(&facts, &lines);
	assert_int_equal(lines.count, 3);
	assert_string_equal(lines.items[0], "IP: 192.0.2.1");
	assert_string_equal(lines.items[1], "From: a@b.ru  Password: x");
	assert_string_equal(lines.items[2], "Rcpt: ivan@office.lan");
	strlist_clear(&lines);
	scan_facts_clear(&facts);
}

static const struct {
	const char *answer;
	int64_t score; /* INT64_MIN: an error */
	const char *symbols;
} rspamd_answers[] = {
    {"{\"score\": 8.25, \"symbols\": {\"ZERO\": {\"score\": 0.0}, \"PILLS\": {\"score\": 7.5}, \"HOP\": {\"score\": 0.5}}}", 8250, "PILLS,HOP,ZERO"},
    {"{\"score\": -1.5, \"action\": \"no action\", \"symbols\": {}}", -1500, ""},
    {"{\"score\": 3}", 3000, ""},
    {"{\"score\": 1e300}", SCAN_SCORE_MAX - 1000, ""},
    {"{\"score\": \"8\"}", INT64_MIN, ""},
    {"{\"error\": \"no workers\"}", INT64_MIN, ""},
    {"{\"action\": \"reject\"}", INT64_MIN, ""},
    {"[1]", INT64_MIN, ""},
    {"{\"score\": 1", INT64_MIN, ""},
    {"", INT64_MIN, ""},
};

static void test_rspamd_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rspamd_answers); i++) {
		struct scan_verdict verdict;
		struct error error;
		int result = rspamd_read(slice_of(rspamd_answers[i].answer), &verdict, &error);

		if ((result == 0) != (rspamd_answers[i].score != INT64_MIN))
			fail_msg("answer %zu", i);
		if (result != 0)
			continue;
		assert_int_equal(verdict.score, rspamd_answers[i].score);
		assert_string_equal(verdict.symbols, rspamd_answers[i].symbols);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_clamd_begins_a_session_once),
	    cmocka_unit_test(test_clamd_replies),
	    cmocka_unit_test(test_clamd_flood_is_bounded),
	    cmocka_unit_test(test_spamd_request),
	    cmocka_unit_test(test_spamd_replies),
	    cmocka_unit_test(test_rspamd_lines_have_no_line_ends),
	    cmocka_unit_test(test_rspamd_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
