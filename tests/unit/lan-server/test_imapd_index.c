/* SEARCH with the caches and the index of texts gives the same answers as without them, whatever part of them exists. */
#include "lan-server/imap/imapd.h"
#include "lan-server/imap/imapd_indexer.h"

#include "message/imap/imap_search.h"
#include "message/imap/imap_text_index.h"
#include "tests/unit/sample_conf.h"
#include "tests/unit/sample_secrets.h" /* before a variable of its names */
#include "tests/unit/sample_folder.h"

#include <fcntl.h>

#define MESSAGES 60
#define ROUNDS 60

static int login(void *context, struct slice name, struct slice password, const char **user, struct error *reason)
{
	(void)context;
	(void)name;
	(void)password;
	(void)reason;
	*user = "ivan";
	return 0;
}

static unsigned seed = 1;

static unsigned dice(unsigned sides)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % sides;
}

/* --- a random folder */

static const char *const words[] = {"Rechnung", "invoice", "СЧЁТ", "счета", "Ивановой", "straße", "STRASSE", "abc", "x", "日本語のテキスト", "naïve",
    "12345", "a-b", "re:", "ёлка", "ЕЛКА", "привет", "при", "вет", "ff", "ffi", "\xf0\x9f\x98\x80\xf0\x9f\x98\x81\xf0\x9f\x98\x82", "İstanbul", "end"};

static const char *word(void)
{
	return words[dice(ARRAY_LEN(words))];
}

/* Base64 of a text, as a body or an encoded word. */
static void append_base64(struct buf *out, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *at = (const unsigned char *)text;

	for (size_t left = strlen(text); left > 0; at += 3, left = left > 3 ? left - 3 : 0) {
		unsigned group = (unsigned)at[0] << 16 | (left > 1 ? (unsigned)at[1] << 8 : 0) | (left > 2 ? at[2] : 0);

		buf_append_byte(out, digits[group >> 18]);
		buf_append_byte(out, digits[group >> 12 & 63]);
		buf_append_byte(out, left > 1 ? digits[group >> 6 & 63] : '=');
		buf_append_byte(out, left > 2 ? digits[group & 63] : '=');
	}
}

static void append_words(struct buf *out, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_printf(out, "%s%s", i == 0 ? "" : dice(4) == 0 ? "\r\n" : " ", word());
}

static void append_part(struct buf *out)
{
	struct buf text = BUF_INIT(10000);

	append_words(&text, 1 + dice(8));
	switch (dice(4)) {
	case 0:
		buf_printf(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
		append_base64(out, buf_text(&text));
		break;
	case 1:
		buf_printf(out, "Content-Type: text/html; charset=utf-8\r\n\r\n<p>%s<b>%s</b></p>", buf_text(&text), word());
		break;
	case 2:
		buf_printf(out, "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"%s.pdf\"\r\n\r\n%%PDF", word());
		break;
	default:
		buf_printf(out, "Content-Type: text/plain; charset=%s\r\n\r\n%s \xff\x80 %s", dice(3) == 0 ? "koi8-r" : "utf-8", buf_text(&text), word());
	}
	buf_append_text(out, "\r\n");
	buf_clear(&text);
}

static void make_message(struct buf *out)
{
	buf_printf(out, "From: %s <%s@example.org>\r\nTo: a@b, %s <c@d>\r\nSubject: =?utf-8?B?", word(), dice(2) ? "ivan" : "anna", word());
	append_base64(out, word());
	buf_printf(out, "?= %s\r\nX-%s: %s\r\nX-Other: %s\r\n", word(), dice(2) ? "One" : "Two", word(), word());
	if (dice(2) == 0) {
		append_part(out);
		return;
	}
	buf_append_text(out, "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (unsigned i = 0, parts = 1 + dice(3); i < parts; i++) {
		buf_append_text(out, "--b\r\n");
		append_part(out);
	}
	buf_append_text(out, "--b--\r\n");
}

static void deliver_some(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf message = BUF_INIT(100000);

		make_message(&message);
		deliver("ivan", buf_text(&message));
		buf_clear(&message);
	}
}

/* --- random keys */

/* A word, or a piece of one, whole characters. */
static void append_text(struct buf *out)
{
	struct slice text = slice_of(word());
	size_t len = 0, most = 1 + dice(12);

	if (dice(6) == 0) {
		buf_printf(out, "\"%s %s\"", word(), word());
		return;
	}
	while (len < text.len && most-- > 0)
		len += utf8_char_len(slice_from(text, len));
	buf_printf(out, "\"%.*s\"", (int)len, text.ptr);
}

static void append_key(struct buf *out, unsigned depth)
{
	static const char *const keys[] = {
	    "BODY ", "BODY ", "TEXT ", "TEXT ", "SUBJECT ", "FROM ", "TO ", "HEADER X-One ", "HEADER Subject ", "HEADER List-Id "};

	switch (depth < 3 ? dice(8) : 7) {
	case 0:
		buf_append_text(out, "NOT ");
		append_key(out, depth + 1);
		break;
	case 1:
		buf_append_text(out, "OR ");
		append_key(out, depth + 1);
		buf_append_byte(out, ' ');
		append_key(out, depth + 1);
		break;
	default:
		buf_append_text(out, keys[dice(ARRAY_LEN(keys))]);
		append_text(out);
	}
}

/* --- sessions */

static struct dialogue *session(struct conf *conf)
{
	struct imapd_options options = {.conf = conf, .spool = &house, .session = "session", .tls = true, .sasl = {NULL, mechanisms, login, scram_begin, scram_end, digest, NULL}};
	struct dialogue *imapd = imapd_new(&options);

	buf_reset(&imapd->replies);
	dialogue_line(imapd, SLICE_LITERAL("a LOGIN ivan x"));
	dialogue_line(imapd, SLICE_LITERAL("a ENABLE UTF8=ACCEPT"));
	dialogue_line(imapd, SLICE_LITERAL("a SELECT INBOX"));
	buf_reset(&imapd->replies);
	return imapd;
}

static char *answer(struct dialogue *imapd, const char *command)
{
	struct buf all = BUF_INIT(1 << 20);
	enum dialogue_effect effect = dialogue_line(imapd, slice_of(command));

	for (;; effect = dialogue_send(imapd)) {
		buf_append_slice(&all, buf_slice(&imapd->replies));
		buf_reset(&imapd->replies);
		if (effect != DIALOGUE_SEND)
			break;
	}
	assert_int_equal(effect, DIALOGUE_READ_LINE);
	return buf_take(&all);
}

static void spoil(const char *name)
{
	char *path = layout_mailbox(&house, "ivan", name);
	struct stat st;
	int fd = open(path, O_RDWR);

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		if (dice(3) == 0)
			unlink(path);
		else if (dice(2) == 0 && ftruncate(fd, dice((unsigned)st.st_size)) != 0)
			fail();
		else if (pwrite(fd, "\xff\xff", 2, dice((unsigned)st.st_size)) != 2)
			fail();
	}
	if (fd >= 0)
		close(fd);
	free(path);
}

static void change_something(uint32_t *from)
{
	struct folder *folder = opened("ivan");

	switch (dice(5)) {
	case 0:
		deliver_some(2);
		break;
	case 1:
		spoil("lanpost-search");
		break;
	case 2:
		spoil("lanpost-cache");
		break;
	case 3:
		OK(folder_expunge(folder, (const uint32_t[]){1 + dice(MESSAGES)}, 1, &error));
		break;
	default:
		*from = 0;
	}
	imapd_index_folder(folder, from, dice(3) == 0 ? 1000 : 0);
	folder_close(folder);
	if (dice(6) != 0)
		return;
	house_stop();
	house_start();
	*from = 0;
}

static void test_the_same_answers(void **context)
{
	struct conf with = sample_conf(), without = sample_conf();
	size_t found = 0;
	uint32_t from = 0;

	(void)context;
	with.lan.search_index = true;
	deliver_some(MESSAGES);
	for (size_t round = 0; round < ROUNDS; round++) {
		struct dialogue *indexed = session(&with), *plain = session(&without);

		for (size_t i = 0; i < 10; i++) {
			struct buf command = BUF_INIT(10000);
			char *one, *other;

			buf_append_text(&command, "a SEARCH ");
			append_key(&command, 0);
			one = answer(indexed, buf_text(&command));
			other = answer(plain, buf_text(&command));
			if (strcmp(one, other) != 0)
				fail_msg("%s\nindexed: %s\nplain: %s", buf_text(&command), one, other);
			found += strchr(one, '\r') > one + 8;
			free(one);
			free(other);
			buf_clear(&command);
		}
		dialogue_free(indexed);
		dialogue_free(plain);
		change_something(&from);
	}
	assert_true(found > ROUNDS);
}

static bool note(void *context, struct slice text)
{
	if (text.ptr != NULL && memmem(text.ptr, text.len, "pieces", 6) != NULL)
		*(bool *)context = true;
	return false;
}

/* The index does exclude, which the test above would not notice. */
static void test_the_index_excludes(void **context)
{
	static const char message[] = "Subject: =?utf-8?B?0KHRh9GR0YI=?=\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPieces of  text\r\n";
	struct buf index = BUF_INIT(IMAP_TEXT_INDEX_MAX);
	struct imap_text_key key;
	struct imap_tree tree;
	bool seen = false;

	(void)context;
	imap_tree_read(&tree, SLICE_LITERAL(message));
	imap_search_each_text(&tree, note, &seen);
	assert_true(seen);
	imap_text_index_make(&tree, &index);
	imap_text_key_make(&key, SLICE_LITERAL("of te"));
	assert_int_equal(key.count, 3);
	assert_true(imap_text_index_admits(buf_slice(&index), false, &key));
	imap_text_key_make(&key, SLICE_LITERAL("quite another"));
	assert_false(imap_text_index_admits(buf_slice(&index), true, &key));
	imap_text_key_make(&key, SLICE_LITERAL("счет"));
	assert_false(imap_text_index_admits(buf_slice(&index), false, &key));
	assert_true(imap_text_index_admits(buf_slice(&index), true, &key));
	imap_text_key_make(&key, SLICE_LITERAL("zz"));
	assert_int_equal(key.count, 0);
	assert_true(imap_text_index_admits(buf_slice(&index), false, &key));
	imap_text_key_make(&key, SLICE_LITERAL("\xd0zzzzz"));
	assert_int_equal(key.count, 0);
	buf_reset(&index);
	imap_text_index_make(NULL, &index);
	imap_text_key_make(&key, SLICE_LITERAL("quite another"));
	assert_true(imap_text_index_admits(buf_slice(&index), false, &key));
	imap_tree_clear(&tree);
	buf_clear(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    HOUSE_TEST(test_the_same_answers),
	    HOUSE_TEST(test_the_index_excludes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
