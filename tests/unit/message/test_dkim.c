/* Signatures: which changes in transit keep them valid, and which do not. System tests verify them with other programs. */
#include "message/dkim/dkim.h"

#include "base/alloc.h"
#include "tests/unit/remove_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HEADER "From: Ivan <ivan@example.ru>\r\nTo: a@b.c\r\nSubject: one two\r\nX-Other: 1\r\n\r\n"

static char folder[] = "/tmp/test_dkim.XXXXXX";
static struct dkim_key *key;

static char *sign(const char *header, const char *body)
{
	struct dkim_signer signer = dkim_key_signer(key);
	struct buf out = BUF_INIT(65536);
	struct error error;
	char *text;

	assert_int_equal(
	    dkim_sign(&signer, &(struct dkim_message){"example.ru", "mail", slice_of(header), slice_of(body), 2000000000}, &out, &error), 0);
	text = xstrndup(buf_text(&out), out.len);
	buf_clear(&out);
	return text;
}

static const struct {
	const char *name, *header, *body;
	bool same;
} cases[] = {
    {"itself", HEADER, "hello\r\n", true},
    {"folding and blanks in the header", "From:Ivan\r\n\t<ivan@example.ru>  \r\nTO : a@b.c\r\nSubject:  one \t two\r\n\r\n", "hello\r\n",
	true},
    {"blanks at the end of lines, empty lines at the end", HEADER, "hello \t \r\n\r\n \r\n\r\n", true},
    {"bare line feeds go out as CRLF", HEADER, "hello\n", true},
    {"a last line without an end gets one", HEADER, "hello", true},
    {"another body", HEADER, "hallo\r\n", false},
    {"an empty line in the middle", HEADER, "hel\r\n\r\nlo\r\n", false},
    {"another subject", "From: Ivan <ivan@example.ru>\r\nTo: a@b.c\r\nSubject: one three\r\n\r\n", "hello\r\n", false},
    {"a second From", "From: x@y.z\r\n" HEADER, "hello\r\n", false},
    {"a field that is not signed", "X-More: 2\r\n" HEADER, "hello\r\n", true},
};

static void test_what_breaks_it(void **state)
{
	char *good = sign(HEADER, "hello\r\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = sign(cases[i].header, cases[i].body);

		if ((strcmp(text, good) == 0) != cases[i].same)
			fail_msg("%s: %s", cases[i].name, text);
		free(text);
	}
	free(good);
}

static void test_body_hashes(void **state)
{
	static const char *const bodies[][2] = {
	    {"", "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
	    {"\r\n\r\n", "bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
	    {" C \r\nD \t E\r\n\r\n\r\n", "bh=unak6JHq0wL+Q1HP7dW1tjBx9FLA6DffoZ0qrLwbbpo="}, /* RFC 6376 section 3.4.5 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		char *text = sign(HEADER, bodies[i][0]);

		if (strstr(text, bodies[i][1]) == NULL)
			fail_msg("%s", text);
		free(text);
	}
}

static void test_lines_are_short_and_whole(void **state)
{
	char *text = sign(HEADER, "hello\r\n");
	size_t width = 0;

	(void)state;
	for (const char *at = text; *at != '\0'; at++) {
		width = *at == '\n' ? 0 : width + 1;
		assert_true(width < 100);
		assert_true((*at == '\n') == (at > text && at[-1] == '\r'));
	}
	assert_non_null(strstr(text, "d=example.ru;\r\n\ts=mail; t=2000000000; h=From:From:"));
	free(text);
}

static void test_keys(void **state)
{
	char path[64];
	struct buf record = BUF_INIT(4096);
	struct dkim_key *rsa = NULL;
	struct error error;
	struct stat status;

	(void)state;
	snprintf(path, sizeof(path), "%s/rsa", folder);
	assert_int_equal(dkim_key_make(path, false, &error), 0);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(dkim_key_make(path, false, &error), -1); /* never over another */
	assert_int_equal(dkim_key_load(path, &rsa, &error), 0);
	assert_int_equal(dkim_key_record(rsa, &record, &error), 0);
	assert_memory_equal(buf_text(&record), "v=DKIM1; k=rsa; p=MII", 21);
	dkim_key_free(rsa);
	buf_clear(&record);
	assert_int_equal(dkim_key_load("/dev/null", &rsa, &error), -1);
	assert_int_equal(dkim_key_load("/nowhere", &rsa, &error), -1);
}

static int set_up(void **state)
{
	char path[64];
	struct error error;

	(void)state;
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/key", folder);
	return dkim_key_make(path, true, &error) == 0 && dkim_key_load(path, &key, &error) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	dkim_key_free(key);
	return remove_tree(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_breaks_it),
	    cmocka_unit_test(test_body_hashes),
	    cmocka_unit_test(test_lines_are_short_and_whole),
	    cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
