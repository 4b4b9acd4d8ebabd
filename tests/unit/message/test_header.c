#include "base/alloc.h"
#include "message/header.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(text) SLICE_LITERAL(text)

/* expected: "name=unfolded body;" a field */
static const struct {
	const char *name;
	struct slice message;
	const char *expected;
	size_t length;
} messages[] = {
    {"CRLF", S("A: b\r\nC:d\r\n\r\nE: f\r\n"), "A=b;C=d;", 13},
    {"bare LF", S("A: b\nC:d\n\nE: f\n"), "A=b;C=d;", 10},
    {"folded", S("A: b\r\n\tc\r\n  d\r\nE: f\r\n\r\n"), "A=b\tc  d;E=f;", 23},
    {"blank before colon", S("Subject : a\r\n\r\n"), "Subject=a;", 15},
    {"mbox line", S("From ivan Mon Nov 23\nA: b\n\n"), "A=b;", 27},
    {"junk with a continuation", S("junk\n A: no\nB: c\n\n"), "B=c;", 18},
    {"line of blanks", S("A: b\r\n \r\n c\r\nD: e\r\n\r\n"), "A=b  c;D=e;", 21},
    {"no body", S("A: b\r\n"), "A=b;", 6},
    {"no line end", S("A: b"), "A=b;", 4},
    {"empty body", S("A:\r\nB: \r\n\r\n"), "A=;B=;", 11},
    {"body at once", S("\r\nA: b\r\n"), "", 2},
    {"empty", S(""), "", 0},
    {"8-bit name", S("\xd0\xb0: b\nC: d\n\n"), "C=d;", 12},
    {"NUL in the name", S("A\0: b\nC: d\n\n"), "C=d;", 12},
    {"colon first", S(": b\nC: d\n\n"), "C=d;", 10},
    {"begins with a blank", S(" a: b\nC: d\n\n"), "C=d;", 12},
};

static void test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct buf out = BUF_INIT(10000);
		struct header_walk walk;
		struct header_field field;

		header_walk_init(&walk, messages[i].message);
		while (header_walk_next(&walk, &field)) {
			buf_append_slice(&out, field.name);
			buf_append_byte(&out, '=');
			header_unfold(field.body, &out);
			buf_append_byte(&out, ';');
		}
		if (strcmp(buf_text(&out), messages[i].expected) != 0)
			fail_msg("%s: %s", messages[i].name, buf_text(&out));
		if (header_length(messages[i].message) != messages[i].length)
			fail_msg("%s: %zu", messages[i].name, header_length(messages[i].message));
		buf_clear(&out);
	}
}

static void test_find(void **state)
{
	struct slice message = S("A: 1\nsubject: 2\nSubject: 3\n\nX: 4\n");
	struct header_field field;

	(void)state;
	assert_true(header_find(message, "SUBJECT", &field));
	assert_true(slice_is(slice_trim(field.body), "2"));
	assert_true(slice_is(field.raw, "subject: 2\n"));
	assert_false(header_find(message, "X", &field));
}

/* The id of an external message in our header never adds a second line, for any reader. */
static void test_ids_of_others(void **state)
{
	char longest[252] = "<", *at = longest + 1;

	(void)state;
	while (at < longest + 249)
		*at++ = 'a';
	*at = '>';
	assert_true(header_is_message_id(slice_make(longest, 250)));
	longest[249] = 'a';
	longest[250] = '>';
	assert_false(header_is_message_id(slice_make(longest, 251)));
	assert_true(header_is_message_id(S("<1@example.ru>")));
	assert_false(header_is_message_id(S("")));
	assert_false(header_is_message_id(S("<>")));
	assert_false(header_is_message_id(S("1@example.ru")));
	assert_false(header_is_message_id(S("<1@example.ru> <2@example.ru>")));
	assert_false(header_is_message_id(S("<1@example.ru>\r\n\t<2@example.ru>")));
	assert_false(header_is_message_id(S("<1\rBcc: all@office.lan>")));
	assert_false(header_is_message_id(S("<1\0@example.ru>")));
	assert_false(header_is_message_id(S("<1\x1b[2J@example.ru>")));
	assert_false(header_is_message_id(S("<\xd0\xb0@example.ru>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_ids_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
