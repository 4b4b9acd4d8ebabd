/* A secret is masked in a server's reply in any form: secrets x encodings x contexts. */
#include "upstream/secret_mask.h"

#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define ROOM 65536

static const char *const secrets[] = {
    "S3cretPassw0rd", "four", "with blank and\ttab", "пароль-42", "a+b/c=d%e&f\\g\"h", "***star", "ya29.a0AfH6SMBx-_9~tokenWithDotsAndMore1234567890",
    "aaaaaaaaaa", "=?utf-8?q?x?=", "100%25", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
};

static void each_byte(const char *secret, const char *format, struct buf *out)
{
	for (; *secret != '\0'; secret++)
		buf_printf(out, format, (unsigned char)*secret);
}

static void base64(const char *before, size_t before_len, const char *secret, const char *behind, bool is_url, struct buf *out)
{
	struct buf bytes = BUF_INIT(ROOM);
	size_t start = out->len;

	buf_append(&bytes, before, before_len);
	buf_append_text(&bytes, secret);
	buf_append_text(&bytes, behind);
	base64_encode(buf_slice(&bytes), out);
	for (size_t i = start; is_url && i < out->len; i++)
		out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i] == '/' ? '_' : out->ptr[i];
	buf_clear(&bytes);
}

/* Odd characters alone, as browsers and mail programs do it. */
static void odd_bytes(const char *secret, const char *format, struct buf *out)
{
	for (; *secret != '\0'; secret++)
		if ((*secret >= 'a' && *secret <= 'z') || (*secret >= 'A' && *secret <= 'Z') || (*secret >= '0' && *secret <= '9'))
			buf_append_byte(out, *secret);
		else
			buf_printf(out, format, (unsigned char)*secret);
}

#define ENCODINGS 18

static void encode(unsigned encoding, const char *secret, struct buf *out)
{
	switch (encoding) {
	case 0: buf_append_text(out, secret); break;
	case 1: each_byte(secret, "%%%02X", out); break;
	case 2: odd_bytes(secret, "%%%02x", out); break;
	case 3: odd_bytes(secret, "=%02X", out); break;
	case 4: each_byte(secret, "=%02X", out); break;
	case 5: each_byte(secret, "%02x", out); break;
	case 6: each_byte(secret, "%02X ", out); break;
	case 7: odd_bytes(secret, "\\x%02x", out); break;
	case 8: odd_bytes(secret, "\\%c", out); break;
	case 9: odd_bytes(secret, "&#%u;", out); break;
	case 10: base64("", 0, secret, "", false, out); break;
	case 11: base64("\0box", 5, secret, "", false, out); break; /* AUTH PLAIN */
	case 12: base64("box\0box", 8, secret, "", false, out); break;
	case 13: base64("\0u@example.ru", 14, secret, "", false, out); break;
	case 14: base64("user=box@example.ru\1auth=Bearer ", 32, secret, "\1\1", false, out); break; /* XOAUTH2 */
	case 15: base64("n,a=box,\1auth=Bearer ", 21, secret, "\1\1", true, out); break; /* OAUTHBEARER */
	case 16: base64("xx", 2, secret, "yy", true, out); break;
	case 17: { /* in capitals */
		for (const char *c = secret; *c != '\0'; c++)
			buf_append_byte(out, (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c));
		break;
	}
	}
}

static void no_form_of_a_secret_is_seen(void **state)
{
	static const char *const around[][2] = {{"", ""}, {"-ERR unknown command: AUTH PLAIN ", " (#5.5.4)"}, {"<", ">"}, {"x=", "&y"}};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		for (unsigned encoding = 0; encoding < ENCODINGS; encoding++)
			for (size_t j = 0; j < sizeof(around) / sizeof(around[0]); j++) {
				struct buf form = BUF_INIT(ROOM), text = BUF_INIT(ROOM);

				encode(encoding, secrets[i], &form);
				buf_append_text(&text, around[j][0]);
				buf_append_slice(&text, buf_slice(&form));
				buf_append_text(&text, around[j][1]);
				secret_mask(&text, slice_of(secrets[i]));
				if (memmem(text.ptr, text.len, form.ptr, form.len > 6 ? form.len * 2 / 3 : form.len) != NULL ||
				    memmem(text.ptr, text.len, "***", 3) == NULL)
					fail_msg("%s, encoding %u: %s", secrets[i], encoding, buf_text(&text));
				assert_true(slice_begins_nocase(buf_slice(&text), j == 1 ? "-ERR unknown command: AUTH PLAIN " : ""));
				buf_clear(&form);
				buf_clear(&text);
			}
}

static void mask_is(const char *text, const char *secret, const char *expected)
{
	struct buf buf = BUF_INIT(ROOM);

	buf_append_text(&buf, text);
	secret_mask(&buf, slice_of(secret));
	assert_string_equal(buf_text(&buf), expected);
	buf_clear(&buf);
}

static void other_words_stay(void **state)
{
	(void)state;
	mask_is("535 5.7.8 Error: authentication failed", "S3cret", "535 5.7.8 Error: authentication failed");
	mask_is("bad password x for box", "x", "bad password * for box"); /* as a word only */
	mask_is("535 example", "x", "535 example");
	mask_is("no ab here", "ab", "no ** here");
	mask_is("-ERR **** stars", "****", "-ERR **** stars");
	mask_is("-ERR no", "", "-ERR no");
	mask_is("", "secret", "");
	mask_is("secretsecret secret", "secret", "****** ***");
}

/* Text and secret of any bytes: nothing is read beyond the end, and the text never grows. */
static void any_bytes_will_do(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		struct buf text = BUF_INIT(256), secret = BUF_INIT(32);
		size_t before = (size_t)rand() % 200, len = (size_t)rand() % 20;

		for (size_t i = 0; i < before; i++)
			buf_append_byte(&text, "%=&#;\\x41 ab+/-_\0\n"[rand() % 18]);
		for (size_t i = 0; i < len; i++)
			buf_append_byte(&secret, "aAbB4+/=% \\"[rand() % 11]);
		secret_mask(&text, buf_slice(&secret));
		assert_true(text.len <= before);
		buf_clear(&text);
		buf_clear(&secret);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_form_of_a_secret_is_seen),
	    cmocka_unit_test(other_words_stay),
	    cmocka_unit_test(any_bytes_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
