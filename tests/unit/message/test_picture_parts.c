/*
 * Which parts of a message are photos that may be replaced, and which are not, for each reason.
 */
#include "message/picture/picture_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "base/alloc.h"

#include <string.h>

#define LINE_1 "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0a\r\n"
#define LINE_2 "HBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIy\r\n"
#define LINE_3 "MjIyMjIyMg=="
#define BASE64 LINE_1 LINE_2 LINE_3
#define BYTES (57 + 57 + 7)
#define TOP "From: ivan@office.lan\r\nSubject: photos\r\nMIME-Version: 1.0\r\n"
#define MIXED TOP "Content-Type: multipart/mixed; boundary=\"=-1\"\r\n\r\n--=-1\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
#define ENCODED "Content-Transfer-Encoding: base64\r\n"
#define NAMED "Content-Disposition: attachment; filename=\"a.jpg\"\r\n"
#define PHOTO "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED NAMED "\r\n" BASE64 "\r\n"
#define END "--=-1--\r\n"
#define ATTACHED "Content-Type: multipart/mixed; boundary=\"=-2\"\r\n\r\n--=-2\r\nContent-Type: image/jpeg\r\n" ENCODED NAMED "\r\n" BASE64 "\r\n--=-2--\r\n"

static const struct {
	const char *what, *message;
	size_t count;
} cases[] = {
    {"a photo", MIXED PHOTO END, 1},
    {"two", MIXED PHOTO PHOTO END, 2},
    {"a message that is a photo", TOP "Content-Type: image/jpeg\r\n" ENCODED "\r\n" BASE64 "\r\n", 1},
    {"a type in other letters, empty lines behind", MIXED "--=-1\r\nContent-Type: IMAGE/JPG; name=a.jpg\r\ncontent-transfer-encoding:BASE64\r\n\r\n" BASE64 "\r\n\r\n\r\n" END, 1},
    {"shorter lines", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAAA\r\nAAAAAAAA\r\nAAA=\r\n" END, 1},
    {"shown by the text", TOP "Content-Type: multipart/related; boundary=\"=-1\"\r\n\r\n--=-1\r\nContent-Type: text/html\r\n\r\n<img src=cid:a>\r\n--=-1\r\n"
			      "Content-Type: image/jpeg\r\n" ENCODED "Content-ID: <a>\r\nContent-Disposition: inline\r\n\r\n" BASE64 "\r\n" END, 1},
    {"beside an attached message", MIXED "--=-1\r\nContent-Type: message/rfc822\r\n\r\n" ATTACHED PHOTO END, 1},
    {"in an attached message in an attached message", MIXED "--=-1\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: multipart/mixed; boundary=\"=-3\"\r\n\r\n--=-3\r\n"
							    "Content-Type: message/rfc822\r\n\r\n" ATTACHED "--=-3\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n" BASE64 "\r\n--=-3--\r\n"
							    PHOTO END, 1},
    {"attached twice", MIXED "--=-1\r\nContent-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n" ATTACHED PHOTO END, 1},
    {"no photo", MIXED END, 0},
    {"another picture", MIXED "--=-1\r\nContent-Type: image/png\r\n" ENCODED "\r\n" BASE64 "\r\n" END, 0},
    {"another picture that claims to be one", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\niVBORw0KGgo=\r\n" END, 0},
    {"another encoding", MIXED "--=-1\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: binary\r\n\r\n" BASE64 "\r\n" END, 0},
    {"no encoding", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n\r\n" BASE64 "\r\n" END, 0},
    {"a digest", MIXED "--=-1\r\nContent-Type: image/jpeg\r\nContent-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n" ENCODED "\r\n" BASE64 "\r\n" END, 0},
    {"a line too long", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAAA\r\nAAAAAAAAAAAA\r\n" END, 0},
    {"a line too short", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAAA\r\nAAAA\r\nAAAA\r\n" END, 0},
    {"lines above 76", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/HBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIy\r\n" END, 0},
    {"a group that is not whole", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAA\r\n" END, 0},
    {"padding in the middle", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAA=\r\n/9j/AAAA\r\n" END, 0},
    {"another character", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AA-A\r\n" END, 0},
    {"a blank", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AAAA \r\nAAAA\r\n" END, 0},
    {"an empty line in front", MIXED "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n\r\n" BASE64 "\r\n" END, 0},
    {"an LF alone", MIXED PHOTO "--=-1\r\nContent-Type: text/plain\r\n\r\na\nb\r\n" END, 0},
    {"a CR alone", MIXED PHOTO "--=-1\r\nContent-Type: text/plain\r\n\r\na\rb\r\n" END, 0},
    {"signed", TOP "Content-Type: multipart/signed; boundary=\"=-0\"; protocol=\"application/pgp-signature\"\r\n\r\n--=-0\r\n"
		   "Content-Type: multipart/mixed; boundary=\"=-1\"\r\n\r\n" PHOTO END "\r\n--=-0\r\nContent-Type: text/plain\r\n\r\nx\r\n--=-0--\r\n", 0},
    {"encrypted", TOP "Content-Type: multipart/encrypted; boundary=\"=-1\"\r\n\r\n" PHOTO END, 0},
    {"a signature beside it", MIXED PHOTO "--=-1\r\nContent-Type: application/pgp-signature\r\n\r\nx\r\n" END, 0},
    {"a signature by its name", MIXED PHOTO "--=-1\r\nContent-Type: application/octet-stream; name=\"a.jpg.SIG\"\r\n\r\nx\r\n" END, 0},
    {"S/MIME", MIXED PHOTO "--=-1\r\nContent-Type: application/pkcs7-mime\r\n\r\nx\r\n" END, 0},
    {"signed on the way", "DKIM-Signature: v=1\r\n" MIXED PHOTO END, 0},
    {"resent", "Resent-From: ivan@office.lan\r\n" MIXED PHOTO END, 0},
    {"two types", MIXED "--=-1\r\nContent-Type: image/jpeg\r\nContent-Type: text/plain\r\n" ENCODED "\r\n" BASE64 "\r\n" END, 0},
    {"two boundaries", TOP "Content-Type: multipart/mixed; boundary=\"=-1\"; boundary=\"=-2\"\r\n\r\n" PHOTO END, 0},
};

static void test_which_are_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct picture_parts parts;

		print_message("%s\n", cases[i].what);
		assert_int_equal(picture_parts_find(slice_of(cases[i].message), &parts), cases[i].count > 0);
		assert_int_equal(parts.count, cases[i].count);
	}
}

static void test_what_is_known_of_one(void **state)
{
	static const char message[] = MIXED PHOTO "--=-1\r\nContent-Type: image/jpeg; name=\"=?utf-8?B?0YTQvtGC0L4ueA==?=\x1b\"\r\n" ENCODED "\r\n/9j/AAAA\r\nAAAA\r\n"
					    "--=-1\r\nContent-Type: image/jpeg\r\n" ENCODED "\r\n/9j/AA==\r\n\r\n" END;
	struct picture_parts parts;

	(void)state;
	assert_true(picture_parts_find(slice_of(message), &parts));
	assert_int_equal(parts.count, 3);
	assert_true(slice_is(parts.items[0].text, BASE64));
	assert_int_equal(parts.items[0].line, 76);
	assert_int_equal(parts.items[0].size, BYTES);
	assert_string_equal(parts.items[0].name, "a.jpg");
	assert_string_equal(parts.items[1].name, "фото.x ");
	assert_int_equal(parts.items[1].line, 8);
	assert_int_equal(parts.items[1].size, 9);
	assert_string_equal(parts.items[2].name, "image/jpeg");
	assert_int_equal(parts.items[2].line, 8);
	assert_int_equal(parts.items[2].size, 4);
	assert_true(slice_is(parts.items[2].text, "/9j/AA=="));
}

static void test_a_hundred_at_most(void **state)
{
	struct buf message = BUF_INIT(1u << 20);
	struct picture_parts parts;

	(void)state;
	buf_append_text(&message, MIXED);
	for (int i = 0; i < PICTURE_PARTS_MAX + 5; i++)
		buf_append_text(&message, PHOTO);
	buf_append_text(&message, END);
	assert_true(picture_parts_find(buf_slice(&message), &parts));
	assert_int_equal(parts.count, PICTURE_PARTS_MAX);
	buf_reset(&message);
	buf_append_text(&message, MIXED);
	for (int i = 0; i < 1001; i++) /* the walk does not see all of them */
		buf_append_text(&message, PHOTO);
	assert_false(picture_parts_find(buf_slice(&message), &parts));
	buf_clear(&message);
}

static void test_the_same_bytes_get_the_same_text(void **state)
{
	static const char bytes[] = "\xff\xd8\xff\n\r\n\0 any bytes at all, with \n in them, are these: it is no text, so no line end is changed to CRLF \n";
	struct picture_part part = {.line = 8};
	struct buf out = BUF_INIT(4096), short_out = BUF_INIT(40);

	(void)state;
	assert_int_equal(picture_parts_encode(&part, slice_make(bytes, 13), &out), 0);
	assert_true(slice_is(buf_slice(&out), "/9j/Cg0K\r\nACBhbnkg\r\nYg=="));
	buf_reset(&out);
	assert_int_equal(picture_parts_encode(&part, slice_make(bytes, 12), &out), 0);
	assert_true(slice_is(buf_slice(&out), "/9j/Cg0K\r\nACBhbnkg"));
	buf_reset(&out);
	part.line = 76;
	assert_int_equal(picture_parts_encode(&part, slice_make(bytes, sizeof(bytes)), &out), 0);
	assert_int_equal(out.len, 76 + 2 + (sizeof(bytes) - 57 + 2) / 3 * 4);
	assert_int_equal(picture_parts_encode(&part, slice_make(bytes, sizeof(bytes)), &short_out), -1);
	buf_clear(&out);
	buf_clear(&short_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_which_are_found),
	    cmocka_unit_test(test_what_is_known_of_one),
	    cmocka_unit_test(test_a_hundred_at_most),
	    cmocka_unit_test(test_the_same_bytes_get_the_same_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
