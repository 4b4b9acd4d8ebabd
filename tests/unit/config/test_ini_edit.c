#include "base/alloc.h"
#include "config/ini_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void keys_are_set_and_all_else_stays(void **state)
{
	static const struct {
		const char *name, *before, *kind, *title, *key, *value, *after; /* NULL: refused */
	} cases[] = {
	    {"in an empty file", "", "user", "ivan", "password", "x", "[user ivan]\npassword = x\n"},
	    {"a section without a name", "", "lan", "", "timeout", "5s", "[lan]\ntimeout = 5s\n"},
	    {"a new section comes last", "# a\n[lan]\ntimeout = 1s", "user", "ivan", "keep", "no",
		"# a\n[lan]\ntimeout = 1s\n\n[user ivan]\nkeep = no\n"},
	    {"the line and its comment stay",
		"[user ivan]\n; secret\nPassword  =  old   ; changed 2020\nkeep = no\n", "user", "ivan",
		"password", "new", "[user ivan]\n; secret\npassword = new ; changed 2020\nkeep = no\n"},
	    {"a new key comes after the last of its section",
		"[user ivan]\nkeep = no\n\n# next\n[user olga]\nkeep = yes\n", "user", "ivan", "forward",
		"a@b.c", "[user ivan]\nkeep = no\nforward = a@b.c\n\n# next\n[user olga]\nkeep = yes\n"},
	    {"after the header of an empty one", "[user ivan]\n\n[lan]\n", "user", "ivan", "keep", "no",
		"[user ivan]\nkeep = no\n\n[lan]\n"},
	    {"a continued value goes as a whole", "[lan]\nallow = 10/8, \\\n   11/8\ndeny =\n", "lan", "",
		"allow", "::1", "[lan]\nallow = ::1\ndeny =\n"},
	    {"case does not matter", "[ USER  Ivan ]\nKEEP = no\n", "user", "ivan", "keep", "yes",
		"[ USER  Ivan ]\nkeep = yes\n"},
	    {"a header inside a continued value is none", "[a]\nx = 1 \\\n[user ivan]\n", "user", "ivan",
		"keep", "no", "[a]\nx = 1 \\\n[user ivan]\n\n[user ivan]\nkeep = no\n"},
	    {"line ends stay", "[user ivan]\r\nkeep = no\r\n", "user", "ivan", "keep", "yes",
		"[user ivan]\r\nkeep = yes\r\n"},
	    {"a longer name is another", "[user ivan2]\n", "user", "ivan", "keep", "no",
		"[user ivan2]\n\n[user ivan]\nkeep = no\n"},
	    {"quoted where needed", "", "line", "", "connect_command", "a; b", "[line]\nconnect_command = 'a; b'\n"},
	    {"with the other quotes", "", "line", "", "connect_command", "echo 'a;b'",
		"[line]\nconnect_command = \"echo 'a;b'\"\n"},
	    {"a quoted value keeps its comment", "[rule a]\nwhen = 'x ; y' # z\n", "rule", "a", "when", "q",
		"[rule a]\nwhen = q # z\n"},
	    {"blanks at the ends", "", "user", "i", "full_name", " x ", "[user i]\nfull_name = ' x '\n"},
	    {"no value", "[user i]\nkeep = no\n", "user", "i", "keep", "", "[user i]\nkeep =\n"},
	    {"both quotes and a comment sign", "", "a", "", "k", "'\";", NULL},
	    {"a line end would be another key", "", "a", "", "k", "x\npassword = y", NULL},
	    {"not UTF-8", "", "a", "", "k", "\xff", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = BUF_INIT(100000);
		struct error error = ERROR_INIT;
		int result;

		print_message("%s\n", cases[i].name);
		buf_append_text(&text, cases[i].before);
		result = ini_edit_set(&text, cases[i].kind, cases[i].title, cases[i].key, cases[i].value,
		    &error);
		assert_int_equal(result, cases[i].after == NULL ? -1 : 0);
		assert_string_equal(buf_text(&text),
		    cases[i].after == NULL ? cases[i].before : cases[i].after);
		buf_clear(&text);
	}
}

static void keys_are_removed_and_all_else_stays(void **state)
{
	static const struct {
		const char *before, *key, *after;
	} cases[] = {
	    {"[user i]\n; a\nkeep = no ; b\nforward = x\n", "keep", "[user i]\n; a\nforward = x\n"},
	    {"[user i]\nKeep = no\n", "keep", "[user i]\n"},
	    {"[user i]\nforward = x\n[user j]\nkeep = no\n", "keep", "[user i]\nforward = x\n[user j]\nkeep = no\n"},
	    {"[user i]\naliases = a, \\\n  b\nkeep = no\n", "aliases", "[user i]\nkeep = no\n"},
	    {"[user i]\r\nkeep = no\r\n", "keep", "[user i]\r\n"},
	    {"", "keep", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = BUF_INIT(100000);
		struct error error = ERROR_INIT;

		buf_append_text(&text, cases[i].before);
		assert_int_equal(ini_edit_unset(&text, "user", "i", cases[i].key, &error), 0);
		assert_string_equal(buf_text(&text), cases[i].after);
		buf_clear(&text);
	}
}

static void sections_are_removed_and_all_else_stays(void **state)
{
	static const struct {
		const char *name, *before, *after; /* NULL: not there */
	} cases[] = {
	    {"the only one", "[user ivan]\nkeep = no\n", ""},
	    {"between two", "[a]\nx = 1\n\n[user ivan]\n# why\nkeep = no\n\n# b's\n[b]\ny = 2\n",
		"[a]\nx = 1\n\n# b's\n[b]\ny = 2\n"},
	    {"the last", "[a]\nx = 1\n\n[user ivan]\nkeep = no\n", "[a]\nx = 1\n"},
	    {"the first", "[user ivan]\nkeep = no\n\n[a]\nx = 1\n", "[a]\nx = 1\n"},
	    {"no blank lines", "[a]\n[user ivan]\nkeep = no\n[b]\n", "[a]\n[b]\n"},
	    {"CRLF", "[a]\r\n\r\n[user ivan]\r\nkeep = no\r\n\r\n[b]\r\n", "[a]\r\n\r\n[b]\r\n"},
	    {"not there", "[user olga]\n", NULL},
	    {"in a comment", "# [user ivan]\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = BUF_INIT(100000);

		print_message("%s\n", cases[i].name);
		buf_append_text(&text, cases[i].before);
		assert_int_equal(ini_edit_remove(&text, "user", "ivan"), cases[i].after != NULL);
		assert_string_equal(buf_text(&text),
		    cases[i].after == NULL ? cases[i].before : cases[i].after);
		buf_clear(&text);
	}
}

static void sections_are_moved_with_their_comments(void **state)
{
	static const struct {
		const char *name, *before, *rule, *other;
		bool behind;
		const char *after; /* NULL: not there */
	} cases[] = {
	    {"to the front", "# all\n\n[rule a]\nx = 1\n\n# of b\n[rule b]\n; in b\ny = 2 ; c\n", "b", "a", false,
		"# all\n\n# of b\n[rule b]\n; in b\ny = 2 ; c\n\n[rule a]\nx = 1\n"},
	    {"to the end", "[rule a]\nx = 1\n\n[rule b]\ny = 2", "a", "b", true,
		"[rule b]\ny = 2\n\n[rule a]\nx = 1\n"},
	    {"between", "[rule a]\nx = 1\n\n[rule b]\nx = 2\n\n[rule c]\nx = 3\n", "c", "a", true,
		"[rule a]\nx = 1\n\n[rule c]\nx = 3\n\n[rule b]\nx = 2\n"},
	    {"where it is", "[rule a]\nx = 1\n\n[rule b]\nx = 2\n", "b", "a", true,
		"[rule a]\nx = 1\n\n[rule b]\nx = 2\n"},
	    {"not there", "[rule a]\n", "b", "a", true, NULL},
	    {"the other is not there", "[rule a]\n", "a", "b", true, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf text = BUF_INIT(100000);

		print_message("%s\n", cases[i].name);
		buf_append_text(&text, cases[i].before);
		assert_int_equal(
		    ini_edit_move(&text, "rule", cases[i].rule, cases[i].other, cases[i].behind),
		    cases[i].after != NULL);
		assert_string_equal(buf_text(&text),
		    cases[i].after == NULL ? cases[i].before : cases[i].after);
		buf_clear(&text);
	}
}

static void files_keep_mode_and_links(void **state)
{
	char folder[] = "/tmp/ini_edit.XXXXXX";
	struct buf text = BUF_INIT(1000), again = BUF_INIT(1000);
	struct error error = ERROR_INIT;
	char *path, *link_path;
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = xasprintf("%s/users.conf", folder);
	link_path = xasprintf("%s/link.conf", folder);
	assert_int_equal(ini_edit_read(path, &text, &error), 0);
	assert_int_equal(text.len, 0);
	buf_append_text(&text, "[a]\n");
	assert_int_equal(ini_edit_write(path, &text, path, &error), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("users.conf", link_path), 0);
	buf_append_text(&text, "k = v\n");
	assert_int_equal(ini_edit_write(link_path, &text, link_path, &error), 0);
	assert_int_equal(lstat(link_path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(ini_edit_read(path, &again, &error), 0);
	assert_string_equal(buf_text(&again), "[a]\nk = v\n");

	unlink(link_path);
	unlink(path);
	rmdir(folder);
	free(path);
	free(link_path);
	buf_clear(&text);
	buf_clear(&again);
}

/* Files that root creates must be readable for the gateway's user. */
static void new_files_are_like_the_main_one(void **state)
{
	char folder[] = "/tmp/ini_edit.XXXXXX", *main, *path;
	struct buf text = BUF_INIT(1000);
	struct error error = ERROR_INIT;
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(folder));
	main = xasprintf("%s/gateway.conf", folder);
	path = xasprintf("%s/users.conf", folder);
	buf_append_text(&text, "[a]\n");
	assert_int_equal(chown(folder, 0, 4242), 0);
	assert_int_equal(chmod(folder, 0750), 0);
	assert_int_equal(ini_edit_write(main, &text, main, &error), 0);
	assert_int_equal(stat(main, &st), 0);
	assert_true(st.st_uid == 0 && st.st_gid == 4242 && (st.st_mode & 07777) == 0640);
	assert_int_equal(chown(main, 4241, 4243), 0);
	assert_int_equal(chmod(main, 0600), 0);
	assert_int_equal(ini_edit_write(path, &text, main, &error), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_uid == 4241 && st.st_gid == 4243 && (st.st_mode & 07777) == 0600);
	unlink(path);
	unlink(main);
	rmdir(folder);
	free(path);
	free(main);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_set_and_all_else_stays),
	    cmocka_unit_test(keys_are_removed_and_all_else_stays),
	    cmocka_unit_test(sections_are_removed_and_all_else_stays),
	    cmocka_unit_test(sections_are_moved_with_their_comments),
	    cmocka_unit_test(files_keep_mode_and_links),
	    cmocka_unit_test(new_files_are_like_the_main_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
