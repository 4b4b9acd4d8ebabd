/* Conversion to 7 bits: the encodings, which parts are encoded or kept, and headers. */
#include "base/alloc.h"
#include "message/mime.h"
#include "message/seven-bit/seven_bit.h"
#include "message/transfer.h"
#include "message/transfer_encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- encodings */

static void encode(enum transfer_encoding encoding, struct slice text, size_t piece, struct buf *out)
{
	struct transfer_encoder encoder;

	transfer_encoder_init(&encoder, encoding);
	while (text.len > 0) {
		size_t len = text.len < piece ? text.len : piece;

		assert_int_equal(transfer_encode(&encoder, slice_make(text.ptr, len), out), 0);
		text = slice_from(text, len);
	}
	assert_int_equal(transfer_encode_end(&encoder, out), 0);
}

#define TEN "0123456789"
#define SEVENTY TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name, *in, *quoted;
} encodings[] = {
    {"nothing", "", ""},
    {"plain", "one\r\ntwo\r\n", "one\r\ntwo\r\n"},
    {"no line end", "one", "one"},
    {"bare line ends", "one\ntwo\rthree \r", "one\r\ntwo=0Dthree=20=0D"},
    {"bytes", "\xd1\x8f=\x01\x7f", "=D1=8F=3D=01=7F"},
    {"blanks inside", "a b\tc", "a b\tc"},
    {"blanks at the end of a line", "a \r\nb\t\r\n \r\n", "a=20\r\nb=09\r\n=20\r\n"},
    {"blanks at the end", "a  ", "a =20"},
    {"dots", ".\r\n..\r\na.\r\n.b", "=2E\r\n=2E.\r\na.\r\n=2Eb"},
    {"a line of 75", SEVENTY "12345\r\n", SEVENTY "12345\r\n"},
    {"of 76", SEVENTY "123456", SEVENTY "12345=\r\n6"},
    {"no escape is cut", SEVENTY "123\xff", SEVENTY "123=\r\n=FF"},
    {"no boundary is made", SEVENTY "12345--b", SEVENTY "12345=\r\n=2D-b"},
    {"dashes at a line's start", "--b \xff", "--b =FF"},
    {"no dot is made", SEVENTY "12345.", SEVENTY "12345=\r\n=2E"},
};

static void test_quoted_printable(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(encodings); i++)
		for (size_t piece = 1; piece < 200; piece = piece * 2 + 1) {
			struct buf out = BUF_INIT(10000);

			encode(TRANSFER_QUOTED_PRINTABLE, slice_of(encodings[i].in), piece, &out);
			if (strcmp(buf_text(&out), encodings[i].quoted) != 0)
				fail_msg("%s: %s", encodings[i].name, buf_text(&out));
			buf_clear(&out);
		}
}

static void test_base64(void **context)
{
	struct buf text = BUF_INIT(10000), out = BUF_INIT(20000), back = BUF_INIT(10000);

	(void)context;
	for (size_t i = 0; i < 300; i++)
		buf_append_byte(&text, (char)(i % 200 + 32));
	for (size_t len = 0; len <= text.len; len++) {
		encode(TRANSFER_BASE64, slice_make(text.ptr, len), 7, &out);
		for (const char *line = buf_text(&out), *end; line != NULL; line = end == NULL ? NULL : end + 2) {
			end = strstr(line, "\r\n");
			assert_true(end == NULL ? strlen(line) <= 76 : end - line == 76);
		}
		transfer_base64(buf_slice(&out), &back);
		assert_true(slice_equal(buf_slice(&back), slice_make(text.ptr, len)));
		buf_reset(&out);
		buf_reset(&back);
	}
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&back);
}

/* --- messages */

static int gather(void *context, struct slice bytes)
{
	return buf_append_slice(context, bytes);
}

#define MIME "MIME-Version: 1.0\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"
#define AS_8BIT "Content-Transfer-Encoding: 8bit\r\n"
#define AS_QP "Content-Transfer-Encoding: quoted-printable\r\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n"
#define SIGNED "Content-Type: multipart/signed; boundary=s\r\n"
#define YA "\xd1\x8f"
#define SOME "hello, it is " YA

static const struct {
	const char *name, *in, *out; /* out NULL: needless; beginning with '!': why it is unsafe, or why in part, then LF and the rest */
} messages[] = {
    {"7-bit", "Subject: x\r\n\r\nhello\r\n", NULL},
    {"nothing", "", NULL},
    {"no body", "Subject: x\r\n", NULL},
    {"text", MIME TEXT AS_8BIT "\r\n" SOME "\r\n", MIME TEXT AS_QP "\r\nhello, it is =D1=8F\r\n"},
    {"the label comes last", MIME TEXT "\r\n" SOME, MIME TEXT AS_QP "\r\nhello, it is =D1=8F"},
    {"a wrong label", MIME TEXT "Content-transfer-encoding:  7bit\r\n\r\n" SOME,
	MIME TEXT "Content-transfer-encoding: quoted-printable\r\n\r\nhello, it is =D1=8F"},
    {"no MIME at all", "Subject: x\r\n\r\n" SOME,
	"Subject: x\r\n" MIME "Content-Type: text/plain; charset=utf-8\r\n" AS_QP "\r\nhello, it is =D1=8F"},
    {"no MIME, KOI8-R", "Subject: x\r\n\r\n\xf3\xde\xc5\xd4 \xce\xc1 \xcf\xd0\xcc\xc1\xd4\xd5",
	"Subject: x\r\n" MIME "Content-Type: text/plain; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n"
	"\r\n897F1CDOwSDP0MzB1NU="},
    {"text, mostly not ASCII", MIME TEXT AS_8BIT "\r\n" YA YA "\r\n",
	MIME TEXT "Content-Transfer-Encoding: base64\r\n\r\n0Y/Rjw0K"},
    {"only the label", MIME TEXT AS_8BIT "\r\nx\r\n", MIME TEXT "Content-Transfer-Encoding: 7bit\r\n\r\nx\r\n"},
    {"not text", MIME "Content-Type: image/png\r\n" AS_8BIT "\r\n\xff\xfe",
	MIME "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n//4="},
    {"parts", MIME MIXED AS_8BIT "\r\npre\r\n--b\r\n" TEXT "\r\n" SOME "\r\n--b\r\n\r\nplain\r\n--b\r\n"
	"Content-Type: image/png\r\n\r\n\xff\r\n--b--\r\npost\r\n",
	MIME MIXED "Content-Transfer-Encoding: 7bit\r\n\r\npre\r\n--b\r\n" TEXT AS_QP
	"\r\nhello, it is =D1=8F\r\n--b\r\n\r\nplain\r\n--b\r\n"
	"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n/w==\r\n--b--\r\npost\r\n"},
    {"a part without a header", MIME MIXED "\r\n--b\r\nno field, so it is " YA "\r\n--b--\r\n",
	MIME MIXED "\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n" AS_QP
	"\r\nno field, so it is =D1=8F\r\n--b--\r\n"},
    {"a message in a message",
	MIME MIXED "\r\n--b\r\nContent-Type: message/rfc822\r\n" AS_8BIT "\r\nSubject: " YA "\r\n" TEXT AS_8BIT
	"\r\n" SOME "\r\n--b--\r\n",
	MIME MIXED "\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
	"Subject: =?UTF-8?B?0Y8=?=\r\n" TEXT AS_QP MIME "\r\nhello, it is =D1=8F\r\n--b--\r\n"},
    {"signed", MIME "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" TEXT AS_8BIT "\r\n" SOME "\r\n--b--\r\n",
	"!it is signed"},
    {"signed inside", MIME MIXED AS_8BIT "\r\n--b\r\nContent-Type: multipart/signed; boundary=c\r\n" AS_8BIT "\r\n--c\r\n" TEXT "\r\n" SOME
	"\r\n--c--\r\n--b--\r\n", "!it is signed"},
    {"signed beside what is not",
	MIME MIXED AS_8BIT "\r\n--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\nX: " YA "\r\n" TEXT "\r\n" SOME
	"\r\n--c--\r\n--b\r\n" TEXT "\r\n" SOME "\r\n--b--\r\n",
	"!it is signed\n" MIME MIXED AS_8BIT "\r\n--b\r\nContent-Type: multipart/signed; boundary=c\r\n\r\n--c\r\nX: " YA "\r\n" TEXT "\r\n" SOME
	"\r\n--c--\r\n--b\r\n" TEXT AS_QP "\r\nhello, it is =D1=8F\r\n--b--\r\n"},
    {"signed and 7-bit beside 8-bit",
	MIME MIXED "\r\n--b\r\nContent-Type: multipart/signed; boundary=c\r\n" AS_8BIT "\r\n--c\r\n" TEXT AS_8BIT
	"\r\nx \r\n--c--\r\n--b\r\n" TEXT "\r\n" SOME "\r\n--b--\r\n",
	MIME MIXED "\r\n--b\r\nContent-Type: multipart/signed; boundary=c\r\nContent-Transfer-Encoding: 7bit\r\n\r\n--c\r\n"
	TEXT AS_8BIT "\r\nx \r\n--c--\r\n--b\r\n" TEXT AS_QP "\r\nhello, it is =D1=8F\r\n--b--\r\n"},
    {"signed and 7-bit with an 8-bit subject",
	"Subject: " YA "\r\n" MIME "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" AS_8BIT "\r\nx\r\n--b--\r\n",
	"Subject: =?UTF-8?B?0Y8=?=\r\n" MIME "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n" AS_8BIT
	"\r\nx\r\n--b--\r\n"},
    {"no boundary", MIME MIXED "\r\n" SOME "\r\n", "!its parts cannot be separated"},
    {"a boundary beside 8-bit bytes",
	"Subject: " YA "\r\n" MIME "Content-Type: multipart/mixed; name=" YA "; boundary=b\r\n\r\n--b\r\n" TEXT "\r\n" SOME "\r\n--b--\r\n",
	"!its MIME boundary is not 7-bit\n" "Subject: =?UTF-8?B?0Y8=?=\r\n" MIME "Content-Type: multipart/mixed; name=" YA "; boundary=b\r\n\r\n--b\r\n" TEXT AS_QP
	"\r\nhello, it is =D1=8F\r\n--b--\r\n"},
    {"a boundary that is 8-bit and looks so only in the body",
	MIME "Content-Type: multipart/mixed; boundary*=utf-8''%D1%8F\r\n\r\n" YA "\r\n--" YA "\r\n\r\nx\r\n--" YA "--\r\n",
	"!a line between its parts may be a MIME boundary\n" MIME "Content-Type: multipart/mixed; boundary*=utf-8''%D1%8F\r\n\r\n??\r\n--" YA "\r\n\r\nx\r\n--" YA "--\r\n"},
    {"two types", MIME TEXT TEXT "\r\n" SOME, "!a part has two Content-Type fields"},
    {"quoted-printable and 8-bit", MIME TEXT AS_QP "\r\n=d1=8f =3D" YA "= =\r\n" YA "=  \r\n=\r\n=C3=A9\r\n" YA,
	MIME TEXT AS_QP "\r\n=d1=8f =3D=D1=8F=3D =\r\n=D1=8F=  \r\n=\r\n=C3=A9\r\n=D1=8F"},
    {"long lines of it", MIME TEXT AS_QP "\r\n" SEVENTY TEN TEN "\r\n" SEVENTY YA "-- .\r\n" SEVENTY "12" YA "\r\n",
	MIME TEXT AS_QP "\r\n" SEVENTY TEN TEN "\r\n" SEVENTY "=D1=\r\n=8F-- .\r\n" SEVENTY "12=D1=\r\n=8F\r\n"},
    {"no boundary is made of it", MIME MIXED "\r\n--b\r\n" AS_QP "\r\n" SEVENTY "12" "\xff--b\r\n--b--\r\n",
	MIME MIXED "\r\n--b\r\n" AS_QP "\r\n" SEVENTY "12=FF=\r\n=2D-b\r\n--b--\r\n"},
    {"base64 and 8-bit", MIME TEXT "Content-Transfer-Encoding: base64\r\n\r\n" SOME,
	"!a part has 8-bit bytes in a 7-bit encoding"},
    {"what cannot be encoded beside what can",
	"Subject: " YA "\r\n" MIME MIXED AS_8BIT "\r\n--b\r\nContent-Transfer-Encoding: x-own\r\n\r\n" YA "\r\n--b\r\n" TEXT AS_8BIT
	"\r\n" SOME "\r\n--b--\r\n",
	"!a part has 8-bit bytes in a 7-bit encoding\n" "Subject: =?UTF-8?B?0Y8=?=\r\n" MIME MIXED AS_8BIT "\r\n--b\r\nContent-Transfer-Encoding: x-own\r\n\r\n" YA "\r\n--b\r\n" TEXT AS_QP
	"\r\nhello, it is =D1=8F\r\n--b--\r\n"},
    {"preamble", MIME MIXED "\r\n" SOME "\r\n--b\r\n\r\nx\r\n--b--\r\n", MIME MIXED "\r\nhello, it is ??\r\n--b\r\n\r\nx\r\n--b--\r\n"},
    {"epilogue", MIME MIXED "\r\n--b\r\n\r\nx\r\n--b--\r\n" SOME "\r\n", MIME MIXED "\r\n--b\r\n\r\nx\r\n--b--\r\nhello, it is ??\r\n"},
    {"between a multipart and the next part",
	MIME MIXED "\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n" YA "\r\n--b\r\n\r\ny\r\n--b--\r\n",
	MIME MIXED "\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n??\r\n--b\r\n\r\ny\r\n--b--\r\n"},
    {"text like a boundary", MIME MIXED "\r\n--" YA "\r\n" SOME "\r\n--b\r\n\r\nx\r\n--b--\r\n",
	"!a line between its parts may be a MIME boundary\n" MIME MIXED "\r\n--" YA "\r\nhello, it is ??\r\n--b\r\n\r\nx\r\n--b--\r\n"},
    {"a list's words behind what is signed", MIME SIGNED "\r\n--s\r\n\r\nx\r\n--s\r\n\r\nsignature\r\n--s--\r\n" SOME,
	MIME SIGNED "\r\n--s\r\n\r\nx\r\n--s\r\n\r\nsignature\r\n--s--\r\nhello, it is ??"},
    {"a preamble that is signed",
	MIME SIGNED "\r\n" YA "\r\n--s\r\n" MIXED "\r\n" YA "\r\n--b\r\n\r\nx\r\n--b--\r\n" YA "\r\n--s\r\n\r\nsignature\r\n--s--\r\n" YA,
	"!it is signed\n" MIME SIGNED "\r\n??\r\n--s\r\n" MIXED "\r\n" YA "\r\n--b\r\n\r\nx\r\n--b--\r\n" YA "\r\n--s\r\n\r\nsignature\r\n--s--\r\n??"},
    {"a report", MIME "Content-Type: message/delivery-status\r\n\r\n" SOME, "!the type of a part must not be encoded"},
    {"LF ends", "Content-Type: text/plain\nMIME-Version: 1.0\n\n" SOME "\n",
	"Content-Type: text/plain\nMIME-Version: 1.0\n" AS_QP "\nhello, it is =D1=8F\r\n"},
};

static void test_message(const char *name, struct slice in, const char *out)
{
	const char *why, *wanted = out != NULL && out[0] == '!' ? out + 1 : "";
	enum seven_bit verdict = seven_bit_look(in, &why), right = out == NULL ? SEVEN_BIT_NEEDLESS : SEVEN_BIT_NEEDED;
	struct buf got = BUF_INIT(10000);
	size_t len = strcspn(wanted, "\n");

	if (len > 0)
		right = wanted[len] == '\n' ? SEVEN_BIT_PARTLY : SEVEN_BIT_UNSAFE;
	if (verdict != right || strlen(why) != len || memcmp(why, wanted, len) != 0)
		fail_msg("%s: %d %s", name, (int)verdict, why);
	if (right == SEVEN_BIT_NEEDLESS || right == SEVEN_BIT_UNSAFE)
		return;
	out = len > 0 ? wanted + len + 1 : out;
	assert_int_equal(seven_bit_convert(in, verdict, gather, &got), 0);
	if (strcmp(buf_text(&got), out) != 0)
		fail_msg("%s: %s", name, buf_text(&got));
	seven_bit_look(buf_slice(&got), &why);
	if (strlen(why) != len)
		fail_msg("%s: then %s", name, why);
	buf_clear(&got);
}

static void test_messages(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++)
		test_message(messages[i].name, slice_of(messages[i].in), messages[i].out);
}

static void test_too_many_parts(void **context)
{
	struct buf text = BUF_INIT(1u << 20);
	const char *why;

	(void)context;
	buf_append_text(&text, MIME MIXED "\r\n");
	for (size_t i = 0; i <= MIME_PARTS_MAX; i++)
		buf_append_text(&text, "--b\r\n\r\n" YA "\r\n");
	assert_int_equal(seven_bit_look(buf_slice(&text), &why), SEVEN_BIT_PARTLY);
	assert_string_equal(why, "it has too many parts");
	buf_clear(&text);
}

/* --- fields */

static const struct {
	const char *name, *in, *out; /* NULL: stays */
} fields[] = {
    {"7-bit", "Subject:  x\r\n y\r\n", NULL},
    {"text", "Subject: Re: " YA "\r\n", "Subject: =?UTF-8?B?UmU6INGP?=\r\n"},
    {"KOI8-R", "Subject: \xf3\xde\xa3\xd4\r\n", "Subject: =?UTF-8?B?0KHRh9GR0YI=?=\r\n"},
    {"beside an encoded word", "X-Note: =?utf-8?q?a?= " YA "\r\n", "X-Note: =?UTF-8?B?YSDRjw==?=\r\n"},
    {"name", "From: " YA " " YA " <a@b.ru>, c@d.ru\r\n", "From: =?UTF-8?B?0Y8g0Y8=?= <a@b.ru>, c@d.ru\r\n"},
    {"name in quotes", "To: \"" YA ", \\\"x\\\"\"<a@b.ru>\r\n", "To: =?UTF-8?B?0Y8sICJ4Ig==?= <a@b.ru>\r\n"},
    {"comment", "Cc: a@b.ru (" YA ")\r\n", "Cc: a@b.ru (=?UTF-8?B?0Y8=?=)\r\n"},
    {"group", "To: " YA ": a@b.ru;\r\n", "To: =?UTF-8?B?0Y8=?= : a@b.ru;\r\n"},
    {"address", "To: " YA " <" YA "@b.ru>\r\n", NULL},
    {"bare address", "To: x, " YA "@b.ru\r\n", NULL},
    {"open quote", "To: \"" YA "\r\n", "To: =?UTF-8?B?0Y8=?= \r\n"},
    {"open comment", "To: (" YA "\r\n", "To: (=?UTF-8?B?0Y8=?=)\r\n"},
    {"no text", "Message-ID: <" YA "@b>\r\n", NULL},
    {"no field's name", YA ": x\r\n", NULL},
    {"file name", "Content-Disposition: attachment; size=5;\r\n filename=\"" YA ".txt\"; x=y\r\n",
	"Content-Disposition: attachment; size=5;\r\n filename*=UTF-8''%D1%8F.txt; x=y\r\n"},
    {"boundary", "Content-Type: multipart/mixed; boundary=" YA "\r\n", NULL},
    {"a type that is none", "Content-Type: " YA "\r\n", NULL},
};

static void test_fields(void **context)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const char *expected = fields[i].out == NULL ? fields[i].in : fields[i].out;
		struct header_walk walk;
		struct header_field field;
		struct buf out = BUF_INIT(10000);

		header_walk_init(&walk, slice_of(fields[i].in));
		if (!header_walk_next(&walk, &field))
			continue;
		seven_bit_field(&field, SLICE_NONE, &out);
		if (strcmp(buf_text(&out), expected) != 0)
			fail_msg("%s: %s", fields[i].name, buf_text(&out));
		buf_clear(&out);
	}
}

static void test_long_file_name(void **context)
{
	struct buf text = BUF_INIT(10000), out = BUF_INIT(10000), name = BUF_INIT(1000), wanted = BUF_INIT(1000);
	struct mime_part part = {.type = SLICE_NONE};
	struct header_walk walk;
	struct header_field field;

	(void)context;
	for (size_t i = 0; i < 100; i++)
		buf_append_text(&wanted, YA);
	buf_printf(&text, "Content-Disposition: attachment; filename=\"%s\"\r\n", buf_text(&wanted));
	header_walk_init(&walk, buf_slice(&text));
	assert_true(header_walk_next(&walk, &field));
	seven_bit_field(&field, SLICE_NONE, &out);
	assert_true(slice_is_ascii(buf_slice(&out)));
	for (struct slice rest = buf_slice(&out); rest.len > 0;)
		assert_in_range(slice_cut(&rest, '\n').len, 1, 79);
	part.header = buf_slice(&out);
	assert_true(mime_file_name(&part, &name));
	assert_string_equal(buf_text(&name), buf_text(&wanted));
	buf_clear(&text);
	buf_clear(&out);
	buf_clear(&name);
	buf_clear(&wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_quoted_printable),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_too_many_parts),
	    cmocka_unit_test(test_fields),
	    cmocka_unit_test(test_long_file_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
