/* The files of the configuration are in the folder of the main one, wherever that is and with any
 * name. */
#include "config/conf_file.h"

#include "base/alloc.h"
#include "base/file/path.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_parts_of_a_path(void **state)
{
	static const struct {
		const char *path, *folder, *name;
	} cases[] = {
	    {"/etc/lanpost/lanpost.conf", "/etc/lanpost", "lanpost.conf"}, {"/file", "/", "file"}, {"file", ".", "file"},
	    {"a/b/", "a/b", ""}, {"", ".", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *folder = path_folder(cases[i].path);

		assert_string_equal(folder, cases[i].folder);
		assert_string_equal(path_name(cases[i].path), cases[i].name);
		free(folder);
	}
}

static void test_the_files_beside_the_main_one(void **state)
{
	static const struct {
		const char *main;
		enum conf_file file;
		const char *path;
	} cases[] = {
	    {"/etc/lanpost/lanpost.conf", CONF_FILE_USERS, "/etc/lanpost/users.conf"},
	    {"/etc/lanpost/office.conf", CONF_FILE_MAIN, "/etc/lanpost/office.conf"},
	    {"lanpost.conf", CONF_FILE_RULES, "rules.conf"},
	    {"/x", CONF_FILE_ACCOUNTS, "/accounts.conf"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *path = conf_file_path(cases[i].main, cases[i].file);

		assert_string_equal(path, cases[i].path);
		assert_int_equal(conf_file_find(path), cases[i].file);
		free(path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts_of_a_path),
	    cmocka_unit_test(test_the_files_beside_the_main_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
