/* Mailboxes: with any file names, each message is listed once, keeps its name for clients, and is removed
 * alone. */
#include "spool/mailbox/maildir.h"
#include "spool/mailbox/maildir_deliver.h"
#include "spool/mailbox/maildir_name.h"
#include "spool/storage/mailbox.h"
#include "tests/unit/sample_spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void put(const char *name, const char *text)
{
	char *path = xasprintf("%s/mailboxes/ivan/%s", folder, name);
	struct slice data = slice_of(text);
	struct error error;

	assert_int_equal(fsx_create(path, &data, 1, 0640, &error), 0);
	free(path);
}

static void test_foreign_files(void **context)
{
	struct mailbox_list list;
	struct error error;
	struct slice bytes;

	(void)context;
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0); /* no mailbox yet */
	assert_int_equal(list.count, 0);
	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	put("cur/1000.abc.host:2,S", "A: b\n\nx\n");
	put("new/a name with spaces", "A: b\r\n\r\n");
	put("new/.hidden", "x");
	put("cur/2000.no.end:2,", "A: b\n\nx");
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 3);
	assert_int_equal(mailbox_size(&spool, "ivan", &list.items[2], &error), 0);
	assert_int_equal(list.items[2].size, 7 + 2 + 2); /* as it is sent */
	assert_string_equal(list.items[0].unique, "a name with spaces");
	assert_int_equal(strlen(list.items[0].uidl), 64); /* a digest: a UIDL must not contain spaces */
	assert_string_equal(list.items[1].uidl, "1000.abc.host");
	assert_int_equal(mailbox_size(&spool, "ivan", &list.items[1], &error), 0);
	assert_int_equal(list.items[1].size, 8 + 3);
	/* Another program changes its flags. */
	char *from = xasprintf("%s/mailboxes/ivan/cur/1000.abc.host:2,S", folder);
	char *to = xasprintf("%s/mailboxes/ivan/cur/1000.abc.host:2,FS", folder);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(mailbox_open(&spool, "ivan", &list.items[1], &bytes, &error), 0);
	assert_int_equal(bytes.len, 8);
	fsx_unmap(bytes);
	assert_int_equal(
	    maildir_unlink(&spool, "ivan", (const char *[]){"1000.abc.host", "gone"}, 2, &error), 0);
	assert_int_not_equal(access(to, F_OK), 0);
	assert_int_equal(mailbox_open(&spool, "ivan", &list.items[1], &bytes, &error), -1);
	free(from);
	free(to);
	mailbox_list_clear(&list);
}

static void test_what_is_unique_in_a_name(void **context)
{
	static const char *const names[][2] = {
	    {"1000.1k0xn1qc2q97h2cb5b7y.host", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host:2,S", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,S=5", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,S=5,W=7:2,FS", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.1k0xn1qc2q97h2cb5b7y.host,W=7:1,x", "1000.1k0xn1qc2q97h2cb5b7y.host"},
	    {"1000.abc.host:2,S", "1000.abc.host"},
	    {"1000.abc.host,S=5,W=7:2,FS", "1000.abc.host,S=5,W=7"},
	    {"Invoice, March.eml", "Invoice, March.eml"},
	    {"Invoice, April.eml:2,S", "Invoice, April.eml"},
	    {"Re: 2, 3:2,", "Re: 2, 3"},
	    {"a,S=5,b", "a,S=5,b"},
	    {"a,S=,S=5", "a,S=,S=5"},
	    {",S=5", ",S=5"},
	    {":2,", ""},
	};

	(void)context;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!slice_is(maildir_unique(names[i][0]), names[i][1]))
			fail_msg("%s", names[i][0]);
}

/* Each is listed, distinguished from the others, and removed alone; a UIDL that a client may know
 * stays. */
static void test_files_that_differ_in_a_size_alone(void **context)
{
	static const char *const names[] = {"new/mail,S=5", "cur/mail,S=6:2,S", "new/,S=5", "new/,S=6", "new/odd\nname\x02,S=7"};
	struct mailbox_list list;
	struct error error;

	(void)context;
	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		put(names[i], "A: b\n\n");
	for (size_t left = ARRAY_LEN(names); left > 0; left--) {
		char *gone;

		assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
		assert_int_equal(list.count, left);
		for (size_t i = 0; i < left; i++)
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(list.items[i].uidl, list.items[j].uidl);
		if (left == ARRAY_LEN(names))
			assert_string_equal(list.items[2].uidl, "mail");
		gone = list.items[0].unique;
		assert_int_equal(maildir_unlink(&spool, "ivan", (const char *[]){gone}, 1, &error), 0);
		mailbox_list_clear(&list);
	}
}

static void test_files_with_commas_are_each_their_own(void **context)
{
	struct mailbox_list list;
	struct error error;

	(void)context;
	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	put("cur/Invoice, March.eml:2,S", "A: b\n\n");
	put("new/Invoice, April.eml", "A: b\n\n");
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].unique, "Invoice, April.eml");
	assert_string_not_equal(list.items[0].uidl, list.items[1].uidl);
	assert_int_equal(maildir_unlink(&spool, "ivan", (const char *[]){list.items[0].unique}, 1, &error), 0);
	mailbox_list_clear(&list);
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].unique, "Invoice, March.eml");
	mailbox_list_clear(&list);
}

/* Another program copies one of our files under a longer name, or uses a name like our ids: no two of them are the same
 * for a client. */
static void test_copies_of_ours_are_told_apart(void **context)
{
	static const char id[] = "0000000000000000000a";
	struct mailbox_list list;
	struct error error;

	(void)context;
	assert_int_equal(mailbox_make(&spool, "ivan", &error), 0);
	put("new/1700000000.0000000000000000000a.gw,S=5", "12345");
	put("new/1700000000.0000000000000000000a.gw,S=5.bak", "12345");
	put("cur/1700000000.0000000000000000000a.other:2,S", "12345");
	put("new/0000000000000000000a", "12345");
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 4);
	for (size_t i = 0; i < list.count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(list.items[i].uidl, list.items[j].uidl);
	assert_string_equal(list.items[1].uidl, id); /* the oldest name that we gave */
	assert_string_equal(list.items[1].unique, "1700000000.0000000000000000000a.gw");
	mailbox_list_clear(&list);
}

static void test_our_names(void **context)
{
	struct msgid id = msgid_new();
	char *name = maildir_name(1795420900, &id, "gw/a:b", 5);
	struct slice part = SLICE_LITERAL("12345");
	struct mailbox_list list;
	struct map ids = MAP_INIT;
	struct error error;
	char *file;

	(void)context;
	assert_null(strchr(name, '/'));
	assert_null(strchr(name, ':'));
	assert_int_equal(maildir_deliver(&spool, &(struct maildir_target){"ivan", name, NULL}, &part, 1, &error), 0);
	assert_int_equal(mailbox_list(&spool, "ivan", &list, &error), 0);
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].ours && list.items[0].size_known);
	assert_int_equal(list.items[0].size, 5);
	assert_string_equal(list.items[0].uidl, id.text);
	assert_int_equal(maildir_files(&spool, "ivan", &ids, &error), 0);
	file = map_get(&ids, slice_of(id.text));
	assert_string_equal(file, list.items[0].file);
	free(file);
	map_clear(&ids);
	mailbox_list_clear(&list);
	free(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    SPOOL_TEST(test_foreign_files),
	    SPOOL_TEST(test_what_is_unique_in_a_name),
	    SPOOL_TEST(test_files_that_differ_in_a_size_alone),
	    SPOOL_TEST(test_files_with_commas_are_each_their_own),
	    SPOOL_TEST(test_copies_of_ours_are_told_apart),
	    SPOOL_TEST(test_our_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
