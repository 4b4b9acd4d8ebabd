/* The passwords of a session in a separate process: a login gets what it needs, a compromised session little more. */
#include "gateway/session/secrets.h"

#include "base/clock.h"
#include "gateway/session/secrets_priv.h"
#include "tests/unit/remove_tree.h"
#include "upstream/login.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define SOON ((struct frame_wait){clock_now_ms() + 5000, NULL})

static struct conf_account accounts[4];
static struct conf_smarthost smarthosts[1];
static struct conf_user users[1];
static struct conf_dkim dkims[3];
static struct conf conf;
static char folder[] = "/tmp/test_secrets.XXXXXX";
static struct secrets secrets;

static void fill(struct conf_remote *remote, const char *password, const char *command, enum conf_auth auth)
{
	*remote = (struct conf_remote){.url = strdup("x"), .user = strdup("me"), .password = strdup(password),
	    .password_command = strdup(command), .oauth2_token_command = strdup(""), .auth = auth};
}

static int make_keys(void)
{
	static const char *const names[] = {"rsa", "ed25519", NULL};
	struct error error;

	if (mkdtemp(folder) == NULL)
		return -1;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (asprintf(&dkims[i].name, "%s.ru", names[i]) < 0 || asprintf(&dkims[i].key_file, "%s/%s", folder, names[i]) < 0 ||
		    dkim_key_make(dkims[i].key_file, i == 1, &error) != 0)
			return -1;
	}
	dkims[2] = (struct conf_dkim){.name = strdup("third.ru"), .key_file = strdup("/nowhere")};
	conf.dkims = dkims;
	conf.dkim_count = 3;
	return 0;
}

static int set_up(void **state)
{
	struct error error;

	(void)state;
	fill(&accounts[0].remote, "a-password", "", AUTH_AUTO);
	fill(&accounts[1].remote, "", "echo of-a-command", AUTH_AUTO);
	fill(&accounts[2].remote, "", "sleep 60", AUTH_AUTO);
	fill(&accounts[3].remote, "hidden", "", AUTH_CRAM_MD5);
	fill(&smarthosts[0].remote, "b-password", "", AUTH_AUTO);
	accounts[0].name = strdup("one");
	accounts[1].name = strdup("two");
	accounts[2].name = strdup("hangs");
	accounts[3].name = strdup("hides");
	smarthosts[0].name = strdup("out");
	users[0] = (struct conf_user){.password = strdup("$6$hash"), .scram_sha256 = strdup("SCRAM"), .clear_password = strdup("clear")};
	conf = (struct conf){.accounts = accounts, .account_count = 4, .smarthosts = smarthosts, .smarthost_count = 1, .users = users,
	    .user_count = 1};
	conf.line = (struct conf_line){.connect_command = strdup("echo up; echo err >&2; exit 3"),
	    .disconnect_command = strdup("sleep 60"), .command_timeout = 1};
	return make_keys() != 0 ? -1 : secrets_start(&secrets, &conf, &error);
}

static int tear_down(void **state)
{
	(void)state;
	secrets_stop(&secrets);
	return remove_tree(folder);
}

static void test_the_session_forgets(void **state)
{
	(void)state;
	assert_string_equal(accounts[0].remote.password, "");
	assert_string_equal(smarthosts[0].remote.password, "");
	assert_string_equal(users[0].password, "");
	assert_string_equal(users[0].scram_sha256, "");
	assert_string_equal(users[0].clear_password, "");
}

static void expect_secret(const struct conf_remote *remote, const char *text)
{
	struct login_keeper keeper;
	struct buf out = BUF_INIT(256);
	struct error error;

	assert_int_equal(secrets.remote.open(secrets.remote.context, remote, NULL, &keeper, &error), 0);
	assert_true(keeper.answer(keeper.context, LOGIN_SHOW, SLICE_NONE, 0, &out));
	assert_string_equal(buf_text(&out), text);
	secrets.remote.close(&keeper, false);
	buf_clear(&out);
}

static void test_a_login_gets_its_password(void **state)
{
	static struct conf_remote other;
	struct login_keeper keeper;
	struct error error;

	(void)state;
	expect_secret(&accounts[0].remote, "a-password");
	expect_secret(&accounts[1].remote, "of-a-command");
	expect_secret(&smarthosts[0].remote, "b-password");
	fill(&other, "", "", AUTH_AUTO);
	assert_int_equal(secrets.remote.open(secrets.remote.context, &other, NULL, &keeper, &error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
}

/* As computed by the process that has the password. */
static void test_digests_are_the_same(void **state)
{
	static const enum login_question questions[] = {LOGIN_HMAC_MD5, LOGIN_MD5_BEHIND, LOGIN_SALTED_SHA_1, LOGIN_SALTED_SHA_256, LOGIN_MASK};
	const struct slice with = SLICE_LITERAL("<1@x> hidden");
	struct login_keeper keeper;
	struct error error;

	(void)state;
	assert_int_equal(secrets.remote.open(secrets.remote.context, &accounts[3].remote, NULL, &keeper, &error), 0);
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		struct buf here = BUF_INIT(256), there = BUF_INIT(256);

		assert_true(login_secret_answer("hidden", questions[i], with, 4096, &here));
		assert_true(keeper.answer(keeper.context, questions[i], with, 4096, &there));
		assert_true(slice_equal(buf_slice(&here), buf_slice(&there)));
		assert_true(memmem(there.ptr, there.len, "hidden", 6) == NULL);
		buf_clear(&here);
		buf_clear(&there);
	}
	/* If the password is never sent to a server, no process gets it. */
	assert_false(keeper.answer(keeper.context, LOGIN_SHOW, SLICE_NONE, 0, &(struct buf)BUF_INIT(256)));
	secrets.remote.close(&keeper, true);
}

static void test_a_command_that_hangs_is_given_up(void **state)
{
	atomic_bool cancel = true;
	struct login_keeper keeper;
	struct error error;

	(void)state;
	assert_int_equal(secrets.remote.open(secrets.remote.context, &accounts[2].remote, &cancel, &keeper, &error), -1);
	assert_int_equal(error.class, ERROR_CANCELLED);
	expect_secret(&accounts[0].remote, "a-password");
}

static void test_the_line(void **state)
{
	struct buf output = BUF_INIT(256);
	struct error error;
	int status = 0;

	(void)state;
	assert_int_equal(secrets_run_dialup(&secrets, false, NULL, &output, &status, &error), 0);
	assert_int_equal(status, 3);
	assert_string_equal(buf_text(&output), "up\nerr\n");
	assert_int_equal(secrets_run_dialup(&secrets, true, NULL, &output, &status, &error), -1);
	assert_int_equal(error.class, ERROR_TEMPORARY);
	assert_non_null(strstr(ERROR_EN(&error), "did not finish within 1 seconds"));
	buf_clear(&output);
}

/* A first frame and a question of a compromised session; whether the last one gets an answer. */
static bool asks(uint32_t first, struct slice name, uint32_t then, struct slice with)
{
	struct buf answer = BUF_INIT(SECRETS_FRAME_MAX);
	struct conversation conversation;
	struct error error;
	uint32_t kind = 0;
	enum frame_result result;

	assert_int_equal(helper_converse(&secrets.helper, &conversation, &error), 0);
	assert_int_equal(frame_send(conversation.fd, &(struct frame){.kind = first, .parts = &name, .count = 1}, SOON), FRAME_OK);
	result = frame_receive(conversation.fd, &kind, &answer, NULL, SOON);
	if (result == FRAME_OK && kind == SECRETS_GOOD && then != 0) {
		assert_int_equal(frame_send(conversation.fd, &(struct frame){.kind = then, .parts = &with, .count = 1}, SOON), FRAME_OK);
		result = frame_receive(conversation.fd, &kind, &answer, NULL, SOON);
	}
	assert_int_not_equal(result, FRAME_TIMEOUT); /* nobody waits for an answer that will not come */
	helper_hang_up(&conversation);
	buf_clear(&answer);
	return result == FRAME_OK && kind == SECRETS_GOOD;
}

static void test_nonsense_gets_nothing(void **state)
{
	const struct slice rounds = SLICE_LITERAL("\1\0\0\0"), endless = SLICE_LITERAL("\xff\xff\xff\xff");

	(void)state;
	assert_true(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_QUESTION + (uint32_t)LOGIN_SHOW, rounds));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("none"), 0, SLICE_NONE));
	assert_false(asks(SECRETS_SMARTHOST, SLICE_LITERAL("one"), 0, SLICE_NONE));
	assert_false(asks(SECRETS_QUESTION, SLICE_LITERAL("one"), 0, SLICE_NONE));
	assert_false(asks(0, SLICE_NONE, 0, SLICE_NONE));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_QUESTION + 99, rounds));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_ACCOUNT, SLICE_LITERAL("two")));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_QUESTION + (uint32_t)LOGIN_SHOW, SLICE_LITERAL("\1")));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_QUESTION + (uint32_t)LOGIN_SALTED_SHA_1, endless));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("hides"), SECRETS_QUESTION + (uint32_t)LOGIN_SHOW, rounds));
	expect_secret(&accounts[0].remote, "a-password");
}

static char *key_path(const char *name)
{
	char *path = NULL;

	assert_int_not_equal(asprintf(&path, "%s/%s", folder, name), -1);
	return path;
}

/* The same signature as from a key here: Ed25519 and PKCS #1 v1.5 are deterministic. */
static void test_it_signs_and_keeps_the_key(void **state)
{
	static const char *const names[] = {"rsa", "ed25519"};
	unsigned char digest[DKIM_DIGEST_LEN] = "0123456789abcdef0123456789abcde", here[DKIM_SIGNATURE_MAX], there[DKIM_SIGNATURE_MAX];
	struct error error;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dkim_key *key = NULL;
		struct dkim_signer own, kept;
		char *path = key_path(names[i]);
		size_t here_len, there_len;

		assert_int_equal(dkim_key_load(path, &key, &error), 0);
		own = dkim_key_signer(key);
		assert_int_equal(secrets.keys.open(secrets.keys.context, &dkims[i], &kept, &error), 0);
		assert_int_equal(kept.is_ed25519, i == 1);
		for (int times = 0; times < 200; times++) { /* more requests than a login may send */
			digest[0] = (unsigned char)times;
			assert_int_equal(kept.sign(kept.context, digest, there, &there_len), 0);
		}
		assert_int_equal(own.sign(own.context, digest, here, &here_len), 0);
		assert_int_equal(here_len, there_len);
		assert_memory_equal(here, there, here_len);
		secrets.keys.close(&kept);
		dkim_key_free(key);
		free(path);
	}
}

static void test_a_key_that_cannot_be_used_is_an_error(void **state)
{
	struct conf_dkim other = {.name = strdup("other.ru"), .key_file = strdup("/dev/null")};
	struct dkim_signer signer;
	struct error error;

	(void)state;
	assert_int_equal(secrets.keys.open(secrets.keys.context, &dkims[2], &signer, &error), -1);
	assert_non_null(strstr(ERROR_EN(&error), "/nowhere"));
	assert_int_equal(secrets.keys.open(secrets.keys.context, &other, &signer, &error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
	free(other.name);
	free(other.key_file);
	assert_false(asks(SECRETS_KEY, SLICE_LITERAL("rsa.ru"), SECRETS_SIGN, SLICE_LITERAL("no digest")));
	assert_false(asks(SECRETS_KEY, SLICE_LITERAL("rsa.ru"), SECRETS_QUESTION + (uint32_t)LOGIN_SHOW, SLICE_LITERAL("0123456789abcdef0123456789abcdef")));
	assert_false(asks(SECRETS_ACCOUNT, SLICE_LITERAL("one"), SECRETS_SIGN, SLICE_LITERAL("0123456789abcdef0123456789abcdef")));
}

static void test_a_dead_process_is_an_error(void **state)
{
	struct login_keeper keeper;
	struct error error;

	(void)state;
	kill(secrets.helper.pid, SIGKILL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(secrets.remote.open(secrets.remote.context, &accounts[0].remote, NULL, &keeper, &error), -1);
		assert_int_equal(error.class, ERROR_IO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_session_forgets),
	    cmocka_unit_test(test_a_login_gets_its_password),
	    cmocka_unit_test(test_digests_are_the_same),
	    cmocka_unit_test(test_a_command_that_hangs_is_given_up),
	    cmocka_unit_test(test_the_line),
	    cmocka_unit_test(test_nonsense_gets_nothing),
	    cmocka_unit_test(test_it_signs_and_keeps_the_key),
	    cmocka_unit_test(test_a_key_that_cannot_be_used_is_an_error),
	    cmocka_unit_test(test_a_dead_process_is_an_error),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
