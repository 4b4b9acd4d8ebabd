/* Accounts out of the files of fetchmail, mpop and getmail. */
#include "ui-tui/import/import.h"

#include "base/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct expected {
	const char *name, *url, *user, *password, *local, *keep, *envelope;
	bool is_disabled;
};

static void expect(const char *text, const struct expected *expected, size_t count, const char *ignored)
{
	struct import import;
	struct error error = ERROR_INIT;

	assert_int_equal(import_read(slice_of(text), &import, &error), 0);
	assert_int_equal(import.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct import_account *account = &import.accounts[i];
		char *url = import_url(account);

		assert_string_equal(account->name, expected[i].name);
		assert_string_equal(url, expected[i].url);
		assert_string_equal(account->user, expected[i].user);
		assert_string_equal(account->password, expected[i].password);
		assert_string_equal(account->local, expected[i].local);
		assert_string_equal(account->keep, expected[i].keep);
		assert_string_equal(account->envelope_header, expected[i].envelope);
		assert_int_equal(account->is_disabled, expected[i].is_disabled);
		free(url);
	}
	assert_int_equal(import.ignored.count, ignored == NULL ? 0 : 1);
	if (ignored != NULL)
		assert_string_equal(import.ignored.items[0], ignored);
	import_clear(&import);
}

static void test_fetchmail(void **state)
{
	static const struct expected users[] = {{"ivan", "pop3s://pop.h:995", "ivan@h", "a'b #c\"", "ivan", "yes", "", false},
	    {"ivan-2", "pop3://pop.h:995", "ivan", "x", "anna", "", "", false}};
	static const struct expected skipped = {"sales", "imaps://i.h", "sales", "p", "", "", "", true};
	static const struct expected many = {"u", "pop3://[2001:db8::1]", "u", "", "", "no", "X-Envelope-To", false};
	static const struct expected bare = {"account", "pop3://h", "", "", "", "", "", false};

	(void)state;
	expect("defaults proto pop3 # all\n poll pop.h port 995\n user ivan@h there has password \"a'b #c\\\"\" is ivan here ssl keep\n"
	       " user 'ivan' with pass = x is ext=anna;", users, 2, NULL);
	expect("set daemon 300\nskip i.h proto IMAP user sales pass p ssl\nmda \"/bin/x -d %T\"", &skipped, 1, "3: mda");
	expect("poll x via '2001:db8::1' no dns envelope 1 X-Envelope-To user u to * here nokeep fetchall limit 0", &many, 1, "1: limit");
	expect("defaults\npoll h ", &bare, 1, NULL);
	expect("poll h to 'ivan; reboot'", &bare, 1, "1: ivan; reboot");
}

static void test_mpop(void **state)
{
	static const struct expected two[] = {{"ivan", "pop3://pop.h", "ivan", "a b", "", "yes", "", false},
	    {"olga", "pop3s://pop.h:10995", "olga", "a b", "", "yes", "", false}};

	(void)state;
	expect("# mine\ndefaults\ntls on\naccount work\nhost pop.h\nuser ivan\npassword \"a b\"\nkeep on\nfilter x\n"
	       "account second : work\nuser olga\ntls_starttls off\nport 10995\naccount default : work\n", two, 2, "9: filter");
}

static void test_getmail(void **state)
{
	static const struct expected one = {"ivan", "imaps://imap.h", "ivan", "x:y=z", "", "14d", "", false};
	static const struct expected multidrop = {"all", "pop3://h:110", "all", "p", "", "no", "x-envelope-to", false};

	(void)state;
	expect("[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = imap.h\nusername: ivan\npassword = x:y=z\nmailboxes = (\"INBOX\", \"A\")\n"
	       "[destination]\ntype = Maildir\n[options]\ndelete_after = 14\n", &one, 1, "6: mailboxes");
	expect("[retriever]\ntype=MultidropPOP3Retriever\nserver=h\nport=110\nusername=all\npassword=p\nenvelope_recipient = x-envelope-to:1\n"
	       "[options]\ndelete = True\n", &multidrop, 1, NULL);
}

/* What is wrong is said, and nothing is taken from a file that is not understood. */
static void test_refused(void **state)
{
	char *word = xmalloc(IMPORT_WORD_MAX + 100), *text;
	const char *files[] = {"", "\n\n", "hello", "poll", "[retriever]\nserver =\n", "[retriever]\ntype\n", "account x\nuser y\n",
	    "poll h user 'a\\n[line]' pass p", "poll h user a pass p to 'b\033[2J'", NULL};

	(void)state;
	memset(word, 'a', IMPORT_WORD_MAX + 99);
	word[IMPORT_WORD_MAX + 99] = '\0';
	text = xasprintf("poll h user u pass %s", word);
	files[ARRAY_LEN(files) - 1] = text;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct import import;
		struct error error = ERROR_INIT;

		assert_int_equal(import_read(slice_of(files[i]), &import, &error), -1);
		assert_true(error.class == ERROR_CONFIG || error.class == ERROR_LIMIT);
		import_clear(&import);
	}
	free(text);
	free(word);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fetchmail), cmocka_unit_test(test_mpop), cmocka_unit_test(test_getmail),
	    cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
