/* What is taken of a provider's answers, and what is not. */
#include "upstream/oauth2_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/phrase.h"

#define DEVICE(more) "{\"device_code\":\"d\",\"user_code\":\"AB-CD\",\"expires_in\":900" more "}"
#define PAGE ",\"verification_uri\":\"https://x.example/d\""

static void test_a_sign_in_that_begins(void **state)
{
	static const struct {
		const char *answer;
		long status;
		enum error_class class; /* NONE: good */
		const char *page_with_code;
		int64_t lifetime, interval;
	} cases[] = {
	    {DEVICE(PAGE), 200, ERROR_NONE, "", 900, 5},
	    {DEVICE(PAGE ",\"interval\":0"), 200, ERROR_NONE, "", 900, 1},
	    {DEVICE(PAGE ",\"interval\":1e9"), 200, ERROR_NONE, "", 900, 60},
	    {DEVICE(PAGE ",\"interval\":\"7\""), 200, ERROR_NONE, "", 900, 7},
	    {DEVICE(PAGE ",\"verification_uri_complete\":\"https://x.example/d?c=1\""), 200, ERROR_NONE, "https://x.example/d?c=1", 900, 5},
	    {DEVICE(PAGE ",\"verification_uri_complete\":\"javascript:1\""), 200, ERROR_NONE, "", 900, 5},
	    {DEVICE(",\"verification_url\":\"https://www.google.com/device\""), 200, ERROR_NONE, "", 900, 5},
	    {DEVICE(",\"verification_uri\":\"http://127.0.0.1:80/d\""), 200, ERROR_NONE, "", 900, 5},
	    {DEVICE(",\"verification_uri\":\"http://x.example/d\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(",\"verification_uri\":\"http://127.0.0.1:80@x.example/d\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(",\"verification_uri\":\"http://127.0.0.1:@x.example/d\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(",\"verification_uri\":\"https://login.microsoftonline.com@x.example/d\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(",\"verification_uri\":\"https://\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(",\"verification_uri\":\"https://x.example/\\u001b[2J\""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {DEVICE(""), 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {"{\"device_code\":\"d\",\"user_code\":\"AB\"" PAGE "}", 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {"{\"error\":\"invalid_scope\",\"error_description\":\"no\\r\\nmail\"}", 400, ERROR_CONFIG, NULL, 0, 0},
	    {"{\"error\":\"temporarily_unavailable\"}", 400, ERROR_TEMPORARY, NULL, 0, 0},
	    {"[]", 200, ERROR_PROTOCOL, NULL, 0, 0},
	    {"", 503, ERROR_TEMPORARY, NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct oauth2_device device;
		struct error error = ERROR_INIT;

		print_message("%s\n", cases[i].answer);
		assert_int_equal(oauth2_answer_device(cases[i].status, slice_of(cases[i].answer), &device, &error), cases[i].class == ERROR_NONE ? 0 : -1);
		assert_int_equal(error.class, cases[i].class);
		if (cases[i].class != ERROR_NONE)
			continue;
		assert_string_equal(device.page_with_code, cases[i].page_with_code);
		assert_int_equal(device.lifetime, cases[i].lifetime);
		assert_int_equal(device.interval, cases[i].interval);
	}
}

static void test_tokens_and_refusals(void **state)
{
	static const struct {
		const char *answer;
		long status;
		enum oauth2_result result;
		enum error_class class;
		const char *refresh;
	} cases[] = {
	    {"{\"access_token\":\"a\",\"token_type\":\"bearer\",\"expires_in\":\"3599\"}", 200, OAUTH2_GRANTED, ERROR_NONE, ""},
	    {"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"expires_in\":3599,\"refresh_token\":\"r\"}", 200, OAUTH2_GRANTED, ERROR_NONE, "r"},
	    {"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":null}", 200, OAUTH2_GRANTED, ERROR_NONE, ""},
	    {"{\"access_token\":\"a\",\"token_type\":\"Bearer\",\"refresh_token\":\"r\\n\"}", 200, OAUTH2_FAILED, ERROR_PROTOCOL, NULL},
	    {"{\"access_token\":\"a\\u0001b\",\"token_type\":\"Bearer\"}", 200, OAUTH2_FAILED, ERROR_PROTOCOL, NULL},
	    {"{\"access_token\":\"a\",\"token_type\":\"mac\"}", 200, OAUTH2_FAILED, ERROR_PROTOCOL, NULL},
	    {"{\"error\":\"authorization_pending\"}", 400, OAUTH2_PENDING, ERROR_NONE, NULL},
	    {"{\"error\":\"slow_down\"}", 400, OAUTH2_SLOW_DOWN, ERROR_NONE, NULL},
	    {"{\"error\":\"access_denied\"}", 400, OAUTH2_DENIED, ERROR_LOGIN, NULL},
	    {"{\"error\":\"authorization_declined\"}", 400, OAUTH2_DENIED, ERROR_LOGIN, NULL},
	    {"{\"error\":\"expired_token\"}", 400, OAUTH2_EXPIRED, ERROR_TEMPORARY, NULL},
	    {"{\"error\":\"invalid_grant\"}", 400, OAUTH2_INVALID, ERROR_LOGIN, NULL},
	    {"{\"error\":\"invalid_grant\"}", 503, OAUTH2_FAILED, ERROR_TEMPORARY, NULL},
	    {"{\"error\":\"invalid_client\"}", 401, OAUTH2_FAILED, ERROR_CONFIG, NULL},
	    {"{\"error\":7}", 400, OAUTH2_FAILED, ERROR_PROTOCOL, NULL},
	    {"<html>", 429, OAUTH2_FAILED, ERROR_TEMPORARY, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct oauth2_tokens tokens;
		struct error error = ERROR_INIT;

		print_message("%s\n", cases[i].answer);
		assert_int_equal(oauth2_answer_token(cases[i].status, slice_of(cases[i].answer), &tokens, &error), cases[i].result);
		assert_int_equal(error.class, cases[i].class);
		if (cases[i].refresh != NULL)
			assert_string_equal(tokens.refresh, cases[i].refresh);
	}
}

/* It is cut at a whole character. */
static void test_a_long_reason_is_cut(void **state)
{
	char answer[700], said[PHRASE_TEXT_MAX];
	size_t len = (size_t)snprintf(answer, sizeof(answer), "{\"error\":\"invalid_grant\",\"error_description\":\"x");
	struct oauth2_tokens tokens;
	struct error error = ERROR_INIT;

	(void)state;
	for (int i = 0; i < 200; i++)
		len += (size_t)snprintf(answer + len, sizeof(answer) - len, "й");
	snprintf(answer + len, sizeof(answer) - len, "\"}");
	assert_int_equal(oauth2_answer_token(400, slice_of(answer), &tokens, &error), OAUTH2_INVALID);
	phrase_show(said, sizeof(said), error.phrase, "en");
	assert_non_null(strstr(said, "(invalid_grant: xййй"));
	assert_non_null(strstr(said, "ййй)"));
	assert_null(strstr(said, "\\x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_sign_in_that_begins),
	    cmocka_unit_test(test_tokens_and_refusals),
	    cmocka_unit_test(test_a_long_reason_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
