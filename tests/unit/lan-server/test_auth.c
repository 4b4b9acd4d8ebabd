/* Names, passwords, the cache of successes, and bans after failures. */
#include "lan-server/login/auth.h"

#include "base/log.h"
#include "lan-server/login/verifier.h"
#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static int64_t now;

static int64_t fake_now(void)
{
	return now;
}

/* The client's side and the verifier behind it, in one process. */
static struct verifier *verifier;
static uint32_t delays; /* that the last answer was worth */

static int ask(void *context, const struct auth_question *question, struct auth_answer *answer, struct error *error)
{
	(void)context;
	(void)error;
	if (!verifier_answer(verifier, question, answer, false))
		assert_true(verifier_answer(verifier, question, answer, true));
	delays = answer->delays;
	return 0;
}

static void load(const struct conf *conf)
{
	struct buf bytes = BUF_INIT(AUTH_CONFIG_MAX);
	struct auth_config config;

	auth_config_write(conf, &(struct auth_config_more){.salt_key = "0123456789abcdef0123456789abcdef"}, &bytes);
	assert_true(auth_config_read(buf_slice(&bytes), &config));
	verifier_load(verifier, &config);
	buf_clear(&bytes);
}

static struct auth *make_auth(const struct conf *conf)
{
	struct auth_options options = {.fd = -1, .ask = ask};

	log_start(&(struct log_settings){.level = LOG_LEVEL_ERROR}, "test");
	now = 1000000;
	verifier = verifier_new(fake_now);
	load(conf);
	return auth_new(&options);
}

static void end_auth(struct auth *auth)
{
	auth_free(auth);
	verifier_free(verifier);
}

static const struct in6_addr here = {.s6_addr = {[15] = 1}}, there = {.s6_addr = {[15] = 2}};

static const char *check(struct auth *auth, const struct conf *conf, const struct in6_addr *client,
    const char *name, struct slice password, struct error *error)
{
	struct auth_client logins = {.auth = auth, .conf = conf, .address = *client};
	const struct sasl_hooks hooks = auth_hooks(&logins);
	const char *user;

	return hooks.login(hooks.context, slice_of(name), password, &user, error) == 0 ? user : NULL;
}

#define P(text)                                                                                    \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

static const struct {
	const char *name;
	struct slice password;
	const char *user;
} logins[] = {
    {"ivan", P("secret"), "ivan"},
    {"IVAN", P("secret"), "ivan"},
    {"Ivan@Office.LAN", P("secret"), "ivan"},
    {"petrov", P("secret"), "ivan"},
    {"ivan@example.ru", P("secret"), "ivan"},
    {"ivan", P("wrong"), NULL},
    {"ivan", P(""), NULL},
    {"ivan", P("secret\0"), NULL},
    {"ivan", P("secret\0x"), NULL},
    {"ivan@elsewhere.org", P("secret"), NULL},
    {"nobody", P("secret"), NULL},
    {"", P("secret"), NULL},
    {"../ivan", P("secret"), NULL},
    {"daemon", P(""), NULL},
    {"postmaster", P(""), NULL}, /* there is no [user postmaster] */
    {"anna", P("anything"), "anna"},
    {"anna", P(""), "anna"},
};

static void test_logins(void **state)
{
	struct conf conf = sample_conf();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(logins); i++) {
		struct auth *auth = make_auth(&conf);
		struct error error = ERROR_INIT;
		const char *user =
		    check(auth, &conf, &here, logins[i].name, logins[i].password, &error);

		if ((user == NULL) != (logins[i].user == NULL) ||
		    (user != NULL && strcmp(user, logins[i].user) != 0))
			fail_msg("%s with %s", logins[i].name, logins[i].password.ptr);
		if (user == NULL) {
			assert_int_equal(error.class, ERROR_LOGIN);
			assert_string_equal(ERROR_EN(&error), "Authentication failed: wrong name or password");
		}
		end_auth(auth);
	}
}

static void test_remembered_until_changed(void **state)
{
	static const char other_hash[] = "$5$other$2x0Wpk9cFz0fJcNbhUqUPSXlDg2bKdvGwEDJgYfTbW1";
	struct conf conf = sample_conf();
	struct auth *auth = make_auth(&conf);
	struct error error;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_non_null(
		    check(auth, &conf, &here, "ivan", (struct slice)P("secret"), &error));
		assert_null(check(auth, &conf, &here, "ivan", (struct slice)P("Secret"), &error));
	}
	/* A new hash in the configuration ends the old password at once. */
	sample_user("ivan")->password = (char *)other_hash;
	load(&conf);
	assert_null(check(auth, &conf, &here, "ivan", (struct slice)P("secret"), &error));
	end_auth(auth);
}

static void test_shut_out_and_forgiven(void **state)
{
	struct slice right = P("secret"), wrong = P("wrong");
	struct conf conf = sample_conf();
	struct auth *auth = make_auth(&conf);
	struct error error;

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_null(check(auth, &conf, &here, i % 2 ? "ivan" : "nobody", wrong, &error));
	assert_null(check(auth, &conf, &here, "ivan", right, &error));
	assert_int_equal(error.class, ERROR_TEMPORARY);
	assert_non_null(check(auth, &conf, &there, "ivan", right, &error));
	now += 60 * 1000;
	assert_null(check(auth, &conf, &here, "ivan", right, &error));
	now += 10 * 60 * 1000;
	assert_non_null(check(auth, &conf, &here, "ivan", right, &error));
	end_auth(auth);
}

/* A mail program with an old password that polls every minute never gets its PC banned. */
static void test_a_failure_a_minute_is_forgiven(void **state)
{
	struct slice right = P("secret"), wrong = P("wrong");
	struct conf conf = sample_conf();
	struct auth *auth = make_auth(&conf);
	struct error error;

	(void)state;
	for (int i = 0; i < 60; i++) {
		assert_null(check(auth, &conf, &here, "ivan", wrong, &error));
		assert_int_equal(error.class, ERROR_LOGIN);
		now += 60 * 1000;
	}
	assert_non_null(check(auth, &conf, &here, "ivan", right, &error));
	end_auth(auth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_logins),
	    cmocka_unit_test(test_remembered_until_changed),
	    cmocka_unit_test(test_shut_out_and_forgiven),
	    cmocka_unit_test(test_a_failure_a_minute_is_forgiven),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
