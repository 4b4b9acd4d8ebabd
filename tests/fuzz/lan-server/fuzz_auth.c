/*
 * Questions of a compromised LAN server to the process that checks passwords, and answers of a compromised one of those.
 * Hashing is omitted because of its cost. The answer is never "yes": no seed contains the password.
 */
#include "lan-server/login/tls_credentials.h"
#include "lan-server/login/verifier.h"

#include "tests/fuzz/common/fuzz.h"
#include "tests/unit/sample_conf.h"

static struct verifier *make_verifier(void)
{
	static char clear[] = "a long secret nobody guesses";
	struct verifier *verifier = verifier_new(NULL);
	struct buf bytes = BUF_INIT(AUTH_CONFIG_MAX);
	struct conf conf = sample_conf();
	struct auth_config config;

	conf.lan.allow_empty_password = false;
	sample_user("ivan")->clear_password = clear;
	sample_user("ivan")->allow_weak_auth = true;
	auth_config_write(&conf, &(struct auth_config_more){.salt_key = "0123456789abcdef0123456789abcdef"}, &bytes);
	if (!auth_config_read(buf_slice(&bytes), &config))
		abort();
	verifier_load(verifier, &config);
	buf_clear(&bytes);
	return verifier;
}

/* A file of notes, or notes from a compromised process: saved notes are read back unchanged. */
static void check_notes(struct slice bytes)
{
	struct ban_notes notes = {NULL, 0}, again = {NULL, 0};
	struct buf text = BUF_INIT(BAN_NOTES_TEXT_MAX), more = BUF_INIT(BAN_NOTES_TEXT_MAX);

	ban_notes_read(&notes, bytes, 0);
	ban_notes_write(&notes, 0, &text);
	if (text.overflow || notes.count > BAN_NOTES_MAX)
		abort();
	ban_notes_read(&again, buf_slice(&text), 0);
	ban_notes_write(&again, 0, &more);
	if (!slice_equal(buf_slice(&text), buf_slice(&more)))
		abort();
	ban_notes_clear(&notes);
	ban_notes_clear(&again);
	buf_clear(&text);
	buf_clear(&more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct verifier *verifier;
	static struct tls_credentials *keyring;
	struct slice bytes = slice_make((const char *)data, size);
	struct auth_answer answer = AUTH_ANSWER_INIT;
	struct auth_question question;
	struct auth_config config;

	if (verifier == NULL) {
		verifier = make_verifier();
		keyring = tls_credentials_new();
	}
	if (auth_question_read(bytes, &question) && verifier_answer(verifier, &question, &answer, false) &&
	    answer.verdict == VERDICT_YES && question.kind != ASK_OFFERS && question.kind != ASK_SCRAM_BEGIN)
		abort();
	if (auth_question_read(bytes, &question) && question.kind >= ASK_CERTIFICATE) {
		tls_credentials_answer(keyring, &question, &answer);
		if (answer.verdict == VERDICT_YES && question.kind == ASK_SIGN)
			abort();
	}
	auth_answer_read(bytes, &answer);
	check_notes(bytes);
	if (auth_config_read(bytes, &config)) {
		tls_credentials_load(keyring, &config);
		auth_config_clear(&config);
	}
	buf_clear(&answer.bytes);
	return 0;
}
