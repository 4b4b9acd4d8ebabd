/* Attachments that are cut out of a message: what stays is a valid message, and nothing else of it changes. */
#include "message/attachment/attachment_cut.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define EXE "Content-Disposition: attachment; filename=run.exe\r\n"
#define MIXED "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"

static struct attachment_types *types;
static char *patterns[] = {"*.exe", "*.eml"};
static const struct strlist forbidden = {patterns, ARRAY_LEN(patterns)};

static int setup(void **state)
{
	struct error error;

	(void)state;
	types = attachment_types_open(&error);
	return types == NULL ? -1 : 0;
}

/* With "[name]" in place of what is cut; NULL: it cannot be. New memory. */
static char *cut(const char *message)
{
	const struct attachment_rules rules = {&forbidden, ATTACHMENT_UNREADABLE};
	struct scan_cuts cuts;
	struct buf out = BUF_INIT(1u << 20);
	size_t end = 0;

	if (!attachment_cut(types, &rules, slice_of(message), &cuts)) {
		assert_int_equal(cuts.count, 0);
		return NULL;
	}
	for (size_t i = 0; i < cuts.count; i++) {
		buf_append(&out, message + end, (size_t)cuts.items[i].at - end);
		if (!cuts.items[i].is_silent)
			buf_printf(&out, "[%s]", cuts.items[i].name);
		end = (size_t)(cuts.items[i].at + cuts.items[i].len);
	}
	buf_append_text(&out, message + end);
	return buf_take(&out);
}

static const struct {
	const char *name, *message, *left; /* NULL: it cannot be cut */
} cases[] = {
    {"nothing", MIXED "--x\r\n\r\nhello\r\n--x--\r\n", MIXED "--x\r\n\r\nhello\r\n--x--\r\n"},
    {"one", MIXED "--x\r\n\r\nhello\r\n--x\r\n" EXE "\r\nMZ\r\n--x--\r\n", MIXED "--x\r\n\r\nhello\r\n--x\r\n[run.exe]\r\n--x--\r\n"},
    {"two, and one between", MIXED "--x\r\n" EXE "\r\nMZ\r\n--x\r\n\r\nhello\r\n--x\r\n" EXE "\r\nMZ\r\n\r\n--x--\r\nend\r\n",
	MIXED "--x\r\n[run.exe]\r\n--x\r\n\r\nhello\r\n--x\r\n[run.exe]\r\n--x--\r\nend\r\n"},
    {"bare line ends", "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" EXE "\nMZ\n--x--\n",
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n[run.exe]\n--x--\n"},
    {"without a body", MIXED "--x\r\n" EXE "\r\n--x--\r\n", MIXED "--x\r\n[run.exe]\r\n--x--\r\n"},
    {"without an end of its header", MIXED "--x\r\n" EXE "--x--\r\n", MIXED "--x\r\n[run.exe]\r\n--x--\r\n"},
    {"never closed", MIXED "--x\r\n" EXE "\r\nMZ\r\n", MIXED "--x\r\n[run.exe]\r\n"},
    {"inside of another", MIXED "--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n--y\r\n" EXE "\r\nMZ\r\n--y--\r\n\r\n--x--\r\n",
	MIXED "--x\r\nContent-Type: multipart/related; boundary=y\r\n\r\n--y\r\n[run.exe]\r\n--y--\r\n\r\n--x--\r\n"},
    {"in an attached message", MIXED "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
	"boundary=y\r\n\r\n--y\r\n" EXE "\r\nMZ\r\n--y--\r\n--x--\r\n",
	MIXED "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n"
	"[run.exe]\r\n--y--\r\n--x--\r\n"},
    {"all of an attached message", MIXED "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: a\r\nMIME-Version: 1.0\r\n" EXE "\r\nMZ\r\n--x--\r\n",
	MIXED "--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: a\r\nMIME-Version: 1.0\r\n[run.exe]\r\n--x--\r\n"},
    {"all of the message", "Subject: a\r\n" EXE "MIME-Version: 1.0\r\nContent-Type: application/zip\r\n\r\nPK\r\n",
	"Subject: a\r\nMIME-Version: 1.0\r\n[run.exe]\r\n"},
    {"all of a message without MIME-Version", "Subject: a\r\n" EXE "Content-Type: application/zip\r\n\r\nPK\r\n", NULL},
    {"signed", "Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n" EXE "\r\nMZ\r\n--x\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n--x--\r\n", NULL},
    {"signed, deeper", MIXED "--x\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n--y\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n"
	"--z\r\n" EXE "\r\nMZ\r\n--z--\r\n--y--\r\n--x--\r\n", NULL},
    {"beside a signed one", MIXED "--x\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n--y\r\n\r\na\r\n--y--\r\n\r\n--x\r\n" EXE "\r\nMZ\r\n--x--\r\n",
	MIXED "--x\r\nContent-Type: multipart/signed; boundary=y\r\n\r\n--y\r\n\r\na\r\n--y--\r\n\r\n--x\r\n[run.exe]\r\n--x--\r\n"},
    {"an attached message with the name", MIXED "--x\r\nContent-Type: message/rfc822; name=a.eml\r\n\r\nSubject: a\r\n\r\nb\r\n--x--\r\n", NULL},
    {"in the text", MIXED "--x\r\n\r\nhello\r\nbegin 644 run.exe\r\n#x\r\nend\r\n--x--\r\n", NULL},
    {"two types", MIXED "--x\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\nhello\r\n--x\r\n" EXE "\r\nMZ\r\n--x--\r\n", NULL},
    {"empty", "", ""},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *left = cut(cases[i].message);

		if ((left == NULL) != (cases[i].left == NULL) || (left != NULL && strcmp(left, cases[i].left) != 0))
			fail_msg("%s: %s", cases[i].name, left == NULL ? "cannot be cut" : left);
		free(left);
	}
}

static void test_more_than_can_be_cut(void **state)
{
	struct buf message = BUF_INIT(1u << 20);
	char *left;

	(void)state;
	buf_append_text(&message, MIXED);
	for (int i = 0; i <= SCAN_CUTS_MAX; i++)
		buf_append_text(&message, "--x\r\n" EXE "\r\nMZ\r\n");
	buf_append_text(&message, "--x--\r\n");
	left = cut(buf_text(&message));
	assert_null(left);
	buf_clear(&message);
}

/* From one process to another; the reader trusts nothing. */
static void test_the_text_form(void **state)
{
	static const char *const bad[] = {"1 2 0 3 0 a", "1 2 0 3 0 a b c\n", "x 2 0 3 0 a b\n", "1 2 2 3 0 a b\n", "1 2 0 3 16 a b\n", "1 -2 0 3 0 a b\n",
	    "9 1 0 0 0 a b\n1 1 0 0 0 a b\n", "1 5 0 0 0 a b\n3 1 0 0 0 a b\n", "\n"};
	struct scan_cuts cuts = {.count = 2, .items = {{.at = 5, .len = 7, .size = 9, .kind = ATTACHMENT_MACROS, .name = "a b.docm", .type = "x/y"},
				     {.at = 12, .is_silent = true}}}, again;
	struct buf text = BUF_INIT(SCAN_CUTS_TEXT_MAX), twice = BUF_INIT(SCAN_CUTS_TEXT_MAX);

	(void)state;
	scan_cuts_write(&cuts, &text);
	assert_true(scan_cuts_read(buf_slice(&text), &again));
	scan_cuts_write(&again, &twice);
	assert_string_equal(buf_text(&text), buf_text(&twice));
	assert_string_equal(again.items[0].name, "a b.docm");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(scan_cuts_read(slice_of(bad[i]), &again));
	buf_clear(&text);
	buf_clear(&twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_more_than_can_be_cut), cmocka_unit_test(test_the_text_form)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
