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

static bool is_same(const char *one, const char *other)
{
	char a[DIGEST_HEX_SIZE], b[DIGEST_HEX_SIZE];

	assert_true(digest_of_identity(slice_of(one), a) && digest_of_identity(slice_of(other), b));
	assert_int_equal(strlen(a), DIGEST_HEX_SIZE - 1);
	return strcmp(a, b) == 0;
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

static void test_without_a_message_id_there_is_none(void **context)
{
	char identity[DIGEST_HEX_SIZE], *field;
	struct buf long_one = BUF_INIT(4 * DIGEST_HEADER_MAX);

	(void)context;
	assert_false(digest_of_identity(SLICE_NONE, identity));
	assert_false(digest_of_identity(slice_of("Subject: hello\r\n\r\ntext\r\n"), identity));
	assert_false(digest_of_identity(slice_of("Message-ID: \r\n\r\ntext\r\n"), identity));
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
	    cmocka_unit_test(test_without_a_message_id_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
