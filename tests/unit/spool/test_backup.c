/* A backup holds everything and comes back as it was; without passwords it has no secret; what is no backup of ours writes nothing. */
#include "base/file/archive.h"
#include "spool/maintenance/backup.h"
#include "tests/unit/sample_state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAIN "[gateway]\nspool = /somewhere/else\n\n[smarthost default]\npassword = secret-1\n"
#define USERS "[user ivan]\npassword = $y$secret-2\n"

static char away[64]; /* beside the spool: the configuration, the archive, what is restored */
static char *archive, *files[2];
static struct conf conf;

static char *at(const char *name)
{
	return xasprintf("%s/%s", away, name);
}

static void put(const char *path, const char *text)
{
	struct slice part = slice_of(text);
	struct error error;

	if (fsx_create(path, &part, 1, 0600, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
}

static void put_in(const char *in, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", in, name), *parent = xstrdup(path);
	struct error error;

	*strrchr(parent, '/') = '\0';
	assert_int_equal(fsx_make_dirs(parent, &error), 0);
	put(path, text);
	free(parent);
	free(path);
}

/* The content of a file below `away`; NULL: there is none. */
static char *content(const char *name)
{
	struct error error;
	char *path = at(name), *text = NULL;
	size_t len;

	if (fsx_read(path, 1 << 20, &text, &len, &error) != 0)
		text = NULL;
	free(path);
	return text;
}

static void assert_content(const char *name, const char *expected)
{
	char *text = content(name);

	if (text == NULL)
		fail_msg("%s is missing", name);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_missing(const char *name)
{
	char *path = at(name);

	assert_int_equal(access(path, F_OK), -1);
	free(path);
}

static int begin(void **context)
{
	strcpy(away, "/tmp/lanpost-unit-XXXXXX");
	if (mkdtemp(away) == NULL || set_up_state(context) != 0)
		return -1;
	archive = at("backup.tar");
	files[0] = at("lanpost.conf");
	files[1] = at("users.conf");
	conf = (struct conf){.gateway.hostname = "gw.test", .files = {files, 2}};
	return 0;
}

static int end(void **context)
{
	free(archive);
	free(files[0]);
	free(files[1]);
	return tear_down_state(context) != 0 ? -1 : remove_tree(away);
}

/* A message, an entry of the queue, a key, a value, and the configuration. */
static void fill(void)
{
	struct slice part = SLICE_LITERAL("to be sent\r\n");
	struct envelope envelope;
	struct error error;

	put(files[0], MAIN);
	put(files[1], USERS);
	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	put_in(folder, "mailboxes/ivan/new/1.M1P1.pc", "hello\r\n");
	put_in(folder, "mailboxes/ivan/.Sent.2026/cur/3.M1P1.pc:2,S", "sent\r\n");
	put_in(folder, "mailboxes/ivan/.Sent.2026/dovecot-keywords", "0 Work\n");
	put_in(folder, "mailboxes/info/lanpost-ivan.seen", "lanpost-seen 1\n");
	put_in(folder, "mailboxes/info/lanpost-ivan.seen.new", "a remnant");
	put_in(folder, "archive/ivan/2023-11/cur/2.M1P1.pc", "old\r\n");
	put_in(folder, "tls/key.pem", "the key\n");
	put_in(folder, "wal/state.lock", "");
	envelope_init(&envelope);
	memcpy(envelope.id.text, "1k0xn1qc2q97h2cb5b7y", MSGID_LEN);
	envelope_add(&envelope, PLACE_QUEUE, slice_of("a@example.net"), SLICE_NONE);
	envelope.size = part.len;
	assert_int_equal(queue_deliver(&spool, &envelope, NULL, &part, 1, &error), 0);
	envelope_clear(&envelope);
	assert_int_equal(state_numbers_put(spool.state, "a key", (int64_t[]){42}, 1, &error), 0);
}

static void write_backup(bool with_passwords, struct backup_counts *counts)
{
	struct error error;

	if (backup_write(&conf, &spool, archive, with_passwords, counts, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
}

/* To away/config and away/spool. */
static int restore(bool overwrite, bool elsewhere, struct backup_counts *counts, struct error *error)
{
	char *config = at("config"), *to = at("spool");
	struct backup_target target = {config, to, overwrite, elsewhere};
	int result;

	assert_int_equal(fsx_make_dirs(config, error), 0);
	assert_int_equal(fsx_make_dirs(to, error), 0);
	result = backup_restore(archive, &target, counts, error);
	free(config);
	free(to);
	return result;
}

static void test_all_comes_back(void **context)
{
	struct backup_counts written, restored;
	struct error error;
	struct spool copy;
	int64_t number;
	char *to;

	(void)context;
	fill();
	write_backup(true, &written);
	assert_int_equal(written.messages, 2);
	assert_int_equal(written.queued, 1);
	if (restore(false, false, &restored, &error) != 0)
		fail_msg("%s", ERROR_EN(&error));
	assert_int_equal(restored.messages, 2);
	assert_int_equal(restored.queued, 1);
	assert_int_equal(restored.files, written.files - 1); /* README stays in the archive */
	assert_content("config/lanpost.conf", MAIN);
	assert_content("config/users.conf", USERS);
	assert_content("spool/mailboxes/ivan/new/1.M1P1.pc", "hello\r\n");
	assert_content("spool/mailboxes/ivan/.Sent.2026/cur/3.M1P1.pc:2,S", "sent\r\n");
	assert_content("spool/mailboxes/ivan/.Sent.2026/dovecot-keywords", "0 Work\n");
	assert_content("spool/mailboxes/info/lanpost-ivan.seen", "lanpost-seen 1\n");
	assert_missing("spool/mailboxes/info/lanpost-ivan.seen.new");
	assert_content("spool/archive/ivan/2023-11/cur/2.M1P1.pc", "old\r\n");
	assert_content("spool/queue/active/1k0xn1qc2q97h2cb5b7y.msg", "to be sent\r\n");
	assert_content("spool/tls/key.pem", "the key\n");
	assert_missing("spool/wal/state.lock");
	to = at("spool");
	copy = spool_at(to);
	assert_int_equal(state_open(&copy.state, &copy, NULL, &error), 0);
	assert_int_equal(state_numbers_get(copy.state, "a key", &number, 1, &error), 1);
	assert_int_equal(number, 42);
	state_close(copy.state);
	free(to);
}

static void test_without_passwords_nothing_secret_leaves(void **context)
{
	struct backup_counts counts;
	struct error error;
	char *text;

	(void)context;
	fill();
	write_backup(false, &counts);
	assert_int_equal(restore(false, false, &counts, &error), 0);
	text = content("config/lanpost.conf");
	assert_non_null(strstr(text, "spool = /somewhere/else"));
	assert_null(strstr(text, "secret"));
	free(text);
	text = content("config/users.conf");
	assert_non_null(strstr(text, "[user ivan]"));
	assert_null(strstr(text, "secret"));
	free(text);
	assert_missing("spool/tls/key.pem");
	assert_content("spool/mailboxes/ivan/new/1.M1P1.pc", "hello\r\n");
}

static void test_what_is_there_stays_unless_it_is_to_be_replaced(void **context)
{
	struct backup_counts counts;
	struct error error;

	(void)context;
	fill();
	write_backup(true, &counts);
	put_in(away, "config/lanpost.conf", "mine");
	assert_int_equal(restore(false, false, &counts, &error), -1);
	assert_int_equal(error.class, ERROR_CONFIG);
	assert_content("config/lanpost.conf", "mine");
	assert_int_equal(restore(true, false, &counts, &error), 0);
	assert_content("config/lanpost.conf", MAIN);
}

static void test_elsewhere_the_configuration_names_the_new_spool(void **context)
{
	struct backup_counts counts;
	struct error error;
	char *text, *line = xasprintf("spool = %s/spool\n", away);

	(void)context;
	fill();
	write_backup(true, &counts);
	assert_int_equal(restore(false, true, &counts, &error), 0);
	text = content("config/lanpost.conf");
	assert_non_null(strstr(text, line));
	assert_null(strstr(text, "/somewhere/else"));
	assert_content("config/users.conf", USERS);
	free(text);
	free(line);
}

static void test_an_archive_that_exists_is_not_replaced(void **context)
{
	struct backup_counts counts;
	struct error error;

	(void)context;
	fill();
	put(archive, "another backup");
	assert_int_equal(backup_write(&conf, &spool, archive, true, &counts, &error), -1);
	assert_content("backup.tar", "another backup");
}

static void test_names_that_lead_out_are_refused(void **context)
{
	static const char *const names[] = {"spool/../evil", "config/../evil", "config/.hidden", "spool/a/../../../evil", "spool/a//b", "spool/",
	    "config/a\nb", "evil", "/tmp/evil", "spoolevil", "spool/1/2/3/4/5/6/7/8/9", "README/evil"};
	struct archive_writer *writer;
	struct backup_counts counts;
	struct error error;

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(archive_writer_open(&writer, archive, &error), 0);
		assert_int_equal(archive_writer_add(writer, names[i], slice_of("x"), 0600, 0, &error), 0);
		assert_int_equal(archive_writer_finish(writer, &error), 0);
		if (restore(true, false, &counts, &error) == 0)
			fail_msg("%s was restored", names[i]);
		assert_int_equal(counts.files, 0);
		assert_missing("evil");
		assert_int_equal(unlink(archive), 0);
	}
}

static void test_what_is_no_backup_is_refused(void **context)
{
	struct archive_writer *writer;
	struct backup_counts counts;
	struct error error;

	(void)context;
	assert_int_equal(archive_writer_open(&writer, archive, &error), 0);
	assert_int_equal(archive_writer_add(writer, "README", slice_of("x"), 0600, 0, &error), 0);
	assert_int_equal(archive_writer_finish(writer, &error), 0);
	assert_int_equal(restore(true, false, &counts, &error), -1);
	assert_int_equal(unlink(archive), 0);
	put(archive, "not an archive at all");
	assert_int_equal(restore(true, false, &counts, &error), -1);
	assert_int_equal(unlink(archive), 0);
	assert_int_equal(restore(true, false, &counts, &error), -1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_all_comes_back),
	    TEST(test_without_passwords_nothing_secret_leaves),
	    TEST(test_what_is_there_stays_unless_it_is_to_be_replaced),
	    TEST(test_elsewhere_the_configuration_names_the_new_spool),
	    TEST(test_an_archive_that_exists_is_not_replaced),
	    TEST(test_names_that_lead_out_are_refused),
	    TEST(test_what_is_no_backup_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
