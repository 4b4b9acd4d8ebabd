/* Forbidden attachments: names, real types, archives in archives, bombs, macros, passwords. */
#include "message/attachment/attachment.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/buf.h"
#include "message/attachment/attachment_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define ALL (ATTACHMENT_ENCRYPTED | ATTACHMENT_MACROS | ATTACHMENT_PROGRAM | ATTACHMENT_UNREADABLE)
#define ARCHIVE_MAX (64u << 20)

static struct attachment_types *types;
static char *patterns[] = {"*.exe", "*.js", "application/pdf"};
static const struct strlist forbidden = {patterns, ARRAY_LEN(patterns)}, none = {NULL, 0};

static int setup(void **state)
{
	struct error error;

	(void)state;
	types = attachment_types_open(&error);
	return types == NULL ? -1 : 0;
}

/* --- files */

static la_ssize_t append(struct archive *archive, void *context, const void *bytes, size_t len)
{
	(void)archive;
	return buf_append(context, bytes, len) == 0 ? (la_ssize_t)len : -1;
}

struct file {
	const char *name;
	struct slice content;
};

/* A zip file with these files; with a password if it is not NULL. */
static struct buf zip_of(const struct file *files, size_t count, const char *password)
{
	struct buf out = BUF_INIT(ARCHIVE_MAX);
	struct archive *archive = archive_write_new();

	assert_int_equal(archive_write_set_format_zip(archive), ARCHIVE_OK);
	if (password != NULL) {
		assert_int_equal(archive_write_set_options(archive, "zip:encryption=traditional"), ARCHIVE_OK);
		archive_write_set_passphrase(archive, password);
	}
	assert_int_equal(archive_write_open(archive, &out, NULL, append, NULL), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, files[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)files[i].content.len);
		assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
		archive_write_data(archive, files[i].content.ptr, files[i].content.len);
		archive_entry_free(entry);
	}
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
	return out;
}

static struct buf zip_one(const char *name, struct slice content)
{
	return zip_of(&(struct file){name, content}, 1, NULL);
}

static char *message_with(const char *name, struct slice content)
{
	struct buf text = BUF_INIT(2 * ARCHIVE_MAX);

	buf_printf(&text, "From: a@b.c\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhello\r\n--x\r\n"
	    "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"%s\"\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n", name);
	base64_encode(content, &text);
	buf_append_text(&text, "\r\n--x--\r\n");
	return buf_take(&text);
}

/* What is found, as "kind name"; NULL: nothing. */
static void expect(const struct strlist *names, unsigned kinds, const char *name, struct slice content, const char *expected)
{
	const struct attachment_rules rules = {names, kinds};
	char *message = message_with(name, content), *said;
	struct attachment_finding finding;
	bool is_found = attachment_find(types, &rules, slice_of(message), &finding);

	said = is_found ? xasprintf("%u %s", finding.kind, finding.name) : xstrdup("");
	assert_string_equal(said, expected == NULL ? "" : expected);
	free(said);
	free(message);
}

static void expect_zip(const struct strlist *names, unsigned kinds, struct buf zip, const char *expected)
{
	expect(names, kinds, "a.zip", buf_slice(&zip), expected);
	buf_clear(&zip);
}

/* --- tests */

static void test_names_and_types(void **state)
{
	static const struct slice text = SLICE_LITERAL("just text"), program = SLICE_LITERAL("\x7f" "ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\x3e\0\1\0\0\0"),
				  pdf = SLICE_LITERAL("%PDF-1.4\n1 0 obj\n");

	(void)state;
	expect(&forbidden, ALL, "a.txt", text, NULL);
	expect(&forbidden, 0, "Run.EXE. ", text, "0 Run.EXE");
	expect(&forbidden, 0, "invoice.doc", pdf, "0 invoice.doc");
	expect(&forbidden, 0, "a.txt", program, NULL);
	expect(&none, ATTACHMENT_PROGRAM, "a.txt", program, "4 a.txt");
}

static void test_archives(void **state)
{
	struct buf inner = zip_one("deep/run.exe", SLICE_LITERAL("x")), outer, five;
	char noise[2000] = "";
	uint32_t random = 1;

	struct file two[] = {{"readme.txt", SLICE_LITERAL("x")}, {"more.zip", buf_slice(&inner)}};

	(void)state;
	expect_zip(&forbidden, ALL, zip_one("readme.txt", SLICE_LITERAL("x")), NULL);
	expect_zip(&forbidden, 0, zip_one("C:\\x\\run.exe", SLICE_LITERAL("x")), "0 a.zip: C:/x/run.exe");
	outer = zip_of(two, 2, NULL);
	expect_zip(&forbidden, 0, outer, "0 a.zip: more.zip: deep/run.exe");
	for (size_t i = 0; i + 1 < sizeof(noise); i++) {
		random = random * 1664525 + 1013904223;
		noise[i] = (char)('0' + (random >> 26));
	}
	/* Deeper than is looked. */
	five = inner;
	for (int i = 0; i < 5; i++) {
		struct buf next = zip_one("in.zip", buf_slice(&five));

		buf_clear(&five);
		five = next;
	}
	expect(&forbidden, 0, "a.zip", buf_slice(&five), NULL);
	expect(&forbidden, ALL, "a.zip", buf_slice(&five), "8 a.zip: in.zip: in.zip: in.zip: in.zip");
	buf_clear(&five);
	outer = zip_one("noise", slice_of(noise));
	outer.len = 200; /* damaged */
	expect_zip(&forbidden, ALL, outer, "8 a.zip: noise");
}

static void test_passwords_and_macros(void **state)
{
	static const char office[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ................ _\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0";
	static const char locked[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0";
	struct file two[] = {{"[Content_Types].xml", SLICE_LITERAL("<x/>")}, {"word/vbaProject.bin", SLICE_LITERAL("x")}};

	(void)state;
	expect_zip(&forbidden, ALL, zip_of(two, 1, "secret"), "1 a.zip: [Content_Types].xml");
	expect_zip(&forbidden, ATTACHMENT_MACROS, zip_of(two, 1, "secret"), NULL);
	expect_zip(&none, ALL, zip_of(two, 2, NULL), "2 a.zip: word/vbaProject.bin");
	expect_zip(&none, ALL, zip_one("VBAPROJECT.BIN", SLICE_LITERAL("x")), "2 a.zip: VBAPROJECT.BIN");
	expect_zip(&none, ALL, zip_one("xl/macrosheets/sheet1.xml", SLICE_LITERAL("x")), "2 a.zip: xl/macrosheets/sheet1.xml");
	expect_zip(&none, ALL, zip_one("Basic/Standard/Module1.xml", SLICE_LITERAL("x")), "2 a.zip: Basic/Standard/Module1.xml");
	expect_zip(&none, ALL, zip_one("word/notvbaProject.bin", SLICE_LITERAL("x")), NULL);
	expect(&none, ALL, "a.doc", slice_make(office, sizeof(office)), "2 a.doc");
	expect(&none, ALL, "a.docx", slice_make(locked, sizeof(locked)), "1 a.docx");
}

/* 48 MiB of zeros in a small file; and many of 20 MiB each, which are allowed one by one. */
static void test_bombs(void **state)
{
	char *zeros = xcalloc(48, 1u << 20);
	struct buf big = zip_one("zeros", slice_make(zeros, 48u << 20));

	(void)state;
	expect_zip(&none, ALL, big, "8 a.zip");
	free(zeros);
}

/* One bzip2 stream. */
static void put_bzip2(struct slice content, struct buf *out)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();

	assert_int_equal(archive_write_set_format_raw(archive), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter_bzip2(archive), ARCHIVE_OK);
	archive_write_set_bytes_in_last_block(archive, 1);
	assert_int_equal(archive_write_open(archive, out, NULL, append, NULL), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(archive, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(archive, content.ptr, content.len), content.len);
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(archive), ARCHIVE_OK);
}

/* A tar file in some kilobytes: one entry of that type that announces 8 GiB, of which 4 follow. */
static struct buf tar_of_zeros(char type)
{
	const struct slice zeros = slice_make(xcalloc(1, 45u << 20), 45u << 20);
	struct buf out = BUF_INIT(ARCHIVE_MAX), stream = BUF_INIT(ARCHIVE_MAX);
	char head[512] = "zeros";
	unsigned sum = 8 * ' ';

	memcpy(head + 100, "0000644\0" "0000000\0" "0000000\0" "77777777777\0" "00000000000", 48);
	head[156] = type;
	memcpy(head + 257, "ustar\0" "00", 8);
	for (size_t i = 0; i < sizeof(head); i++)
		sum += (unsigned char)head[i];
	snprintf(head + 148, 8, "%06o", sum);
	head[155] = ' ';
	put_bzip2(slice_make(head, sizeof(head)), &out);
	put_bzip2(zeros, &stream);
	for (int i = 0; i < 93; i++)
		buf_append_slice(&out, buf_slice(&stream));
	buf_clear(&stream);
	free((void *)(uintptr_t)zeros.ptr);
	return out;
}

/* Nobody asks for the content of a folder or of more header fields; libarchive unpacks it to find what is behind it. */
static void test_bombs_that_are_not_files(void **state)
{
	static const char kinds[] = "DxgLK";

	(void)state;
	for (const char *kind = kinds; *kind != '\0'; kind++) {
		struct buf tar = tar_of_zeros(*kind), again = BUF_INIT(ARCHIVE_MAX);
		clock_t begun = clock();

		expect(&none, ATTACHMENT_UNREADABLE, "a.tar.bz2", buf_slice(&tar), "8 a.tar.bz2");
		put_bzip2(buf_slice(&tar), &again);
		expect(&none, ATTACHMENT_UNREADABLE, "a.bz2", buf_slice(&again), "8 a.bz2");
		assert_true(clock() - begun < 20 * CLOCKS_PER_SEC);
		buf_clear(&again);
		buf_clear(&tar);
	}
}

static void test_other_ways_to_attach(void **state)
{
	static const char *const messages[] = {
	    "Content-Type: text/plain\r\n\r\nhello\r\nbegin 644 run.exe\r\n#xxx\r\nend\r\n",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	    "RnJvbTogYUBiLmMKU3ViamVjdDogeApNSU1FLVZlcnNpb246IDEuMApDb250ZW50LVR5cGU6IHRleHQvcGxhaW47IG5hbWU9InJ1bi5leGUiCgpoaQo=\r\n",
	};
	const struct attachment_rules rules = {&forbidden, 0};
	struct attachment_finding finding;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		assert_true(attachment_find(types, &rules, slice_of(messages[i]), &finding));
		assert_string_equal(finding.name, "run.exe");
	}
}

#define HEAD "From: a@b.c\r\n"
#define EVIL "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=run.exe\r\n\r\nMZ\r\n"
#define PARTS "--x\r\nContent-Type: text/plain\r\n\r\nhi\r\n--x\r\n" EVIL "--x--\r\n"

/* Each of these messages is found, as that kind. */
static void expect_found(const struct attachment_rules *rules, const char *const *messages, size_t count, unsigned kind)
{
	for (size_t i = 0; i < count; i++) {
		struct attachment_finding finding;

		if (!attachment_find(types, rules, slice_of(messages[i]), &finding) || finding.kind != kind)
			fail_msg("passed: %s", messages[i]);
	}
}

/* What one mail program takes for text is an attachment in another. */
static void test_messages_that_are_read_in_two_ways(void **state)
{
	static const char *const messages[] = {
	    HEAD "Content-Type: (c) multipart/mixed; boundary=x\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart / mixed; boundary=x\r\n\r\n" PARTS,
	    HEAD "Content-Type: \"multipart/mixed\"; boundary=x\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed boundary=x\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed; boundary=z; boundary=x\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed; boundary=x; boundary*=us-ascii''z\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed; boundary=x(c)\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed; boundary='x'\r\n\r\n" PARTS,
	    HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nnot a field\r\n" EVIL "--x--\r\n",
	    HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nX-A: b\rContent-Type: a/b; name=run.exe\r\n\r\nMZ\r\n--x--\r\n",
	    HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\rContent-Type: a/b;\r name=run.exe\r\rMZ\r--x--\r",
	    HEAD "Content-Type: message/global\r\n\r\nX-A: b\r\n" EVIL,
	    HEAD "Content-Type: multipart/mixed; boundary=x\r\nContent-Transfer-Encoding: base64\r\n\r\n"
	         "LS14DQpDb250ZW50LVR5cGU6IGEvYjsgbmFtZT1ydW4uZXhlDQoNCk1aDQotLXgtLQ0K\r\n",
	    HEAD "Content-Type: a/b; name=\"run.e\1xe\"\r\n\r\nMZ\r\n",
	};
	const struct attachment_rules rules = {&forbidden, 0};

	(void)state;
	expect_found(&rules, messages, ARRAY_LEN(messages), 0);
}

/* Nor is it known what is in these. */
static void test_messages_that_cannot_be_looked_through(void **state)
{
	static const char *const messages[] = {
	    HEAD "Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nTVo=\r\n",
	    HEAD "Content-Type: message/partial; id=a; number=1; total=2\r\n\r\nTVo=\r\n",
	    HEAD "Content-Type: multipart/mixed; boundary=y\r\n\r\n--x\r\n\r\nhi\r\n--x--\r\n",
	};
	const struct attachment_rules rules = {&forbidden, ALL};

	(void)state;
	expect_found(&rules, messages, ARRAY_LEN(messages), ATTACHMENT_UNREADABLE);
}

/* Ordinary messages have neither of these. */
static void test_ordinary_messages_pass(void **state)
{
	static const char *const messages[] = {
	    HEAD "\r\nhi\r\n", HEAD "Content-Type: text\r\n\r\nhi\r\n", HEAD "Content-Type:\r\n\r\nhi\r\n",
	    HEAD "Content-Type: text/plain; charset=utf-8 (Unicode)\r\n\r\nContent-Type: a/b; name=run.exe\r\n",
	    HEAD "Content-Type: multipart/mixed; boundary=\"----=_Part/1_2.3:4?\"\r\n\r\n------=_Part/1_2.3:4?\r\n\r\nhi\r\n------=_Part/1_2.3:4?--\r\n",
	    HEAD "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nno header\r\n--x--\r\n",
	};
	const struct attachment_rules rules = {&forbidden, ALL};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		struct attachment_finding finding;

		if (attachment_find(types, &rules, slice_of(messages[i]), &finding))
			fail_msg("%u %s: %s", finding.kind, finding.name, messages[i]);
	}
}

/* More lines that look like fields than are looked at, before one with the name. */
static void test_a_name_behind_too_many_fields(void **state)
{
	const struct attachment_rules rules = {&forbidden, ALL};
	struct buf text = BUF_INIT(8u << 20);
	struct attachment_finding finding;

	(void)state;
	buf_append_text(&text, HEAD "\r\nhi\rx\r\n");
	for (int i = 0; i <= ATTACHMENT_NAMES_MAX; i++)
		buf_append_text(&text, "Content-Type: a/b\r\n");
	buf_append_text(&text, EVIL);
	assert_true(attachment_find(types, &rules, buf_slice(&text), &finding));
	assert_int_equal(finding.kind, ATTACHMENT_UNREADABLE);
	buf_clear(&text);
}

/* A name in more pieces than are joined. */
static void test_a_name_in_many_pieces(void **state)
{
	const struct attachment_rules rules = {&forbidden, 0};
	struct buf text = BUF_INIT(1u << 20);
	struct attachment_finding finding;

	(void)state;
	buf_append_text(&text, "Content-Disposition: attachment");
	for (int i = 0; i < 200; i++)
		buf_printf(&text, ";\r\n filename*%d=a", i);
	buf_append_text(&text, ";\r\n filename*200=\".e\"; filename*201=xe\r\n\r\nMZ");
	assert_true(attachment_find(types, &rules, buf_slice(&text), &finding));
	buf_clear(&text);
}

/* Programs that unpack use one of the two names of a file, and look for the archive at any place. */
static void test_zip_files_that_are_read_in_two_ways(void **state)
{
	struct buf zip = zip_one("run.exe", SLICE_LITERAL("x")), hidden = BUF_INIT(ARCHIVE_MAX);
	ptrdiff_t first = slice_search(buf_slice(&zip), SLICE_LITERAL("run.exe"));

	(void)state;
	buf_printf(&hidden, "GIF89a ... %2000d", 1);
	buf_append_slice(&hidden, buf_slice(&zip));
	memcpy(zip.ptr + first, "run.txt", 7);
	expect_zip(&forbidden, 0, zip, "0 a.zip: run.exe");
	expect_zip(&forbidden, 0, hidden, "0 a.zip: run.exe");
	expect(&forbidden, ALL, "a.txt", SLICE_LITERAL("hi Rar!\x1a\7 hi"), "8 a.txt");
	expect(&forbidden, ALL, "a.hqx", SLICE_LITERAL("(This file must be converted with BinHex 4.0)\r\n\r\n:$f*TEQKPH#jdH5\r\n"), "8 a.hqx");
}

/* "x" as run.js.gz, by gzip. */
static void test_compressed_files_have_names(void **state)
{
	static const struct slice gz = SLICE_LITERAL("\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\0\0\x83\x16\xdc\x8c\1\0\0\0");

	(void)state;
	expect(&forbidden, ALL, "run.js.gz", gz, "0 run.js.gz");
	expect(&forbidden, ALL, "run.txt.gz", gz, NULL);
}

/* winmail.dat: a title, a name in UTF-16 among properties, and a file. */
static void test_outlooks_own_format(void **state)
{
#define TNEF "\x78\x9f\x3e\x22\1\0"
#define TITLE(text) TNEF "\2\x10\x80\1\0\x08\0\0\0" text "\0\0\0"
	static const struct slice good = SLICE_LITERAL(TITLE("run.txt")), title = SLICE_LITERAL(TITLE("run.exe")),
		property = SLICE_LITERAL(TNEF "\2\5\x90\6\0\x12\0\0\0\x1f\0\7\x37r\0u\0n\0.\0j\0s\0\0\0\0\0"),
		file = SLICE_LITERAL(TNEF "\2\x0f\x80\6\0\x0a\0\0\0%PDF-1.4\r\n\0\0"), cut = SLICE_LITERAL(TNEF "\2\x0f\x80\6\0\x0a\1\0\0hello");

	(void)state;
	expect(&forbidden, ALL, "winmail.dat", good, NULL);
	expect(&forbidden, 0, "winmail.dat", title, "0 winmail.dat: run.exe");
	expect(&forbidden, 0, "winmail.dat", property, "0 winmail.dat: run.js");
	expect(&forbidden, 0, "winmail.dat", file, "0 winmail.dat");
	expect(&forbidden, ALL, "winmail.dat", cut, "8 winmail.dat");
}

/* Their content counts, too. */
static void test_files_in_a_text(void **state)
{
	static const char *const messages[] = {"hi\r\nbegin 644 a.txt\r\n*)5!$1BTQ+C0-\"@\r\n`\r\nend\r\n",
	    "hi\r\nbegin-base64 644 a.txt\r\nJVBERi0xLjQNCg==\r\n====\r\n", "hi\r\n=ybegin line=128 size=10 name=a.txt\r\nOznpW[X^74\r\n=yend size=10\r\n",
	    "hi\r\n=ybegin line=128 size=10 name=run.exe\r\nO\r\n", "begin 644 b.txt\r\nbegin 644 run.exe\r\n"};
	const struct attachment_rules rules = {&forbidden, 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
		char *message = xasprintf("Content-Type: text/plain\r\n\r\n%s", messages[i]);
		struct attachment_finding finding;

		if (!attachment_find(types, &rules, slice_of(message), &finding))
			fail_msg("passed: %s", messages[i]);
		free(message);
	}
}

/* More of them than are looked at: not all could be. */
static void test_a_flood_of_uuencoded_names(void **state)
{
	const struct attachment_rules rules = {&forbidden, ALL};
	struct buf text = BUF_INIT(1u << 20);
	struct attachment_finding finding;

	(void)state;
	buf_append_text(&text, "Content-Type: text/plain\r\n\r\n");
	for (int i = 0; i <= ATTACHMENT_MEMBERS_MAX; i++)
		buf_append_text(&text, "begin 644 a.txt\r\n");
	assert_true(attachment_find(types, &rules, buf_slice(&text), &finding));
	assert_int_equal(finding.kind, ATTACHMENT_UNREADABLE);
	buf_clear(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names_and_types), cmocka_unit_test(test_archives),
	    cmocka_unit_test(test_passwords_and_macros), cmocka_unit_test(test_bombs), cmocka_unit_test(test_bombs_that_are_not_files), cmocka_unit_test(test_a_flood_of_uuencoded_names), cmocka_unit_test(test_other_ways_to_attach),
	    cmocka_unit_test(test_messages_that_are_read_in_two_ways), cmocka_unit_test(test_messages_that_cannot_be_looked_through),
	    cmocka_unit_test(test_ordinary_messages_pass), cmocka_unit_test(test_a_name_behind_too_many_fields),
	    cmocka_unit_test(test_a_name_in_many_pieces),
	    cmocka_unit_test(test_zip_files_that_are_read_in_two_ways), cmocka_unit_test(test_compressed_files_have_names),
	    cmocka_unit_test(test_outlooks_own_format), cmocka_unit_test(test_files_in_a_text)};

	return cmocka_run_group_tests(tests, setup, NULL);
}
