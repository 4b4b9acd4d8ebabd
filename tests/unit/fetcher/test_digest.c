/* The identity of a message: equal in copies that took different ways, different for any other message. */
#include "base/alloc.h"
#include "base/buf.h"
#include "fetcher/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#define FIELDS "Message-ID: <1@bank.ru>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0300\r\nFrom: a@bank.ru\r\nTo: info@x.ru\r\nSubject: hello\r\n"

static uint64_t of_copies(const char *message)
{
	uint64_t digest = digest_of_copies(slice_of(message), digest_of_body(slice_of(message)));

	assert_true(digest != 0);
	return digest;
}

/* What one message is to copies through other accounts it is to those in a catch-all mailbox, but for empty lines at the end. */
static bool is_same(const char *one, const char *other)
{
	char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE];
	bool same, same_copies = of_copies(one) == of_copies(other);

	assert_true(digest_of_identity(slice_of(one), a) && digest_of_identity(slice_of(other), b));
	assert_int_equal(strlen(a), DIGEST_HEX_SIZE - 1);
	same = strcmp(a, b) == 0;
	assert_true(same || !same_copies);
	return same;
}

static void test_the_way_of_a_copy_does_not_count(void **context)
{
	static const char one[] = FIELDS "\r\ntext\r\n";

	(void)context;
	assert_true(is_same(one, one));
	assert_true(is_same(one, "Received: from a by b; Mon\r\nDelivered-To: ivan@x.ru\r\nX-Spam-Score: 1\r\n" FIELDS "\r\ntext\r\n"));
	assert_true(is_same(one, FIELDS "\r\ntext"));
	assert_true(is_same(one, FIELDS "\r\ntext\r\n\r\n"));
	assert_true(is_same(one, "Message-ID:\r\n <1@bank.ru>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0300\r\nFrom: a@bank.ru\r\nTo: info@x.ru\r\nSubject: hello\r\n\r\ntext\r\n"));
}

static void test_another_message_is_another_one(void **context)
{
	static const char one[] = FIELDS "\r\ntext\r\n";

	(void)context;
	assert_false(is_same(one, FIELDS "\r\nother text\r\n"));
	assert_false(is_same(one, FIELDS "\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "\r\ntext \r\n"));
	assert_false(is_same(one, FIELDS "Cc: maria@x.ru\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "Subject: hello\r\n\r\ntext\r\n"));
	assert_false(is_same(FIELDS "\r\nSubject: x\r\n", FIELDS "Subject: x\r\n\r\n"));
	assert_false(is_same(one, "Message-ID: <2@bank.ru>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0300\r\nFrom: a@bank.ru\r\nTo: info@x.ru\r\nSubject: hello\r\n\r\ntext\r\n"));
}

/* The same bytes, of which mail programs show something else, or answers to which go elsewhere. */
static void test_what_the_reader_sees_counts(void **context)
{
	static const char one[] = FIELDS "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\ntext\r\n";

	(void)context;
	assert_true(is_same(one, "X-Spam-Score: 1\r\n" FIELDS "MIME-Version: 1.0\r\nContent-Length: 6\r\nContent-Type:\r\n text/plain\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nReply-To: thief@x.ru\r\n\r\ntext\r\n"));
	assert_false(is_same(one, FIELDS "MIME-Version: 1.0\r\nContent-Type: text/plain\r\nSender: thief@x.ru\r\n\r\ntext\r\n"));
}

static void test_a_header_that_programs_read_in_different_ways_has_none(void **context)
{
	static const struct {
		const char *text;
		size_t len;
	} odd[] = {
#define ODD(text) {text, sizeof(text) - 1}
	    ODD(FIELDS "no field\r\n\r\ntext\r\n"),
	    ODD("From a@bank.ru Mon Nov 23 09:00:00 2026\r\n" FIELDS "\r\ntext\r\n"),
	    ODD(FIELDS "X:\rContent-Type: text/html\r\n\r\ntext\r\n"),
	    ODD(FIELDS "Content-Type : text/html\r\n\r\ntext\r\n"),
	    ODD(FIELDS "X: \0\r\n\r\ntext\r\n"),
	    ODD(" folded\r\n" FIELDS "\r\ntext\r\n"),
	    ODD(FIELDS ":\n"),
	    ODD(":\n" FIELDS),
#undef ODD
	};
	char identity[DIGEST_HEX_SIZE];

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		assert_false(digest_of_identity(slice_make(odd[i].text, odd[i].len), identity));
		assert_true(digest_of_copies(slice_make(odd[i].text, odd[i].len), 1) == 0);
	}
	assert_true(digest_of_identity(slice_of(FIELDS), identity));
	assert_true(digest_of_identity(slice_of("Message-ID: <1@bank.ru>\nSubject: hello\n\ntext\n"), identity));
}

static void test_without_a_message_id_there_is_none(void **context)
{
	char identity[DIGEST_HEX_SIZE], *field;
	struct buf long_one = BUF_INIT(4 * DIGEST_HEADER_MAX);

	(void)context;
	assert_false(digest_of_identity(SLICE_NONE, identity));
	assert_false(digest_of_identity(slice_of("Subject: hello\r\n\r\ntext\r\n"), identity));
	assert_false(digest_of_identity(slice_of("Message-ID: \r\n\r\ntext\r\n"), identity));
	assert_true(digest_of_copies(slice_of("Message-ID: \r\n\r\ntext\r\n"), 1) == 0);
	assert_false(digest_of_identity(slice_of("Subject: x\r\n\r\nMessage-ID: <1@bank.ru>\r\n"), identity));
	field = xmalloc(DIGEST_HEADER_MAX + 1);
	memset(field, 'x', DIGEST_HEADER_MAX);
	field[DIGEST_HEADER_MAX] = '\0';
	buf_printf(&long_one, FIELDS "X-Long: %s\r\n\r\ntext\r\n", field);
	assert_false(digest_of_identity(buf_slice(&long_one), identity));
	buf_clear(&long_one);
	free(field);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_way_of_a_copy_does_not_count),
	    cmocka_unit_test(test_another_message_is_another_one),
	    cmocka_unit_test(test_what_the_reader_sees_counts),
	    cmocka_unit_test(test_a_header_that_programs_read_in_different_ways_has_none),
	    cmocka_unit_test(test_without_a_message_id_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
