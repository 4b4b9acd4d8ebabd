/* The services of the LAN server: each port has everything that its sessions need, and each reply has
 * its row. */
#include "lan-server/server/lan_kind.h"

#include "lan-server/server/service.h"
#include "lan-server/smtp/smtpd_reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_ports_and_switches(void **state)
{
	static const struct conf_lan lan = {.smtp_port = 25,
	    .submission_port = 587,
	    .smtps_port = 465,
	    .pop3_port = 110,
	    .pop3s_port = 995,
	    .imap_port = 143,
	    .imaps_port = 993};
	static const struct conf_lan all = {.smtp_tls_required = true, .submission_tls_required = true, .pop3_tls_required = true, .imap_tls_required = true};
	static const struct conf_lan one[LAN_KINDS] = {
	    [LAN_SMTP] = {.smtp_tls_required = true},
	    [LAN_SUBMISSION] = {.submission_tls_required = true},
	    [LAN_POP3] = {.pop3_tls_required = true},
	    [LAN_IMAP] = {.imap_tls_required = true},
	};
	static const struct {
		enum lan_kind kind;
		const char *name;
		int64_t port;
		bool has_tls, may_need_tls;
	} expected[LAN_KINDS] = {
	    {LAN_SMTP, "smtp", 25, false, true},
	    {LAN_SUBMISSION, "submission", 587, false, true},
	    {LAN_SMTPS, "smtps", 465, true, false},
	    {LAN_POP3, "pop3", 110, false, true},
	    {LAN_POP3S, "pop3s", 995, true, false},
	    {LAN_IMAP, "imap", 143, false, true},
	    {LAN_IMAPS, "imaps", 993, true, false},
	};

	(void)state;
	for (size_t i = 0; i < LAN_KINDS; i++) {
		enum lan_kind kind = expected[i].kind;

		assert_string_equal(lan_kind_name(kind), expected[i].name);
		assert_int_equal(lan_kind_port(kind, &lan), expected[i].port);
		assert_int_equal(lan_kind_has_tls(kind), expected[i].has_tls);
		assert_false(lan_kind_needs_tls(kind, &lan));
		assert_int_equal(lan_kind_needs_tls(kind, &all), expected[i].may_need_tls);
		for (enum lan_kind other = 0; other < LAN_KINDS; other++)
			assert_int_equal(lan_kind_needs_tls(other, &one[kind]), other == kind && expected[i].may_need_tls);
	}
}

static void test_every_kind_has_a_service_that_can_refuse(void **state)
{
	(void)state;
	for (enum lan_kind kind = 0; kind < LAN_KINDS; kind++) {
		const struct service *service = lan_kind_service(kind);

		assert_non_null(service->begin);
		assert_non_null(service->end);
		for (size_t answer = ADMISSION_GRANTED + 1; answer < ADMISSION_ANSWERS; answer++) {
			assert_non_null(service->refusals[answer]);
			assert_string_equal(strchr(service->refusals[answer], '\r'), "\r\n");
		}
	}
}

static void test_every_smtp_reply_has_a_code(void **state)
{
	(void)state;
	for (enum smtpd_reply reply = REPLY_NONE + 1; reply < SMTPD_REPLIES; reply++)
		assert_in_range(smtpd_reply_code(reply), 200, 599);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ports_and_switches),
	    cmocka_unit_test(test_every_kind_has_a_service_that_can_refuse),
	    cmocka_unit_test(test_every_smtp_reply_has_a_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
