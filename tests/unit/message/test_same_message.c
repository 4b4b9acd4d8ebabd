/* Two copies of one message, and two messages: what a mail program has sent, and what it saves. */
#include "message/imap/same_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define DATE "Date: Sat, 28 Nov 2026 10:00:00 +0300\r\n"

static const struct {
	const char *what, *a, *b;
	bool same;
} headers[] = {
    {"ours has more fields", "Received: by gw\r\nMessage-ID: <1@pc>\r\n" DATE "\r\n", DATE "Message-Id:\r\n <1@pc>\r\nX-Mozilla-Status: 0\r\n\r\n", true},
    {"another id", "Message-ID: <1@pc>\r\n\r\n", "Message-ID: <2@pc>\r\n\r\n", false},
    {"no id", DATE "\r\n", DATE "\r\n", false},
    {"an empty id", "Message-ID: \r\n\r\n", "Message-ID: \r\n\r\n", false},
    {"another date", "Message-ID: <1@pc>\r\n" DATE "\r\n", "Message-ID: <1@pc>\r\nDate: Sun, 29 Nov 2026 10:00:00 +0300\r\n\r\n", false},
    {"one without a date", "Message-ID: <1@pc>\r\n" DATE "\r\n", "Message-ID: <1@pc>\r\n\r\n", true},
    {"sent on", "Message-ID: <1@pc>\r\n\r\n", "Message-ID: <1@pc>\r\nResent-Date: Sun, 29 Nov 2026 10:00:00 +0300\r\n\r\n", false},
};

#define HEAD "Message-ID: <1@pc>\r\n"
#define PLAIN HEAD "Content-Type: text/plain; charset=utf-8\r\n"
#define MULTI(boundary, first, second)                                                                                                               \
	HEAD "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=" boundary "\r\n\r\n--" boundary                                            \
	     "\r\nContent-Type: text/plain; charset=UTF-8\r\n" first "\r\n--" boundary                                                                  \
	     "\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n" second "\r\n--" boundary "--\r\n"

static const struct {
	const char *what, *a, *b;
	bool same;
} contents[] = {
    {"equal", HEAD "\r\nText\r\n", HEAD "X: y\r\n\r\nText\r\n", true},
    {"ends of lines, and of the message", HEAD "\r\nText\r\nmore\r\n\r\n", HEAD "\r\nText\nmore", true},
    {"another text", HEAD "\r\nText\r\n", HEAD "\r\nText.\r\n", false},
    {"one line more", HEAD "\r\nText\r\n", HEAD "\r\nText\r\nmore\r\n", false},
    {"another encoding", PLAIN "Content-Transfer-Encoding: 8bit\r\n\r\nпривет\r\n",
	PLAIN "Content-Transfer-Encoding: quoted-printable\r\n\r\n=D0=BF=D1=80=D0=B8=D0=B2=D0=B5=D1=82\r\n", true},
    {"another charset", PLAIN "\r\nx\r\n", HEAD "Content-Type: text/plain; charset=koi8-r\r\n\r\nx\r\n", false},
    {"another type", PLAIN "\r\n<b>x</b>\r\n", HEAD "Content-Type: text/html; charset=utf-8\r\n\r\n<b>x</b>\r\n", false},
    {"other boundaries", MULTI("a", "\r\nText\r\n", "AAEC"), MULTI("zz", "\r\nText\r\n", "AAEC"), true},
    {"folded otherwise", MULTI("a", "\r\nText\r\n", "AAEC"), MULTI("a", "\r\nText\r\n", "AA\r\nEC"), true},
    {"another attachment", MULTI("a", "\r\nText\r\n", "AAEC"), MULTI("a", "\r\nText\r\n", "AAED"), false},
    {"line ends in an attachment", MULTI("a", "\r\nText\r\n", "YQ0KYg=="), MULTI("b", "\r\nText\r\n", "YQpi"), false},
    {"a part less", MULTI("a", "\r\nText\r\n", "AAEC"), PLAIN "\r\nText\r\n", false},
};

static void headers_of_one_message(void **context)
{
	(void)context;
	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		if (same_message_header(slice_of(headers[i].a), slice_of(headers[i].b)) != headers[i].same ||
		    same_message_header(slice_of(headers[i].b), slice_of(headers[i].a)) != headers[i].same)
			fail_msg("%s", headers[i].what);
	}
}

static void contents_of_one_message(void **context)
{
	(void)context;
	for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++) {
		if (same_message_content(slice_of(contents[i].a), slice_of(contents[i].b)) != contents[i].same ||
		    same_message_content(slice_of(contents[i].b), slice_of(contents[i].a)) != contents[i].same)
			fail_msg("%s", contents[i].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(headers_of_one_message),
	    cmocka_unit_test(contents_of_one_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
