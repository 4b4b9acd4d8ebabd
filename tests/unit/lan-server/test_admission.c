/* Accepted clients: the IP filter of OMS, the limits, and the limited logging. */
#include "lan-server/server/admission.h"

#include "base/alloc.h"
#include "base/net/net.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* Addresses as the server keeps them: IPv4 inside ::ffff:0:0/96. */
static struct in6_addr ip(const char *text)
{
	struct in6_addr address;
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') == NULL ? "::ffff:" : "", text);
	if (inet_pton(AF_INET6, mapped, &address) != 1)
		fail_msg("%s is no address", text);
	return address;
}

static const struct {
	const char *name, *client;
	enum admission answer;
} cases[] = {
    {"in an allowed range", "192.168.7.7", ADMISSION_GRANTED},
    {"first of the range", "192.168.0.0", ADMISSION_GRANTED},
    {"last of the range", "192.168.255.255", ADMISSION_GRANTED},
    {"before the range", "192.167.255.255", ADMISSION_DENIED},
    {"after the range", "192.169.0.0", ADMISSION_DENIED},
    {"in no range", "8.8.8.8", ADMISSION_DENIED},
    {"allowed and denied", "192.168.5.9", ADMISSION_DENIED},
    {"IPv6 in a range", "fe80::1", ADMISSION_GRANTED},
    {"IPv6 in none", "2001:db8::1", ADMISSION_DENIED},
    {"IPv4 as IPv6", "::ffff:192.168.1.1", ADMISSION_GRANTED},
};

static void test_check(void **state)
{
	struct conf_net allow[] = {
	    {ip("192.168.0.0"), ip("192.168.255.255")},
	    {ip("fe80::"), ip("fe80::ffff")},
	};
	struct conf_net deny[] = {{ip("192.168.5.0"), ip("192.168.5.255")}};
	struct conf_lan lan = {.allow = {allow, ARRAY_LEN(allow)}, .deny = {deny, ARRAY_LEN(deny)}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct in6_addr client = ip(cases[i].client);

		if (admission_check(&lan, &client) != cases[i].answer)
			fail_msg("%s", cases[i].name);
	}
	lan.allow.count = 0;
	assert_int_equal(admission_check(&lan, &allow[0].first), ADMISSION_DENIED);
}

static void test_log_once_a_minute(void **state)
{
	struct in6_addr a = ip("10.0.0.1"), b = ip("10.0.0.2");
	struct admission_notes notes = {0};
	unsigned logged = 0;

	(void)state;
	assert_true(admission_should_log(&notes, &a, 1000));
	assert_false(admission_should_log(&notes, &a, 2000));
	assert_true(admission_should_log(&notes, &b, 2000));
	assert_false(admission_should_log(&notes, &a, 60999));
	assert_true(admission_should_log(&notes, &a, 61000));
	/* Not for each address that one host uses, nor for a large number of hosts. */
	a = ip("fd00::1");
	b = ip("fd00::2");
	assert_true(admission_should_log(&notes, &a, 200000));
	assert_false(admission_should_log(&notes, &b, 200000));
	for (unsigned i = 0; i < 1000; i++) {
		a.s6_addr[2] = (unsigned char)(i >> 8);
		a.s6_addr[3] = (unsigned char)i;
		logged += admission_should_log(&notes, &a, 200001);
	}
	assert_int_equal(logged, ADMISSION_NOTES - 1);
	assert_true(admission_should_log(&notes, &a, 260001));
}

static void test_network(void **state)
{
	static const char *const same[][2] = {
	    {"fd00::1", "fd00::ffff:ffff:ffff:ffff"}, {"fe80::1", "fe80::"}, {"192.168.1.1", "192.168.1.1"}};
	static const char *const different[][2] = {
	    {"fd00::1", "fd00:0:0:1::1"}, {"192.168.1.1", "192.168.1.2"}, {"::1", "127.0.0.1"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct in6_addr a = ip(same[i][0]), b = ip(same[i][1]);

		a = net_network(&a);
		b = net_network(&b);
		assert_memory_equal(&a, &b, sizeof(a));
	}
	for (size_t i = 0; i < ARRAY_LEN(different); i++) {
		struct in6_addr a = ip(different[i][0]), b = ip(different[i][1]);

		a = net_network(&a);
		b = net_network(&b);
		assert_memory_not_equal(&a, &b, sizeof(a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_log_once_a_minute),
	    cmocka_unit_test(test_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
