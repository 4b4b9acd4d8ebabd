/* A large mailbox is looked at in pieces, and what has changed in it is reported so: sessions that wait for news take no memory for it, however many
 * there are. */
#include "lan-server/imap/imapd.h"

#include "tests/unit/fake_folder.h"
#include "tests/unit/sample_conf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MESSAGES 2000
#define KEYWORD_LEN 90
#define PIECE_MAX (64u << 10)

static int login(
    void *context, struct slice name, struct slice password, const char **user, struct error *error)
{
	(void)context;
	(void)name;
	(void)password;
	(void)error;
	*user = "ivan";
	return 0;
}

#include "tests/unit/sample_secrets.h"

static uint64_t used(void *context, const char *user)
{
	(void)context;
	(void)user;
	return 0;
}

static struct conf conf;
static struct spool spool = {.folder = "/nowhere"};

/* heard: since it said something last. */
struct client {
	struct dialogue *imapd;
	struct buf heard;
};

static enum dialogue_effect hear(struct client *client, enum dialogue_effect effect)
{
	for (;;) {
		assert_true(client->imapd->replies.len < PIECE_MAX);
		buf_append_slice(&client->heard, buf_slice(&client->imapd->replies));
		buf_reset(&client->imapd->replies);
		if (effect != DIALOGUE_SEND)
			return effect;
		effect = dialogue_send(client->imapd);
	}
}

static const char *say(struct client *client, const char *line)
{
	buf_reset(&client->heard);
	assert_int_equal(hear(client, dialogue_line(client->imapd, slice_of(line))), DIALOGUE_READ_LINE);
	return buf_text(&client->heard);
}

static void begin(struct client *client)
{
	struct imapd_options options = {
	    .conf = &conf,
	    .spool = &spool,
	    .session = "session",
	    .sasl = {NULL, mechanisms, login, scram_begin, scram_end, digest, NULL},
	    .used = used,
	};

	*client = (struct client){imapd_new(&options), BUF_INIT(64u << 20)};
	hear(client, DIALOGUE_READ_LINE);
	assert_non_null(strstr(say(client, "a LOGIN ivan x"), "a OK"));
}

static void end(struct client *client)
{
	dialogue_free(client->imapd);
	buf_clear(&client->heard);
}

static size_t count(const char *text, const char *wanted)
{
	size_t found = 0;

	for (; (text = strstr(text, wanted)) != NULL; text += strlen(wanted))
		found++;
	return found;
}

/* Another session sets all keywords of all messages: several MiB of news. */
static void set_keywords(void)
{
	struct folder *inbox = fake_find("ivan");
	uint32_t *uids, *left, flags = 0;
	size_t messages = folder_uids(inbox, &uids), left_count;
	char keyword[KEYWORD_LEN + 1] = "";
	struct error error;

	for (char c = 'a'; c <= 'z'; c++) {
		memset(keyword, c, KEYWORD_LEN);
		flags |= folder_keyword(inbox, keyword, true);
	}
	assert_int_equal(folder_store(inbox, uids, messages, FOLDER_ADD, flags, UINT64_MAX, &left, &left_count, &error), 0);
	free(uids);
}

static int fill(void **state)
{
	(void)state;
	conf = sample_conf();
	fake_reset();
	fake_make("ivan");
	for (size_t i = 0; i < MESSAGES; i++)
		fake_add("ivan", "Subject: x\r\n\r\n", 14, 0, 0);
	return 0;
}

static int empty(void **state)
{
	(void)state;
	fake_reset();
	return 0;
}

static void test_news_come_in_pieces_while_a_client_waits(void **state)
{
	struct client client;

	(void)state;
	begin(&client);
	say(&client, "b SELECT INBOX");
	say(&client, "c IDLE");
	set_keywords();
	buf_reset(&client.heard);
	assert_int_equal(hear(&client, dialogue_woken(client.imapd)), DIALOGUE_READ_LINE);
	assert_int_equal(count(buf_text(&client.heard), " FETCH (FLAGS (aaa"), MESSAGES);
	fake_add("ivan", "Subject: x\r\n\r\n", 14, 0, 0);
	buf_reset(&client.heard);
	assert_int_equal(hear(&client, dialogue_woken(client.imapd)), DIALOGUE_READ_LINE);
	assert_int_equal(count(buf_text(&client.heard), "FETCH"), 0);
	assert_non_null(strstr(buf_text(&client.heard), "* 2001 EXISTS\r\n"));
	assert_string_equal(say(&client, "DONE"), "c OK Completed\r\n");
	end(&client);
}

static void test_news_come_in_pieces_before_the_reply_to_any_command(void **state)
{
	struct client client;
	const char *heard;

	(void)state;
	begin(&client);
	say(&client, "b SELECT INBOX");
	set_keywords();
	fake_remove(fake_find("ivan"), 1);
	fake_add("ivan", "Subject: x\r\n\r\n", 14, 0, 0);
	heard = say(&client, "c NOOP");
	assert_int_equal(count(heard, " FETCH (FLAGS (aaa"), MESSAGES - 1);
	assert_int_equal(count(heard, "* 1 EXPUNGE\r\n"), 1);
	assert_non_null(strstr(heard, "* 2000 EXISTS\r\n"));
	assert_string_equal(strstr(heard, "c OK"), "c OK Completed\r\n");
	/* What others have changed comes before a silent change, which hides only its own. */
	say(&client, "d STORE 1:* FLAGS.SILENT (\\Seen)");
	set_keywords();
	heard = say(&client, "e STORE 1:* +FLAGS.SILENT (\\Draft)");
	assert_int_equal(count(heard, " FETCH (FLAGS (\\Seen aaa"), MESSAGES);
	assert_int_equal(count(heard, "\\Draft"), 0);
	end(&client);
}

static void test_what_was_missed_comes_in_pieces(void **state)
{
	struct client client;
	const char *heard;
	char select[100];

	(void)state;
	begin(&client);
	set_keywords();
	say(&client, "b ENABLE QRESYNC");
	snprintf(select, sizeof(select), "c SELECT INBOX (QRESYNC (%u 2))", fake_find("ivan")->uid_validity);
	heard = say(&client, select);
	assert_int_equal(count(heard, " FETCH (UID "), MESSAGES);
	assert_string_equal(strstr(heard, "c OK"), "c OK [READ-WRITE] Selected\r\n");
	snprintf(select, sizeof(select), "d SELECT INBOX (QRESYNC (%u 2 3,5:7))", fake_find("ivan")->uid_validity);
	assert_int_equal(count(say(&client, select), " FETCH (UID "), 4);
	fake_remove(fake_find("ivan"), 3);
	assert_int_equal(count(say(&client, "e NOOP"), "* VANISHED 3\r\n"), 1);
	end(&client);
}

/* The folder knows an order by subject, the last message first, with numbers from this one on. */
static void know_order(struct folder *folder, uint32_t from)
{
	struct folder_order order = {.uids = xcalloc(MESSAGES, sizeof(uint32_t)), .numbers = xcalloc(MESSAGES, sizeof(uint32_t)), .count = MESSAGES};

	for (uint32_t i = 0; i < MESSAGES; i++) {
		order.uids[i] = i + 1;
		order.numbers[i] = from + MESSAGES - i;
	}
	folder_order_put(folder, 0, order);
}

/* Another session has found messages whose subjects come before all others: each has a higher number. */
static void change_order(struct folder *folder)
{
	fake_looked = NULL;
	know_order(folder, MESSAGES);
}

static void wait_for_a_piece(struct folder *folder)
{
	(void)folder;
	fake_looked = change_order;
}

static void test_an_order_that_changes_between_two_pieces(void **state)
{
	struct client client;
	char *sorted;

	(void)state;
	begin(&client);
	say(&client, "b SELECT INBOX");
	know_order(fake_find("ivan"), 1);
	sorted = xstrdup(say(&client, "c SORT (SUBJECT) UTF-8 ALL"));
	assert_int_equal(strncmp(sorted, "* SORT 2000 1999 ", 17), 0);
	fake_looked = wait_for_a_piece;
	assert_string_equal(say(&client, "c SORT (SUBJECT) UTF-8 ALL"), sorted);
	assert_null(fake_looked);
	free(sorted);
	end(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_news_come_in_pieces_while_a_client_waits, fill, empty),
	    cmocka_unit_test_setup_teardown(test_news_come_in_pieces_before_the_reply_to_any_command, fill, empty),
	    cmocka_unit_test_setup_teardown(test_what_was_missed_comes_in_pieces, fill, empty),
	    cmocka_unit_test_setup_teardown(test_an_order_that_changes_between_two_pieces, fill, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
