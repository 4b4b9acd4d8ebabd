#include "base/alloc.h"
#include "message/html.h"
#include "message/mime.h"
#include "message/transfer.h"
#include "tests/unit/cpu_time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* One line a part: depth, type, * for a container, + for an attachment, name, body. */
static void describe(const struct mime_part *part, struct buf *out)
{
	struct buf name = BUF_INIT(1000);

	buf_printf(out, "%u %.*s%s%s", part->depth, SLICE_PRINT(part->type),
	    part->is_container ? "*" : "", mime_is_attachment(part) ? "+" : "");
	if (mime_file_name(part, &name))
		buf_printf(out, " <%s>", buf_text(&name));
	if (!part->is_container)
		buf_printf(out, " [%.*s]", SLICE_PRINT(part->body));
	buf_append_byte(out, '\n');
	buf_clear(&name);
}

static const struct {
	const char *name, *message, *expected;
} walks[] = {
    {"nothing", "", "0 text/plain []\n"},
    {"no header", "\nbody\n", "0 text/plain [body\n]\n"},
    {"no body", "Subject: x\n", "0 text/plain []\n"},
    {"old type", "Content-Type: text\n\nx", "0 text/plain [x]\n"},
    {"two parts",
        "Content-Type: Multipart/Mixed; boundary=\"a b\"\n\npre\n--a b\n\none\n--a b  "
        "\nContent-Type: text/html\n\ntwo\n\n--a b--\npost\n",
        "0 Multipart/Mixed*\n1 text/plain [one]\n1 text/html [two\n]\n"},
    {"CRLF", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n",
        "0 multipart/mixed*\n1 text/plain [one]\n"},
    {"nested, one boundary begins like the other",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
        "boundary=bb\n\n--bb\n\none\n--bb--\n--b\n\ntwo\n--b--\n",
        "0 multipart/mixed*\n1 multipart/alternative*\n2 text/plain [one]\n1 text/plain [two]\n"},
    {"inner one never closed",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
        "boundary=c\n\n--c\n\none\n--b\n\ntwo\n--b--\n",
        "0 multipart/mixed*\n1 multipart/alternative*\n2 text/plain [one]\n1 text/plain [two]\n"},
    {"never closed", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n",
        "0 multipart/mixed*\n1 text/plain [one\n]\n"},
    {"boundary that never comes", "Content-Type: multipart/mixed; boundary=b\n\ntext\n",
        "0 multipart/mixed [text\n]\n"},
    {"no boundary at all", "Content-Type: multipart/mixed\n\ntext\n",
        "0 multipart/mixed [text\n]\n"},
    {"part without a header or an empty line",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\njust text\nmore\n\nend\n--b--\n",
        "0 multipart/mixed*\n1 text/plain [just text\nmore\n\nend]\n"},
    {"boundary in a header",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
        "text/html\n--b\n\ntwo\n--b--\n",
        "0 multipart/mixed*\n1 text/html []\n1 text/plain [two]\n"},
    {"message in a message",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822; "
        "name=x.eml\n\nSubject: in\nContent-Type: text/html\n\nhi\n--b--\n",
        "0 multipart/mixed*\n1 message/rfc822*+ <x.eml>\n1 text/html [hi]\n"},
    {"digest", "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nhi\n--b--\n",
        "0 multipart/digest*\n1 message/rfc822*\n1 text/plain [hi]\n"},
    {"attachments",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/pdf\n\n1\n"
        "--b\nContent-Type: text/plain; name=a.txt\n\n2\n"
        "--b\nContent-Type: image/png; name=logo.png\nContent-ID: <x>\nContent-Disposition: "
        "inline\n\n3\n"
        "--b\nContent-Type: application/pgp-signature; name=s.asc\n\n4\n"
        "--b\nContent-Disposition: attachment; filename*0=long; filename*1=\".name\"\n\n5\n"
        "--b\nContent-Disposition: inline\n\n6\n--b--\n",
        "0 multipart/mixed*\n1 application/pdf+ [1]\n1 text/plain <a.txt> [2]\n"
        "1 image/png <logo.png> [3]\n1 application/pgp-signature <s.asc> [4]\n"
        "1 text/plain+ <long.name> [5]\n1 text/plain [6]\n"},
};

static void test_walk(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		struct buf out = BUF_INIT(10000);
		struct mime_walk walk;
		struct mime_part part;

		mime_walk_init(&walk, slice_of(walks[i].message));
		while (mime_walk_next(&walk, &part))
			describe(&part, &out);
		if (strcmp(buf_text(&out), walks[i].expected) != 0)
			fail_msg("%s:\n%s", walks[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

static size_t count_parts(struct slice message, unsigned *deepest)
{
	struct mime_walk walk;
	struct mime_part part;
	size_t count = 0;

	*deepest = 0;
	mime_walk_init(&walk, message);
	while (mime_walk_next(&walk, &part)) {
		count++;
		if (part.depth > *deepest)
			*deepest = part.depth;
	}
	return count;
}

static void test_nested_a_thousand_deep(void **state)
{
	struct buf message = BUF_INIT(1u << 20);
	int64_t start = cpu_ms();
	unsigned deepest;

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(
		    &message, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
	buf_append_text(&message, "\ntext\n");
	assert_int_equal(count_parts(buf_slice(&message), &deepest), MIME_DEPTH_MAX + 1);
	assert_int_equal(deepest, MIME_DEPTH_MAX);
	assert_true(cpu_ms() - start < 20000);
	buf_clear(&message);
}

static void test_a_million_parts(void **state)
{
	struct buf message = BUF_INIT(64u << 20);
	int64_t start = cpu_ms();
	unsigned deepest;

	(void)state;
	buf_append_text(&message, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (int i = 0; i < 1000000; i++)
		buf_append_text(&message, "--b\n\nx\n");
	assert_int_equal(count_parts(buf_slice(&message), &deepest), MIME_PARTS_MAX);
	assert_true(cpu_ms() - start < 20000);
	buf_clear(&message);
}

/* Lines that are nearly boundaries, with the maximum of open boundaries. */
static void test_nearly_boundaries(void **state)
{
	struct buf message = BUF_INIT(64u << 20);
	int64_t start = cpu_ms();
	unsigned deepest;

	(void)state;
	for (unsigned i = 0; i < MIME_DEPTH_MAX; i++)
		buf_printf(
		    &message, "Content-Type: multipart/mixed; boundary=%0150u\n\n--%0150u\n", i, i);
	buf_append_text(&message, "\n");
	for (int i = 0; i < 100000; i++)
		buf_printf(&message, "--%0150d\n", 99);
	count_parts(buf_slice(&message), &deepest);
	assert_true(cpu_ms() - start < 20000);
	buf_clear(&message);
}

static const struct {
	const char *name, *part, *expected;
	size_t room; /* 0: plenty */
} texts[] = {
    {"plain", "\nhello\n", "hello\n", 0},
    {"koi8-r", "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\xd7\xc5\xd4", "Привет", 0},
    {"8-bit without a charset", "\n\xcf\xf0\xe8\xe2\xe5\xf2, \xe2\xee\xf2 \xf1\xf7\xe5\xf2",
        "Привет, вот счет", 0},
    {"us-ascii that is not", "Content-Type: text/plain; charset=us-ascii\n\n\xd1\x8f", "я", 0},
    {"unknown charset", "Content-Type: text/plain; charset=x-foo\n\nabc", "abc", 0},
    {"quoted-printable", "Content-Transfer-Encoding: Quoted-Printable\n\na=3Db=\n c=\r\nd= \ne=XX=",
        "a=b cde=XX", 0},
    {"base64", "Content-Transfer-Encoding: BASE64\n\naGVs\r\nbG8=\r\n", "hello", 0},
    {"base64 with junk", "Content-Transfer-Encoding: base64\n\na!G-Vs_bG8", "hello", 0},
    {"html",
        "Content-Type: text/html\n\n<html><style>x{}</style><p>Сч<b>ёт</b>&nbsp;&#8470;&#x35;<br>a "
        "&lt; b & c</p><!-- no --><script>no</script>",
        "   Счёт №5 a < b & c   ", 0},
    {"no room", "\n0123456789", "01234", 5},
};

static void test_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf out = BUF_INIT(texts[i].room == 0 ? 1000 : texts[i].room);
		struct mime_walk walk;
		struct mime_part part;
		int result;

		mime_walk_init(&walk, slice_of(texts[i].part));
		assert_true(mime_walk_next(&walk, &part));
		result = mime_text(&part, &out);
		if (strncmp(buf_text(&out), texts[i].expected, 900) != 0)
			fail_msg("%s: %s", texts[i].name, buf_text(&out));
		assert_int_equal(result, texts[i].room == 0 ? 0 : -1);
		buf_clear(&out);
	}
}

/* The text that is shown as the message: the first text part of each. */
static const struct {
	const char *name, *message;
	bool is_shown;
} shown[] = {
    {"plain", "\ntext", true},
    {"a message that is one text", "Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment\n\ntext", true},
    {"a message that is one calendar", "Content-Type: text/calendar; name=a.ics\n\ntext", true},
    {"a message that is one picture", "Content-Type: image/png\n\ntext", false},
    {"a boundary that is nowhere", "Content-Type: multipart/mixed; boundary=q\n\ntext", true},
    {"named text", "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: text/plain; name=a.txt\n\ntext\n--b--\n", true},
    {"named HTML", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; name=a.htm\n\ntext\n--b--\n", true},
    {"named text, inline",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: inline; filename=a.txt\n\ntext\n--b--\n", true},
    {"text, attached",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: Attachment (it is)\n\ntext\n--b--\n", false},
    {"named table", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/csv; name=a.csv\n\ntext\n--b--\n", false},
};

static void test_shown_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		struct mime_walk walk;
		struct mime_part part;
		bool is_shown = false;

		mime_walk_init(&walk, slice_of(shown[i].message));
		while (mime_walk_next(&walk, &part))
			is_shown = is_shown || mime_is_shown_text(&part);
		if (is_shown != shown[i].is_shown)
			fail_msg("%s", shown[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_walk),
	    cmocka_unit_test(test_shown_text),
	    cmocka_unit_test(test_nested_a_thousand_deep),
	    cmocka_unit_test(test_a_million_parts),
	    cmocka_unit_test(test_nearly_boundaries),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
