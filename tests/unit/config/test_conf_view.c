/* The part of the configuration that the LAN server gets, and the part that it does not get. */
#include "config/conf_view.h"

#include "base/alloc.h"
#include "config/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define HASH "$5$lanpost$uDxYGoWIzXiRIlPOwo3DFZM7B6Z0JE5Cr32Xvw8.2X6"

static const char text[] =
    "[gateway]\nhostname = gw.office.lan\nlocal_domain = office.lan\nspool = /tmp/nowhere\nboss = anna\ndaemon_users = anna, ivan\nlanguage = ru\n"
    "[lan]\nallow = 10.0.0.0/8, 192.168.1.5, fe80::/10\ndeny =\nrequire_auth = yes\ntimeout = 90s\n"
    "[limits]\nforbidden_attachments = '*.exe, a;b'\n"
    "[line]\nproxy = http://proxy.example:3128\nconnect_command = /bin/dial-secret\n"
    "[log]\nfile = /var/log/lanpost/log\nlevel = debug\n"
    "[smarthost default]\nurl = smtps://mail.example\nuser = smartuser\npassword = smartsecret\n"
    "[smarthost other]\nurl = smtps://mail.example\nuser = smartuser\noauth2_token_command = /bin/token-secret\nsenders = x@example.ru\ndefault_sender = all@example.ru\n"
    "[account sales]\nurl = pop3s://pop.example\nuser = accountuser\npassword = accountsecret\n"
    "[account more]\nurl = pop3s://pop.example\nuser = moreuser\npassword_command = /bin/pass-secret\n"
    "[user anna]\npassword = " HASH "\nfull_name = Anna \"the quick\"\naliases = a, anka\nexternal_alias = anna@example.ru\noutside = no\nexpire = 30d\n"
    "[user ivan]\nallow_weak_auth = yes\nclear_password = clearsecret\nlanguage = en\nforward = anna\nkeep = no\n"
    "[group all]\nmembers = anna, ivan\n"
    "[mailbox info]\nmembers = anna, all:read\nquota = 5M\nexternal_alias = info@example.ru\nexpire = 20d\n";

static struct conf *load(void)
{
	char path[] = "/tmp/test_conf_view.XXXXXX";
	struct conf_problems problems = {0};
	struct conf *conf;
	int fd = mkstemp(path);

	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	conf = conf_load(path, &problems);
	for (size_t i = 0; conf == NULL && i < problems.count; i++)
		print_message("%d: %s\n", problems.items[i].place.line, problems.items[i].phrase);
	unlink(path);
	conf_problems_clear(&problems);
	assert_non_null(conf);
	return conf;
}

static void test_what_it_is_told(void **state)
{
	struct buf first = BUF_INIT(CONF_VIEW_MAX), second = BUF_INIT(CONF_VIEW_MAX);
	struct conf *conf = load(), *seen;
	struct error error;

	(void)state;
	assert_int_equal(conf_view_write(conf, SCHEMA_FOR_LAN, &first, &error), 0);
	seen = conf_view_read(buf_slice(&first), &error);
	assert_non_null(seen);
	assert_string_equal(seen->gateway.hostname, "gw.office.lan");
	assert_int_equal(seen->gateway.language, LANGUAGE_RU);
	assert_int_equal(seen->gateway.daemon_users.count, 2);
	assert_int_equal(seen->lan.timeout, 90);
	assert_int_equal(seen->lan.max_sessions, 1000);
	assert_true(seen->lan.require_auth);
	assert_int_equal(seen->lan.allow.count, 3);
	assert_memory_equal(seen->lan.allow.items, conf->lan.allow.items, 3 * sizeof(*conf->lan.allow.items));
	assert_int_equal(seen->lan.deny.count, 0);
	assert_string_equal(seen->limits.forbidden_attachments.items[1], "a;b");
	assert_int_equal(seen->log.level, CONF_LOG_DEBUG);
	assert_int_equal(seen->user_count, 2);
	assert_string_equal(seen->users[0].name, "anna");
	assert_string_equal(seen->users[0].password, "");
	assert_string_equal(seen->users[0].aliases.items[1], "anka");
	assert_false(seen->users[0].outside);
	assert_int_equal(seen->users[0].expire, 30 * 24 * 3600);
	assert_true(seen->users[1].outside);
	assert_int_equal(seen->users[0].language, LANGUAGE_RU);
	assert_int_equal(seen->users[1].language, LANGUAGE_EN);
	assert_string_equal(seen->groups[0].members.items[1], "ivan");
	assert_int_equal(conf_share_of(seen, "info", "anna"), SHARE_WRITE);
	assert_int_equal(conf_share_of(seen, "info", "ivan"), SHARE_READ);
	assert_string_equal(conf_mailbox_at(seen, slice_of("info@example.ru")), "info");
	assert_int_equal(conf_mailbox_quota(seen, "info"), 5 << 20);
	assert_int_equal(seen->shareds[0].expire, 0);
	/* Whose mail can be sent outside, and with which sender. */
	assert_int_equal(seen->smarthost_count, 2);
	assert_string_equal(seen->smarthosts[0].default_sender, "");
	assert_string_equal(seen->smarthosts[0].remote.user, "");
	assert_string_equal(seen->smarthosts[1].default_sender, "all@example.ru");
	assert_string_equal(conf_smarthost_for(seen, slice_of("x@example.ru"))->name, "other");
	/* Nothing is lost in the transfer. */
	assert_int_equal(conf_view_write(seen, SCHEMA_FOR_LAN, &second, &error), 0);
	assert_string_equal(buf_text(&first), buf_text(&second));
	buf_clear(&first);
	buf_clear(&second);
	conf_free(seen);
	conf_free(conf);
}

static void test_what_it_is_not_told(void **state)
{
	static const char *const hidden[] = {"secret", "smartuser", "accountuser", "moreuser", "mail.example", "pop.example", "proxy", "$5$"};
	struct buf out = BUF_INIT(CONF_VIEW_MAX);
	struct conf *conf = load();
	struct error error;

	(void)state;
	assert_int_equal(conf_view_write(conf, SCHEMA_FOR_LAN, &out, &error), 0);
	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		if (strstr(buf_text(&out), hidden[i]) != NULL)
			fail_msg("the view has \"%s\": %s", hidden[i], buf_text(&out));
	buf_clear(&out);
	conf_free(conf);
}

/* No secret of any kind, now or later, has the LAN server's mark. */
static void test_no_secret_is_marked(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_section_count; i++)
		for (size_t j = 0; j < schema_sections[i].key_count; j++)
			if (value_is_secret(schema_sections[i].keys[j].type))
				assert_int_equal(schema_seen_by(&schema_sections[i], &schema_sections[i].keys[j]) & SCHEMA_FOR_LAN, 0);
}

static void test_what_is_no_view(void **state)
{
	static const char *const bad[] = {"", "[]", "{", "{\"user\":[1]}", "{\"user\":[{}]}", "{\"gateway\":[{\"hostname\":1}]}",
	    "{\"lan\":[{\"allow\":[\"x\",\"y\"]}]}", "{\"lan\":[{\"allow\":5}]}", "{\"user\":[{\"name\":\"a\",\"aliases\":[1]}]}",
	    "{\"lan\":[{\"timeout\":\"x\"}]}", "{\"user\":[{\"name\":\"a\"},{\"name\":\"b\",\"keep\":\"x\"}]}"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (conf_view_read(slice_of(bad[i]), &error) != NULL)
			fail_msg("taken: %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_it_is_told),
	    cmocka_unit_test(test_what_it_is_not_told),
	    cmocka_unit_test(test_no_secret_is_marked),
	    cmocka_unit_test(test_what_is_no_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
