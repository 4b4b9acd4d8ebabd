/* The text of HTML as rules search it. */
#include "message/html.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	const char *html, *text;
} cases[] = {
    {"", ""},
    {"plain", "plain"},
    {"<p>one</p><p>two</p>", " one  two "},
    {"one<br>two<BR/>three", "one two three"},
    /* tags within a word */
    {"сч<b>ёт</b>", "счёт"},
    {"a<SPAN style=\"x\">b</SPAN>c<strong>d</strong>", "abcd"},
    {"a<bdo>b", "a b"},
    /* what nobody sees */
    {"a<script>var x = \"<p>hidden\";</script>b", "a b"},
    {"a<STYLE type=x>p { }</Style>b", "a b"},
    {"a<!-- hidden <p> -->b", "a b"},
    {"a<script>never closed", "a "},
    {"a<!-- never closed", "a "},
    {"a<p never closed", "a "},
    /* what is no tag */
    {"1 < 2 > 0", "1 < 2 > 0"},
    {"a<", "a<"},
    /* entities */
    {"&lt;b&gt; &amp;amp; &quot;x&apos;", "<b> &amp; \"x'"},
    {"a&nbsp;b&#160;c&#xA0;d", "a b c d"},
    {"со&shy;ro", "соro"},
    {"&laquo;&euro;&raquo;", "«€»"},
    {"&#1057;&#x447;&#X451;&#x20ac;&#x1F4E7;", "Счё€\xf0\x9f\x93\xa7"},
    {"&unknown; &amp &; &#; &#x; &#12a;", "&unknown; &amp &; &#; &#x; &#12a;"},
    {"a&#0;b&#10;c&#xD800;d&#x110000;e", "a b c d e"},
    {"&#99999999999999999999; &#4294967361;", "&#99999999999999999999; &#4294967361;"},
};

static void test_the_text_of_html(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1000);

		assert_int_equal(html_to_text(slice_of(cases[i].html), &out), 0);
		if (strcmp(buf_text(&out), cases[i].text) != 0)
			fail_msg("%s\nexpected: %s|\ngot:      %s|", cases[i].html, cases[i].text, buf_text(&out));
		buf_clear(&out);
	}
}

static void test_a_full_buffer_has_the_beginning(void **state)
{
	struct buf out = BUF_INIT(5);

	(void)state;
	assert_int_equal(html_to_text(SLICE_LITERAL("one two three"), &out), -1);
	assert_true(slice_is(slice_make(out.ptr, out.len), "one t"));
	buf_clear(&out);
}

/* A megabyte of beginnings takes no time: the rest is not searched for each of them. */
static void test_it_is_linear(void **state)
{
	static const char *const beginnings[] = {"<", "<a", "<!--", "<script>", "&", "&#x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(beginnings); i++) {
		struct buf html = BUF_INIT(1 << 20), out = BUF_INIT(2 << 20);

		while (buf_append_text(&html, beginnings[i]) == 0)
			;
		assert_int_equal(html_to_text(buf_slice(&html), &out), 0);
		buf_clear(&html);
		buf_clear(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_text_of_html),
	    cmocka_unit_test(test_a_full_buffer_has_the_beginning),
	    cmocka_unit_test(test_it_is_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
