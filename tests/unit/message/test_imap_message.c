#include "base/alloc.h"
#include "message/budget.h"
#include "message/imap/imap_envelope.h"
#include "message/imap/imap_search.h"
#include "message/imap/imap_section.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *header, *envelope;
} envelopes[] = {
    {"Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nFrom: Fred Foobar <foobar@Blurdybloop.example>\r\nSubject: afternoon\r\n meeting\r\n"
     "To: mooch@owatagu.siam.edu.example\r\nMessage-Id: <B27397-0100000@Blurdybloop.example>\r\nIn-Reply-To:  <x@y>\r\n\r\n",
	"(\"Mon, 7 Feb 1994 21:52:25 -0800\" \"afternoon meeting\" ((\"Fred Foobar\" NIL \"foobar\" \"Blurdybloop.example\"))"
	" ((\"Fred Foobar\" NIL \"foobar\" \"Blurdybloop.example\")) ((\"Fred Foobar\" NIL \"foobar\" \"Blurdybloop.example\"))"
	" ((NIL NIL \"mooch\" \"owatagu.siam.edu.example\")) NIL NIL \"<x@y>\" \"<B27397-0100000@Blurdybloop.example>\")"},
    {"", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
    {"From: \"Doe, \\\"John\\\"\" <j.doe@a.example>, =?utf-8?Q?=D0=B9?= <q@b.example>\r\nSender: s@a.example\r\nReply-To:\r\n\r\n",
	"(NIL NIL ((\"Doe, \\\"John\\\"\" NIL \"j.doe\" \"a.example\")(\"=?utf-8?Q?=D0=B9?=\" NIL \"q\" \"b.example\"))"
	" ((NIL NIL \"s\" \"a.example\")) ((\"Doe, \\\"John\\\"\" NIL \"j.doe\" \"a.example\")(\"=?utf-8?Q?=D0=B9?=\" NIL \"q\" \"b.example\"))"
	" NIL NIL NIL NIL NIL)"},
    {"To: undisclosed-recipients:;\r\nCc: Team: a@x.example, b@x.example;, c@x.example\r\nBcc: nobody\r\n\r\n",
	"(NIL NIL NIL NIL NIL ((NIL NIL \"undisclosed-recipients\" NIL)(NIL NIL NIL NIL))"
	" ((NIL NIL \"Team\" NIL)(NIL NIL \"a\" \"x.example\")(NIL NIL \"b\" \"x.example\")(NIL NIL NIL NIL)(NIL NIL \"c\" \"x.example\"))"
	" ((NIL NIL \"nobody\" \"\")) NIL NIL)"},
    {"Subject: \xd1\x91\r\n\r\n", "(NIL {2}\r\n\xd1\x91 NIL NIL NIL NIL NIL NIL NIL NIL)"},
};

static void test_an_envelope_has_the_first_of_each_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(envelopes); i++) {
		struct buf out = BUF_INIT(10000);

		imap_envelope(slice_of(envelopes[i].header), &out);
		assert_string_equal(buf_text(&out), envelopes[i].envelope);
		buf_clear(&out);
	}
}

/* --- a message with everything */

#define INNER                                                                                                                     \
	"Subject: inner\r\nContent-Type: multipart/alternative; boundary=\"in\"\r\n\r\n"                                          \
	"--in\r\n\r\nplain inner\r\n--in\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable" \
	"\r\n\r\n<b>\xd0\xbf=D1=80</b>\r\n--in--\r\nepilogue of inner\r\n"
#define MESSAGE                                                                                                                   \
	"From: a@b.example\r\nSubject: =?windows-1251?B?0fe48g==?= 5\r\nX-Long: one\r\n two\r\nMIME-Version: 1.0\r\n"            \
	"Content-Type: multipart/mixed;\r\n boundary=out\r\n\r\npreamble\r\n--out\r\nContent-Type: text/plain; charset=koi8-r\r\n" \
	"Content-Language: ru, en\r\n\r\n\xf0\xd2\xc9\xd7\xc5\xd4\r\nworld\r\n--out\r\nContent-Type: message/rfc822\r\n"          \
	"Content-Description: forwarded\r\n\r\n" INNER "\r\n--out\r\nContent-Type: application/pdf; name=\"bill 5.pdf\"\r\n"      \
	"Content-Transfer-Encoding: base64\r\nContent-ID: <1@x>\r\nContent-Disposition: attachment; filename=\"bill 5.pdf\"\r\n"  \
	"\r\naGVsbG8=\r\n--out--\r\nepilogue\r\n"

static void test_a_structure_names_each_part(void **state)
{
	struct buf out = BUF_INIT(10000);
	struct imap_tree tree;

	(void)state;
	imap_tree_read(&tree, slice_of(MESSAGE));
	imap_structure(&tree, false, &out);
	assert_string_equal(buf_text(&out),
	    "((\"text\" \"plain\" (\"charset\" \"koi8-r\") NIL NIL \"7bit\" 13 2)"
	    "(\"message\" \"rfc822\" NIL NIL \"forwarded\" \"7bit\" 228 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL)"
	    " ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 11 1)"
	    "(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 15 1) \"alternative\") 13)"
	    "(\"application\" \"pdf\" (\"name\" \"bill 5.pdf\") \"<1@x>\" NIL \"base64\" 8) \"mixed\")");
	buf_reset(&out);
	imap_structure(&tree, true, &out);
	assert_string_equal(buf_text(&out),
	    "((\"text\" \"plain\" (\"charset\" \"koi8-r\") NIL NIL \"7bit\" 13 2 NIL NIL (\"ru\" \"en\") NIL)"
	    "(\"message\" \"rfc822\" NIL NIL \"forwarded\" \"7bit\" 228 (NIL \"inner\" NIL NIL NIL NIL NIL NIL NIL NIL)"
	    " ((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 11 1 NIL NIL NIL NIL)"
	    "(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"quoted-printable\" 15 1 NIL NIL NIL NIL)"
	    " \"alternative\" (\"boundary\" \"in\") NIL NIL NIL) 13 NIL NIL NIL NIL)"
	    "(\"application\" \"pdf\" (\"name\" \"bill 5.pdf\") \"<1@x>\" NIL \"base64\" 8 NIL"
	    " (\"attachment\" (\"filename\" \"bill 5.pdf\")) NIL NIL) \"mixed\" (\"boundary\" \"out\") NIL NIL NIL)");
	imap_tree_clear(&tree);
	buf_clear(&out);
}

static const struct {
	const char *section, *bytes; /* NULL: NIL */
} sections[] = {
    {"", MESSAGE},
    {"HEADER.FIELDS (subject x-long)", "Subject: =?windows-1251?B?0fe48g==?= 5\r\nX-Long: one\r\n two\r\n\r\n"},
    {"HEADER.FIELDS.NOT (subject X-LONG content-type)", "From: a@b.example\r\nMIME-Version: 1.0\r\n\r\n"},
    {"1", "\xf0\xd2\xc9\xd7\xc5\xd4\r\nworld"},
    {"1.MIME", "Content-Type: text/plain; charset=koi8-r\r\nContent-Language: ru, en\r\n\r\n"},
    {"2", INNER},
    {"2.HEADER", "Subject: inner\r\nContent-Type: multipart/alternative; boundary=\"in\"\r\n\r\n"},
    {"2.HEADER.FIELDS (Subject)", "Subject: inner\r\n\r\n"},
    {"2.1", "plain inner"},
    {"2.2", "<b>\xd0\xbf=D1=80</b>"},
    {"2.2.MIME", "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"},
    {"3", "aGVsbG8="},
    {"4", NULL},
    {"1.1", NULL},
    {"1.HEADER", NULL},
    {"2.3", NULL},
    {"2.1.1.1", NULL},
};

static void test_a_section_gives_its_exact_bytes(void **state)
{
	struct imap_tree tree;

	(void)state;
	imap_tree_read(&tree, slice_of(MESSAGE));
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		struct buf fields = BUF_INIT(10000), name = BUF_INIT(1000);
		struct imap_section section;
		struct slice bytes;

		assert_true(imap_section_read(slice_of(sections[i].section), &section));
		imap_section_name(&section, &name);
		assert_string_equal(buf_text(&name), sections[i].section);
		bytes = imap_section_bytes(&tree, &section, &fields);
		if (sections[i].bytes == NULL ? bytes.ptr != NULL : !slice_is(bytes, sections[i].bytes))
			fail_msg("[%s]: \"%.*s\"", sections[i].section, SLICE_PRINT(bytes));
		imap_section_clear(&section);
		buf_clear(&fields);
		buf_clear(&name);
	}
	imap_tree_clear(&tree);
}

static void test_what_is_no_section_is_refused(void **state)
{
	static const char *const wrong[] = {"0", "1.", ".1", "1..2", "-1", "99999999999", "MIME", "HEADER.FIELDS", "HEADER.FIELDS ()", "BODY",
	    "HEADER.FIELDS (a", "HEADER.FIELDS (a\r\nb)", "1.2.3.4.5.6.7.8.9.10.1.2.3.4.5.6.7.8.9.10.1.2.3.4.5.6.7.8.9.10.1.2.3.4.5.6.7.8.9.10.1"};
	struct imap_section section;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (imap_section_read(slice_of(wrong[i]), &section))
			fail_msg("%s", wrong[i]);
}

static void test_binary_is_without_its_encoding(void **state)
{
	static const struct {
		const char *section;
		enum imap_binary result;
		const char *bytes;
	} cases[] = {{"3", IMAP_BINARY_FOUND, "hello"}, {"2.2", IMAP_BINARY_FOUND, "<b>\xd0\xbf\xd1\x80</b>"}, {"2.1", IMAP_BINARY_FOUND, "plain inner"},
	    {"9", IMAP_BINARY_NONE, ""}};
	struct imap_tree tree;

	(void)state;
	imap_tree_read(&tree, slice_of(MESSAGE));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1000);
		struct imap_section section;

		assert_true(imap_section_read(slice_of(cases[i].section), &section));
		assert_int_equal(imap_section_binary(&tree, &section, &out), cases[i].result);
		assert_string_equal(buf_text(&out), cases[i].bytes);
		imap_section_clear(&section);
		buf_clear(&out);
	}
	imap_tree_clear(&tree);
}

/* --- odd messages */

static void test_odd_messages_have_a_structure(void **state)
{
	static const struct {
		const char *message, *structure;
	} odd[] = {
	    {"", "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 0 0)"},
	    {"Content-Type: multipart/mixed; boundary=x\r\n\r\nno part\r\n",
		"(\"text\" \"plain\" (\"boundary\" \"x\") NIL NIL \"7bit\" 9 1)"},
	    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nnot closed",
		"((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 10 1) \"mixed\")"},
	    {"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n\r\n",
		"(\"text\" \"plain\" (\"boundary\" \"x\") NIL NIL \"7bit\" 9 2)"},
	    {"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0K\r\n",
		"(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" 18)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct buf out = BUF_INIT(10000);
		struct imap_tree tree;

		imap_tree_read(&tree, slice_of(odd[i].message));
		imap_structure(&tree, false, &out);
		assert_string_equal(buf_text(&out), odd[i].structure);
		imap_tree_clear(&tree);
		buf_clear(&out);
	}
}

/* Messages in messages, deeper than any stack. */
static void test_depth_is_bounded(void **state)
{
	struct buf message = BUF_INIT(1u << 20), out = BUF_INIT(1u << 20);
	struct imap_tree tree;

	(void)state;
	for (int i = 0; i < 900; i++)
		buf_append_text(&message, "Content-Type: message/rfc822\r\n\r\n");
	imap_tree_read(&tree, buf_slice(&message));
	imap_structure(&tree, true, &out);
	assert_true(out.len > 1000 && out.len < 20000);
	imap_tree_clear(&tree);
	buf_clear(&message);
	buf_clear(&out);
}

/* --- search */

static bool finds(const char *message, const char *field, const char *text)
{
	struct buf folded = BUF_INIT(1000);
	struct imap_tree tree;
	bool found;

	budget_begin();
	imap_search_fold(slice_of(text), &folded);
	imap_tree_read(&tree, slice_of(message));
	if (strcmp(field, "BODY") == 0 || strcmp(field, "TEXT") == 0)
		found = imap_search_text(&tree, field[0] == 'T', buf_slice(&folded));
	else
		found = imap_search_field(tree.root->header, field, buf_slice(&folded));
	imap_tree_clear(&tree);
	buf_clear(&folded);
	return found;
}

/* Whether the parentheses are pairs: without those in quoted strings and literals. */
static bool is_list(struct slice text)
{
	size_t depth = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"') {
			for (i++; i < text.len && text.ptr[i] != '"'; i++)
				i += text.ptr[i] == '\\';
		} else if (text.ptr[i] == '{') {
			char *end;
			unsigned long len = strtoul(text.ptr + i + 1, &end, 10);

			i = (size_t)(end - text.ptr) + 2 + len;
		} else if (text.ptr[i] == '(') {
			depth++;
		} else if (text.ptr[i] == ')' && depth-- == 0) {
			return false;
		}
	}
	return depth == 0;
}

/* One message must not keep a client from all others: the replies of the server have a limit, too. */
static void test_a_structure_is_bounded_whatever_a_sender_writes(void **state)
{
	static const char *const fields[] = {"From: ", "To: ", "Content-Type: message/rfc822; ", "Content-Type: text/", "Content-Disposition: x; ",
	    "Content-Language: ", "Content-Transfer-Encoding: ", "Subject: "};
	static const char *const fillings[] = {"a,", "a:", "a=b;", "\"x\"", "abcd"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields) * ARRAY_LEN(fillings); i++) {
		struct buf message = BUF_INIT(8u << 20), out = BUF_INIT(64u << 20);
		struct imap_tree tree;

		buf_append_text(&message, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
		for (size_t part = 0; part < 6; part++) {
			buf_append_text(&message, "--b\r\nContent-Type: message/rfc822\r\n\r\n");
			buf_append_text(&message, fields[i / ARRAY_LEN(fillings)]);
			for (size_t end = message.len + 300000; message.len < end;)
				buf_append_text(&message, fillings[i % ARRAY_LEN(fillings)]);
			buf_append_text(&message, "\r\n\r\nx\r\n");
		}
		imap_tree_read(&tree, buf_slice(&message));
		imap_structure(&tree, true, &out);
		assert_true(out.len < 2 * IMAP_STRUCTURE_MAX && is_list(buf_slice(&out)));
		imap_tree_clear(&tree);
		buf_clear(&message);
		buf_clear(&out);
	}
}

static void test_a_text_is_found_where_a_reader_sees_it(void **state)
{
	(void)state;
	assert_true(finds(MESSAGE, "Subject", "счет"));
	assert_true(finds(MESSAGE, "Subject", "СЧЁТ 5"));
	assert_false(finds(MESSAGE, "Subject", "world"));
	assert_true(finds(MESSAGE, "X-Long", "one two"));
	assert_true(finds(MESSAGE, "X-Long", ""));
	assert_false(finds(MESSAGE, "X-None", ""));
	assert_true(finds(MESSAGE, "BODY", "привет world"));
	assert_true(finds(MESSAGE, "BODY", "пр"));
	assert_true(finds(MESSAGE, "BODY", "bill 5.PDF"));
	assert_true(finds(MESSAGE, "BODY", "inner"));
	assert_false(finds(MESSAGE, "BODY", "счёт"));
	assert_true(finds(MESSAGE, "TEXT", "счёт"));
	assert_false(finds(MESSAGE, "TEXT", "aGVsbG8"));
	assert_true(finds(MESSAGE, "TEXT", ""));
}

static void test_a_preview_is_the_beginning_of_the_text(void **state)
{
	struct buf out = BUF_INIT(1000);
	struct imap_tree tree;

	(void)state;
	imap_tree_read(&tree, slice_of(MESSAGE));
	imap_search_preview(&tree, 8, &out);
	assert_string_equal(buf_text(&out), "Привет w");
	imap_tree_clear(&tree);
	buf_clear(&out);
}

static void test_days_are_those_of_the_sender(void **state)
{
	int64_t day, time;

	(void)state;
	assert_true(imap_search_sent_day(slice_of("Date: 1 Jan 1970 23:00:00 -0500\r\n\r\n"), &day));
	assert_int_equal(day, 0);
	assert_true(imap_search_sent_time(slice_of("Date: 1 Jan 1970 23:00:00 -0500\r\n\r\n"), &time));
	assert_int_equal(time, 28 * 3600);
	assert_true(imap_search_sent_day(slice_of("Date: 31 Dec 1969 23:00:00 +0000\r\n\r\n"), &day));
	assert_int_equal(day, -1);
	assert_false(imap_search_sent_day(slice_of("Subject: x\r\n\r\n"), &day));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_an_envelope_has_the_first_of_each_field),
	    cmocka_unit_test(test_a_structure_names_each_part),
	    cmocka_unit_test(test_a_section_gives_its_exact_bytes),
	    cmocka_unit_test(test_what_is_no_section_is_refused),
	    cmocka_unit_test(test_binary_is_without_its_encoding),
	    cmocka_unit_test(test_odd_messages_have_a_structure),
	    cmocka_unit_test(test_depth_is_bounded),
	    cmocka_unit_test(test_a_structure_is_bounded_whatever_a_sender_writes),
	    cmocka_unit_test(test_a_text_is_found_where_a_reader_sees_it),
	    cmocka_unit_test(test_a_preview_is_the_beginning_of_the_text),
	    cmocka_unit_test(test_days_are_those_of_the_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
