/* The output of client-setup: XML with any name, the profile's UUIDs, the QR code's text and drawing. */
#include "ui-tui/client-setup/client_setup.h"
#include "ui-tui/widgets/qr.h"
#include "message/xml.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct conf_user ivan = {.name = "ivan", .full_name = "Иван <I&P>", .password = "hash"};
static struct conf_user anna = {.name = "anna", .full_name = "", .password = ""};

static struct conf office(void)
{
	return (struct conf){
	    .gateway = {.hostname = "gw.office.lan", .local_domain = "office.lan", .spool = "/nowhere"},
	    .lan = {.smtp_port = 25, .submission_port = 587, .smtps_port = 465, .pop3_port = 110, .pop3s_port = 995,
		.tls_cert = ""},
	};
}

static void xml_text_is_escaped(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"plain", "plain"}, {"a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;"}, {"Счёт", "Счёт"},
	    {"a\x01\x1f\tb", "a\tb"}, {"bad \xff byte", "bad  byte"}, {"no\xef\xbf\xbf character", "no character"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(1000);

		xml_text(&out, cases[i].text);
		assert_string_equal(buf_text(&out), cases[i].expected);
		buf_clear(&out);
	}
}

static void the_safest_port_is_first(void **state)
{
	struct conf conf = office();
	struct client_setup setup;

	(void)state;
	client_setup_gather(&setup, &conf, &ivan, "10.0.0.1");
	assert_int_equal(setup.incoming_count, 2);
	assert_int_equal(setup.incoming[0].port, 995);
	assert_int_equal(setup.incoming[0].security, CLIENT_SETUP_TLS);
	assert_int_equal(setup.outgoing_count, 3);
	assert_int_equal(setup.outgoing[0].port, 465);
	assert_int_equal(setup.outgoing[1].port, 587);
	assert_int_equal(setup.outgoing[1].security, CLIENT_SETUP_STARTTLS);
	assert_string_equal(setup.address, "ivan@office.lan");
	assert_true(setup.has_password && setup.may_log_in && setup.sends_with_login);
	assert_null(setup.certificate.der);
	assert_string_equal(setup.certificate_path, "/nowhere/tls/cert.pem");
	client_setup_clear(&setup);

	conf.lan.pop3s_port = conf.lan.smtps_port = conf.lan.submission_port = 0;
	client_setup_gather(&setup, &conf, &anna, "10.0.0.1");
	assert_int_equal(setup.incoming[0].port, 110);
	assert_int_equal(setup.outgoing[0].port, 25);
	assert_false(setup.has_password || setup.may_log_in || setup.sends_with_login);
	client_setup_clear(&setup);
}

static void imap_is_offered_before_pop3(void **state)
{
	struct conf conf = office();
	struct client_setup setup;
	char *payload;

	(void)state;
	conf.lan.imap_port = 143;
	conf.lan.imaps_port = 993;
	client_setup_gather(&setup, &conf, &ivan, "gw");
	assert_int_equal(setup.incoming_count, 4);
	assert_string_equal(setup.incoming[0].protocol, "imap");
	assert_int_equal(setup.incoming[0].port, 993);
	assert_int_equal(setup.incoming[1].port, 143);
	assert_string_equal(setup.incoming[2].protocol, "pop3");
	payload = client_setup_qr_payload(&setup);
	assert_non_null(strstr(payload, "[0,\"gw\",993,3,1,\"ivan\"]"));
	free(payload);
	client_setup_clear(&setup);
}

static void qr_payload_follows_the_format(void **state)
{
	struct conf conf = office();
	struct client_setup setup;
	char *payload;

	(void)state;
	client_setup_gather(&setup, &conf, &ivan, "gw");
	payload = client_setup_qr_payload(&setup);
	assert_string_equal(payload, "[1,[1,1],[1,\"gw\",995,3,1,\"ivan\"],[[[0,\"gw\",465,3,1,\"ivan\"],"
				     "[\"ivan@office.lan\",\"Иван <I&P>\"]]]]");
	free(payload);
	client_setup_clear(&setup);
	conf.lan.pop3s_port = conf.lan.smtps_port = 0;
	client_setup_gather(&setup, &conf, &anna, "gw");
	payload = client_setup_qr_payload(&setup);
	assert_string_equal(payload, "[1,[1,1],[1,\"gw\",110,2,1,\"anna\"],[[[0,\"gw\",587,2,0,\"\"],"
				     "[\"anna@office.lan\",\"anna\"]]]]");
	free(payload);
	client_setup_clear(&setup);
}

static char *profile_of(const struct conf_user *user, const char *host)
{
	struct conf conf = office();
	struct buf out = BUF_INIT(1u << 20);
	struct client_setup setup;

	client_setup_gather(&setup, &conf, user, host);
	client_setup_write_apple(&setup, &out);
	client_setup_clear(&setup);
	buf_append_byte(&out, '\0');
	return out.ptr;
}

static void profile_keeps_its_uuids(void **state)
{
	char *first = profile_of(&ivan, "a"), *second = profile_of(&ivan, "a"), *other = profile_of(&anna, "a");
	const char *uuid = strstr(first, "PayloadUUID</key>\n");

	(void)state;
	assert_string_equal(first, second);
	assert_non_null(uuid);
	uuid = strstr(uuid, "<string>");
	assert_non_null(uuid);
	/* version 5, variant of RFC 9562 */
	assert_int_equal(uuid[8 + 14], '5');
	assert_non_null(strchr("89AB", uuid[8 + 19]));
	assert_memory_not_equal(uuid, strstr(strstr(other, "PayloadUUID</key>\n"), "<string>"), 44);
	assert_non_null(strstr(first, "Иван &lt;I&amp;P&gt;"));
	assert_non_null(strstr(first, "EmailTypePOP"));
	assert_null(strstr(first, "hash"));
	assert_null(strstr(other, "OutgoingMailServerUsername"));
	free(first);
	free(second);
	free(other);
}

static void qr_code_is_drawn(void **state)
{
	unsigned char dots[] = {1, 1, 0, 0, 1, 0, 1, 0, 1};
	struct qr qr = {.width = 3, .dark = dots};
	struct buf out = BUF_INIT(100000);
	const char *at;

	(void)state;
	qr_write_svg(&qr, &out);
	assert_non_null(strstr(buf_text(&out), "viewBox=\"0 0 11 11\""));
	assert_non_null(strstr(buf_text(&out), "M4 4h2v1h-2z\nM5 5h1v1h-1z\nM4 6h1v1h-1z\nM6 6h1v1h-1z\n"));
	buf_reset(&out);
	qr_write_terminal(&qr, &out);
	at = strstr(buf_text(&out), "    ▀█     ");
	assert_non_null(at);
	assert_non_null(strstr(at, "    ▀ ▀    "));
	buf_clear(&out);
}

/* The screens find the lines of a code in the output of a verb. */
static void lines_of_a_qr_code_are_known(void **state)
{
	static const char *const others[] = {"", "text", "\033[30;47m", "\033[30;47m\033[0m", "\033[30;47m ▀", " ▀\033[0m", "\033[30;41m ▀\033[0m"};
	unsigned char dots[] = {1};
	struct qr qr = {.width = 1, .dark = dots};
	struct buf out = BUF_INIT(100000);
	struct slice rest;
	int lines = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_null(qr_cells_of(slice_of(others[i])).ptr);
	qr_write_terminal(&qr, &out);
	for (rest = buf_slice(&out); rest.len > 0; lines++)
		assert_true(slice_is(qr_cells_of(slice_cut(&rest, '\n')), lines == 2 ? "    ▀    " : "         "));
	assert_int_equal(lines, 5);
	buf_clear(&out);
}

static void real_qr_code_has_its_finders(void **state)
{
	static const char finder[] = "1111111100000110111011011101101110110000011111111";
	struct qr qr;
	struct error error;
	char *long_text = xmalloc(4001);

	(void)state;
	assert_int_equal(qr_encode("[1]", &qr, &error), 0);
	assert_int_equal(qr.width, 21);
	for (int i = 0; i < 49; i++)
		assert_int_equal(qr.dark[i / 7 * qr.width + i % 7], finder[i] == '1');
	qr_clear(&qr);
	memset(long_text, 'x', 4000);
	long_text[4000] = '\0';
	assert_int_equal(qr_encode(long_text, &qr, &error), -1);
	free(long_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(xml_text_is_escaped),
	    cmocka_unit_test(the_safest_port_is_first),
	    cmocka_unit_test(imap_is_offered_before_pop3),
	    cmocka_unit_test(qr_payload_follows_the_format),
	    cmocka_unit_test(profile_keeps_its_uuids),
	    cmocka_unit_test(qr_code_is_drawn),
	    cmocka_unit_test(lines_of_a_qr_code_are_known),
	    cmocka_unit_test(real_qr_code_has_its_finders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
