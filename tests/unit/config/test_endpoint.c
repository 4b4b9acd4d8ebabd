/* Parsing URLs of the configuration. */
#include "config/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

static void names_a_server(void **state)
{
	static const struct {
		const char *url;
		enum endpoint_protocol protocol;
		bool tls, local;
		const char *place, *host, *port;
	} cases[] = {
	    {"pop3s://pop.example.ru:995", ENDPOINT_POP3, true, false, "pop.example.ru:995", "pop.example.ru", "995"},
	    {"POP3://pop.example.ru", ENDPOINT_POP3, false, false, "pop.example.ru", "pop.example.ru", ""},
	    {"imaps://[2001:db8::1]:993/", ENDPOINT_IMAP, true, false, "[2001:db8::1]:993", "2001:db8::1", "993"},
	    {"imap://[::1]", ENDPOINT_IMAP, false, true, "[::1]", "::1", ""},
	    {"smtp://127.0.0.1:2525?x", ENDPOINT_SMTP, false, true, "127.0.0.1:2525", "127.0.0.1", "2525"},
	    {"smtps://localhost", ENDPOINT_SMTP, true, true, "localhost", "localhost", ""},
	    {"smtps://localhost.example.ru", ENDPOINT_SMTP, true, false, "localhost.example.ru", "localhost.example.ru", ""},
	    {"socks5h://me:s@cret@host:1080", ENDPOINT_OTHER, false, false, "host:1080", "host", "1080"},
	    {"host:25", ENDPOINT_OTHER, false, false, "host:25", "host", "25"},
	    {"pop3x://host", ENDPOINT_OTHER, false, false, "host", "host", ""},
	    {"://", ENDPOINT_OTHER, false, false, "", "", ""},
	    {"", ENDPOINT_OTHER, false, false, "", "", ""},
	    {"imap://[::1", ENDPOINT_IMAP, false, false, "[::1", "[:", "1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct endpoint endpoint = endpoint_of(cases[i].url);

		assert_int_equal(endpoint.protocol, cases[i].protocol);
		assert_int_equal(endpoint.tls, cases[i].tls);
		assert_int_equal(endpoint_is_local(&endpoint), cases[i].local);
		assert_true(slice_is(endpoint.place, cases[i].place));
		assert_true(slice_is(endpoint.host, cases[i].host));
		assert_true(slice_is(endpoint.port, cases[i].port));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(names_a_server)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
