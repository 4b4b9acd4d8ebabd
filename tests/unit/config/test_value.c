#include "base/alloc.h"
#include "base/buf.h"
#include "config/schema.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static const struct value_limits any = {.max = INT64_MAX};

/* Parses into one int64_t; INT64_MIN stands for an error. */
static int64_t number(enum value_type type, const char *text, int64_t min, int64_t max)
{
	const struct value_limits limits = {.min = min, .max = max};
	struct error error = ERROR_INIT;
	int64_t value = -77;

	if (value_parse(type, slice_of(text), &limits, &value, &error) != 0) {
		assert_int_equal(error.class, ERROR_CONFIG);
		assert_true(error.phrase[0] != '\0');
		assert_int_equal(value, -77); /* unchanged */
		return INT64_MIN;
	}
	return value;
}

#define BAD INT64_MIN

static void numbers(void **state)
{
	static const struct {
		enum value_type type;
		const char *text;
		int64_t min, max, expected;
	} cases[] = {
	    {VALUE_INTEGER, "0", 0, 65535, 0},
	    {VALUE_INTEGER, "65535", 0, 65535, 65535},
	    {VALUE_INTEGER, "65536", 0, 65535, BAD},
	    {VALUE_INTEGER, "0", 1, 9, BAD},
	    {VALUE_INTEGER, "-1", 0, 9, BAD},
	    {VALUE_INTEGER, "+1", 0, 9, BAD},
	    {VALUE_INTEGER, "1x", 0, 9, BAD},
	    {VALUE_INTEGER, "", 0, 9, BAD},
	    {VALUE_INTEGER, "99999999999999999999", 0, INT64_MAX, BAD},
	    {VALUE_PRICE, "0", 0, 1000000, 0},
    {VALUE_PRICE, "12", 0, 1000000, 120000},
    {VALUE_PRICE, "0.35", 0, 1000000, 3500},
    {VALUE_PRICE, "1000000.0001", 0, 1000000, 10000000001},
    {VALUE_PRICE, "0.00001", 0, 1000000, BAD},
    {VALUE_PRICE, "1000001", 0, 1000000, BAD},
    {VALUE_PRICE, "-1", 0, 1000000, BAD},
    {VALUE_PRICE, "1,5", 0, 1000000, BAD},
    {VALUE_PRICE, "1.", 0, 1000000, BAD},
    {VALUE_PRICE, ".5", 0, 1000000, BAD},
    {VALUE_PRICE, "", 0, 1000000, BAD},
    {VALUE_SIZE, "0", 0, INT64_MAX, 0},
	    {VALUE_SIZE, "100", 0, INT64_MAX, 100},
	    {VALUE_SIZE, "100K", 0, INT64_MAX, 102400},
	    {VALUE_SIZE, "50m", 0, INT64_MAX, 50 << 20},
	    {VALUE_SIZE, "2 GB", 0, INT64_MAX, 2LL << 30},
	    {VALUE_SIZE, "7b", 0, INT64_MAX, 7},
	    {VALUE_SIZE, "5KK", 0, INT64_MAX, BAD},
	    {VALUE_SIZE, "K", 0, INT64_MAX, BAD},
	    {VALUE_SIZE, "1.5M", 0, INT64_MAX, BAD},
	    {VALUE_SIZE, "9223372036854775807G", 0, INT64_MAX, BAD},
	    {VALUE_SIZE, "2K", 0, 2047, BAD},
	    {VALUE_SIZE, "2K", 2049, 4096, BAD},
	    {VALUE_SIZE, "2K", 2048, 2048, 2048},
	    {VALUE_SECONDS, "90", 0, INT64_MAX, 90},
	    {VALUE_SECONDS, "0", 0, INT64_MAX, 0},
	    {VALUE_SECONDS, "15m", 0, INT64_MAX, 900},
	    {VALUE_SECONDS, "1h30", 0, INT64_MAX, BAD},
	    {VALUE_SECONDS, "100", 61, 99, BAD},
	    {VALUE_DURATION, "90", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "0", 0, INT64_MAX, 0},
	    {VALUE_DURATION, "0", 1, INT64_MAX, BAD},
	    {VALUE_DURATION, "0d", 0, INT64_MAX, 0},
	    {VALUE_DURATION, "1h30", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "90s", 0, INT64_MAX, 90},
	    {VALUE_DURATION, "15m", 0, INT64_MAX, 900},
	    {VALUE_DURATION, "4H", 0, INT64_MAX, 14400},
	    {VALUE_DURATION, "5d", 0, INT64_MAX, 432000},
	    {VALUE_DURATION, "2w", 0, INT64_MAX, 1209600},
	    {VALUE_DURATION, "1h30m", 0, INT64_MAX, 5400},
	    {VALUE_DURATION, "15 m", 0, INT64_MAX, 900},
	    {VALUE_DURATION, "15y", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "m", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "1m", 61, 99, BAD},
	    {VALUE_DURATION, "100s", 61, 99, BAD},
	    {VALUE_DURATION, "9223372036854775807w", 0, INT64_MAX, BAD},
	    {VALUE_DURATION, "9223372036854775807s9s", 0, INT64_MAX, BAD},
	    {VALUE_MINUTES, "90", 0, INT64_MAX, 5400},
	    {VALUE_MINUTES, "0", 0, INT64_MAX, 0},
	    {VALUE_MINUTES, "90s", 0, INT64_MAX, 90},
	    {VALUE_MINUTES, "1440", 0, 86400, 86400},
	    {VALUE_MINUTES, "1441", 0, 86400, BAD},
	    {VALUE_MINUTES, "-1", 0, INT64_MAX, BAD},
	    {VALUE_MINUTES, "", 0, INT64_MAX, BAD},
	    {VALUE_INTERVAL, "", 0, INT64_MAX, -1},
	    {VALUE_INTERVAL, "0", 0, INT64_MAX, 0},
	    {VALUE_INTERVAL, "1m", 0, INT64_MAX, 60},
	    {VALUE_INTERVAL, "15", 0, INT64_MAX, BAD},
	    {VALUE_INTERVAL, "soon", 0, INT64_MAX, BAD},
	    {VALUE_KEEP, "no", 1, 3650, 0},
	    {VALUE_KEEP, "Yes", 1, 3650, -1},
	    {VALUE_KEEP, "14d", 1, 3650, 14},
	    {VALUE_KEEP, "14 d", 1, 3650, 14},
	    {VALUE_KEEP, "2w", 1, 3650, 14},
	    {VALUE_KEEP, "48h", 1, 3650, 2},
	    {VALUE_KEEP, "14", 1, 3650, BAD},
	    {VALUE_KEEP, "0", 1, 3650, BAD},
	    {VALUE_KEEP, "36h", 1, 3650, BAD},
	    {VALUE_KEEP, "0d", 1, 3650, BAD},
	    {VALUE_KEEP, "9999d", 1, 3650, BAD},
	    {VALUE_KEEP, "maybe", 1, 3650, BAD},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("%d %s\n", (int)cases[i].type, cases[i].text);
		assert_true(number(cases[i].type, cases[i].text, cases[i].min, cases[i].max) ==
			    cases[i].expected);
	}
}

static void flags_and_words(void **state)
{
	static const char *const words[] = {"required", "opportunistic", "none", NULL};
	const struct value_limits limits = {.words = words};
	struct error error = ERROR_INIT;
	unsigned word = 9;
	bool flag = false;

	(void)state;
	assert_int_equal(value_parse(VALUE_FLAG, slice_of("YES"), &any, &flag, &error), 0);
	assert_true(flag);
	assert_int_equal(value_parse(VALUE_FLAG, slice_of("off"), &any, &flag, &error), 0);
	assert_false(flag);
	assert_int_equal(value_parse(VALUE_FLAG, slice_of("yep"), &any, &flag, &error), -1);
	assert_int_equal(value_parse(VALUE_FLAG, slice_of(""), &any, &flag, &error), -1);
	assert_int_equal(value_parse(VALUE_WORD, slice_of("None"), &limits, &word, &error), 0);
	assert_int_equal(word, 2);
	assert_int_equal(value_parse(VALUE_WORD, slice_of("some"), &limits, &word, &error), -1);
	assert_non_null(strstr(ERROR_EN(&error), "required, opportunistic, none"));
}

static void texts(void **state)
{
	static const char *const schemes[] = {"pop3s", "pop3", NULL};
	static const char hash[] =
	    "$y$j9T$c7NgxuS5U52UaySdA7cbX1$tvDrj3Uk7ni9Mof6GS/CpaocilFpLvKtr0sWhoxNvs8";
	static const struct {
		enum value_type type;
		const char *text;
		const char *expected; /* NULL: refused */
	} cases[] = {
	    {VALUE_TEXT, "Иван Петров", "Иван Петров"},
	    {VALUE_HASH, "", ""},
	    {VALUE_HASH, hash, hash},
	    {VALUE_HASH, "$1$abcdefgh$1234567890123456789012", "$1$abcdefgh$1234567890123456789012"},
	    {VALUE_HASH, "secret", NULL},
	    {VALUE_HASH, "$y$j9T$...", NULL},
	    {VALUE_HASH, "$quatsch$xxxxxxxxxxxxxxxxxxxxxxxxxx", NULL},
	    {VALUE_HASH, "*", NULL},
	    {VALUE_HOST, "GW.Office.LAN", "gw.office.lan"},
	    {VALUE_HOST, "", ""},
	    {VALUE_HOST, "a..b", NULL},
	    {VALUE_HOST, "-a.b", NULL},
	    {VALUE_HOST, "a b", NULL},
	    {VALUE_HOST, "офис.рф", NULL},
	    {VALUE_USER, "Ivan", "ivan"},
	    {VALUE_USER, "daemon", "daemon"}, /* conf_check has a better word for it */
	    {VALUE_USER, "../x", NULL},
	    {VALUE_USER, ".hidden", NULL},
	    {VALUE_USER, "a b", NULL},
	    {VALUE_NAME, "Petrov", "petrov"},
	    {VALUE_NAME, "i@Example.ru", "i@example.ru"},
	    {VALUE_NAME, "a b", NULL},
	    {VALUE_NAME, "@x.ru", NULL},
	    {VALUE_ADDRESS, "Ivan@example.ru", "Ivan@example.ru"},
	    {VALUE_ADDRESS, "ivan", NULL},
	    {VALUE_ADDRESS, "i@a@b", NULL},
	    {VALUE_ADDRESS, "i v@a.b", NULL},
	    {VALUE_PATH, "/var/lib/lanpost/", "/var/lib/lanpost"},
	    {VALUE_PATH, "/", "/"},
	    {VALUE_PATH, "lanpost", NULL},
	    {VALUE_PIN, "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
	    {VALUE_PIN, "47DEQpj8HBSa", NULL},
	    {VALUE_PIN, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hS!FU=", NULL},
	    {VALUE_URL, "", ""},
	    {VALUE_URL, "pop3s://pop.example.ru:995", "pop3s://pop.example.ru:995"},
	    {VALUE_URL, "pop3://pop.example.ru", "pop3://pop.example.ru"},
	    {VALUE_URL, "POP3://h/", "POP3://h/"},
	    {VALUE_URL, "pop3://[::1]:110", "pop3://[::1]:110"},
	    {VALUE_URL, "pop3://127.0.0.1:110", "pop3://127.0.0.1:110"},
	    {VALUE_URL, "imap://x", NULL},
	    {VALUE_URL, "pop.example.ru", NULL},
	    {VALUE_URL, "pop3://", NULL},
	    {VALUE_URL, "pop3://h:0", NULL},
	    {VALUE_URL, "pop3://h:65536", NULL},
	    {VALUE_URL, "pop3://h:", NULL},
	    {VALUE_URL, "pop3://user@h", NULL},
	    {VALUE_URL, "pop3://[::1", NULL},
	    {VALUE_URL, "pop3://[::1]x", NULL},
	    {VALUE_URL, "pop3://h/path", NULL},
	};
	const struct value_limits limits = {.max = INT64_MAX, .words = schemes};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error error = ERROR_INIT;
		char *text = NULL;
		int result = value_parse(cases[i].type, slice_of(cases[i].text), &limits, &text, &error);

		print_message("%d `%s`\n", (int)cases[i].type, cases[i].text);
		if (cases[i].expected == NULL) {
			assert_int_equal(result, -1);
			assert_null(text);
		} else {
			assert_int_equal(result, 0);
			assert_string_equal(text, cases[i].expected);
		}
		value_clear(cases[i].type, &text);
		assert_null(text);
	}
}

static void a_password_is_never_shown(void **state)
{
	struct error error = ERROR_INIT;
	char *text = NULL;

	(void)state;
	assert_int_equal(value_parse(VALUE_HASH, slice_of("hunter2"), &any, &text, &error), -1);
	assert_null(strstr(ERROR_EN(&error), "hunter2"));
	assert_non_null(strstr(ERROR_EN(&error), "lanpost user passwd"));
}

static void days_and_hours(void **state)
{
	static const struct {
		const char *text;
		unsigned expected; /* 0: refused */
	} days[] = {
	    {"", 0x7f},
	    {"mon-fri", 0x3e},
	    {"mon-fri, sat", 0x7e},
	    {"Sat-Mon", 0x43},
	    {"sun", 0x01},
	    {"mon-", 0},
	    {"monday", 0},
	    {"mon;tue", 0},
	    {"-fri", 0},
	};
	static const struct {
		const char *text;
		int64_t from, to; /* -1: refused */
	} hours[] = {
	    {"", 0, 0},
	    {"08:00-19:00", 28800, 68400},
	    {"8:00 - 24:00", 28800, 86400},
	    {"22:00-6:30", 79200, 23400},
	    {"24:00-19:00", -1, 0},
	    {"08:00", -1, 0},
	    {"08:60-09:00", -1, 0},
	    {"8-9", -1, 0},
	    {"08:00-19:00-20:00", -1, 0},
	};
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		unsigned value = 0;

		print_message("%s\n", days[i].text);
		assert_int_equal(value_parse(VALUE_DAYS, slice_of(days[i].text), &any, &value, &error),
		    days[i].expected == 0 ? -1 : 0);
		assert_int_equal(value, days[i].expected);
	}
	for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
		int64_t value[2] = {-1, 0};

		print_message("%s\n", hours[i].text);
		assert_int_equal(value_parse(VALUE_HOURS, slice_of(hours[i].text), &any, value, &error),
		    hours[i].from < 0 ? -1 : 0);
		assert_int_equal(value[0], hours[i].from);
		assert_int_equal(value[1], hours[i].to);
	}
}

static void pixels(void **state)
{
	static const struct {
		const char *text;
		int64_t width, height; /* -1: wrong */
	} cases[] = {{"", 0, 0}, {"1600x1600", 1600, 1600}, {"100x5000", 100, 5000}, {"1600 x 1200", 1600, 1200}, {"1600", -1, 0}, {"99x1600", -1, 0},
	    {"1600x5001", -1, 0}, {"x1600", -1, 0}, {"1600x", -1, 0}, {"1600x1600x1600", -1, 0}, {"-1600x1600", -1, 0}, {"1600,1600", -1, 0},
	    {"99999999999999999999x1600", -1, 0}};
	const struct value_limits limits = {.min = 100, .max = 5000};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t value[2] = {-1, 0};
		struct error error = ERROR_INIT;

		print_message("%s\n", cases[i].text);
		assert_int_equal(value_parse(VALUE_PIXELS, slice_of(cases[i].text), &limits, value, &error), cases[i].width < 0 ? -1 : 0);
		assert_int_equal(value[0], cases[i].width);
		assert_int_equal(value[1], cases[i].height);
	}
}

static void letters_that_wait(void **state)
{
	static const struct {
		const char *text;
		int64_t count, age; /* count -1: refused */
	} cases[] = {
	    {"", 0, 0},
	    {"5", 5, 0},
	    {"30m", 0, 1800},
	    {"5, 30m", 5, 1800},
	    {"1h, 7", 7, 3600},
	    {"-5", -1, 0},
	    {"5x", -1, 0},
	    {"five", -1, 0},
	    {"31d", -1, 0},
	};
	const struct value_limits limits = {.min = 0, .max = 30 * 86400};
	struct error error = ERROR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t value[2] = {-1, 0};

		print_message("%s\n", cases[i].text);
		assert_int_equal(value_parse(VALUE_QUEUED, slice_of(cases[i].text), &limits, value, &error),
		    cases[i].count < 0 ? -1 : 0);
		assert_int_equal(value[0], cases[i].count);
		assert_int_equal(value[1], cases[i].age);
	}
}

/* Joins a list of numbers or texts as "a|b"; NULL if it is refused. */
static char *list_text(enum value_type type, const char *text)
{
	struct conf_numbers numbers = {NULL, 0};
	struct strlist texts = {NULL, 0};
	struct error error = ERROR_INIT;
	bool is_numbers = type == VALUE_TIMES || type == VALUE_DURATIONS;
	void *field = is_numbers ? (void *)&numbers : (void *)&texts;
	struct buf out = BUF_INIT(1000);
	char *result = NULL;

	if (value_parse(type, slice_of(text), &any, field, &error) == 0) {
		for (size_t i = 0; i < numbers.count; i++)
			buf_printf(&out, "%s%lld", i > 0 ? "|" : "", (long long)numbers.items[i]);
		for (size_t i = 0; i < texts.count; i++)
			buf_printf(&out, "%s%s", i > 0 ? "|" : "", texts.items[i]);
		result = xstrdup(buf_text(&out));
	}
	value_clear(type, field);
	buf_clear(&out);
	return result;
}

static void lists(void **state)
{
	static const struct {
		enum value_type type;
		const char *text, *expected;
	} cases[] = {
	    {VALUE_TIMES, "", ""},
	    {VALUE_TIMES, "08:30, 13:00", "30600|46800"},
	    {VALUE_TIMES, "00:00,23:59", "0|86340"},
	    {VALUE_TIMES, "24:00", NULL},
	    {VALUE_TIMES, "08:30 13:00", NULL},
	    {VALUE_DURATIONS, "5m, 15m, 1h, 4h", "300|900|3600|14400"},
	    {VALUE_DURATIONS, "5m,,1h", NULL},
	    {VALUE_DURATIONS, "5m, 15", NULL},
	    {VALUE_DURATIONS, "5..60m", NULL},
	    {VALUE_DURATIONS, "", NULL},
	    {VALUE_USERS, "Buh, ivan", "buh|ivan"},
	    {VALUE_USERS, "buh ivan", NULL},
	    {VALUE_USERS, "buh,,ivan", NULL},
	    {VALUE_USERS, "../etc", NULL},
	    {VALUE_USERS, "ivan/Invoices", NULL},
	    {VALUE_MAILBOXES, "Ivan/Invoices/2026, Buh", "ivan/Invoices/2026|buh"},
	    {VALUE_MAILBOXES, "ivan/..", NULL},
	    {VALUE_MAILBOXES, "ivan/", NULL},
	    {VALUE_MAILBOXES, "ivan/inbox", NULL},
	    {VALUE_NAMES, "petrov, I.Petrov, x@y.ru", "petrov|i.petrov|x@y.ru"},
	    {VALUE_ADDRESSES, "a@b.c, D@e.f", "a@b.c|D@e.f"},
	    {VALUE_ADDRESSES, "a@b.c, d", NULL},
	    {VALUE_SENDERS, "Example.ru, @b.ru, i@c.ru", "example.ru|@b.ru|i@c.ru"},
	    {VALUE_SENDERS, "a b", NULL},
	    {VALUE_LISTEN, "0.0.0.0, ::", "0.0.0.0|::"},
	    {VALUE_LISTEN, "192.168.1.1", "192.168.1.1"},
	    {VALUE_LISTEN, "192.168", NULL},
	    {VALUE_LISTEN, "10.0.0.0/8", NULL},
	    {VALUE_LISTEN, "localhost", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = list_text(cases[i].type, cases[i].text);

		print_message("%d `%s`\n", (int)cases[i].type, cases[i].text);
		if (cases[i].expected == NULL)
			assert_null(text);
		else
			assert_string_equal(text, cases[i].expected);
		free(text);
	}
}

static void folder_ages(void **state)
{
	static const struct {
		const char *text, *expected; /* NULL: refused */
	} cases[] = {
	    {"", ""},
	    {"Trash 30d", "Trash=2592000|"},
	    {"Trash 30d,  Sent Items\t1d ,Trash/Keep 0", NULL},
	    {"Trash 30d,  Sent Items   1d ,Trash/Keep 0", "Trash=2592000|Sent Items=86400|Trash/Keep=0|"},
	    {"Корзина/Старое 2w", "Корзина/Старое=1209600|"},
	    {"Trash", NULL},
	    {"30d", NULL},
	    {"INBOX 30d", NULL},
	    {"inbox", NULL},
	    {"Trash 30", NULL},
	    {"../etc 30d", NULL},
	    {"Trash 30d, Trash 40d", NULL},
	    {"Trash 30d, ,", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_folder_ages ages = {NULL, 0};
		struct error error = ERROR_INIT;
		struct buf out = BUF_INIT(1000);
		int result = value_parse(VALUE_FOLDER_AGES, slice_of(cases[i].text), &any, &ages, &error);

		for (size_t j = 0; j < ages.count; j++)
			buf_printf(&out, "%s=%lld|", ages.items[j].folder, (long long)ages.items[j].seconds);
		print_message("`%s`: %s %s\n", cases[i].text, buf_text(&out), result == 0 ? "" : ERROR_EN(&error));
		assert_int_equal(result, cases[i].expected == NULL ? -1 : 0);
		if (result == 0)
			assert_string_equal(buf_text(&out), cases[i].expected);
		value_clear(VALUE_FOLDER_AGES, &ages);
		buf_clear(&out);
	}
}

/* Limits by hours: what each case gives at 06:59, 07:00, 12:00, 19:59, 20:00 and 23:00. */
static void sizes_by_hours(void **state)
{
	static const int moments[] = {6 * 60 + 59, 7 * 60, 12 * 60, 19 * 60 + 59, 20 * 60, 23 * 60};
	static const struct {
		const char *text;
		int64_t expected[ARRAY_LEN(moments)]; /* the first is BAD: refused */
	} cases[] = {
	    {"0", {0, 0, 0, 0, 0, 0}},
	    {"200K", {204800, 204800, 204800, 204800, 204800, 204800}},
	    {"unlimited", {0, 0, 0, 0, 0, 0}},
	    {"200K, unlimited 20:00-07:00", {0, 204800, 204800, 204800, 0, 0}},
	    {"unlimited 20:00-07:00,200K", {0, 204800, 204800, 204800, 0, 0}},
	    {"1M, 10K 7:00 - 12:00, Unlimited 20:00-24:00", {1 << 20, 10240, 1 << 20, 1 << 20, 0, 0}},
	    {"10K 00:00-24:00", {10240, 10240, 10240, 10240, 10240, 10240}},
	    {"unlimited 07:00-08:00", {0, 0, 0, 0, 0, 0}},
	    {"", {BAD}},
	    {"200K,", {BAD}},
	    {"200K, 300K", {BAD}},
	    {"200K unlimited", {BAD}},
	    {"200K 20:00", {BAD}},
	    {"200K 20:00-25:00", {BAD}},
	    {"20:00-07:00", {BAD}},
	    {"much", {BAD}},
	};
	struct tm tm = {.tm_year = 126, .tm_mon = 0, .tm_mday = 15, .tm_isdst = -1};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_sizes sizes = {0, NULL, 0};
		struct error error = ERROR_INIT;
		int result = value_parse(VALUE_SIZES, slice_of(cases[i].text), &any, &sizes, &error);

		print_message("`%s`: %s\n", cases[i].text, result == 0 ? "" : ERROR_EN(&error));
		assert_int_equal(result, cases[i].expected[0] == BAD ? -1 : 0);
		for (size_t j = 0; j < ARRAY_LEN(moments) && result == 0; j++) {
			tm.tm_hour = moments[j] / 60;
			tm.tm_min = moments[j] % 60;
			assert_int_equal(conf_size_at(&sizes, mktime(&tm)), cases[i].expected[j]);
		}
		if (result == 0 && sizes.count == 0)
			assert_int_equal(conf_size_at(&sizes, 0), sizes.usual);
		value_clear(VALUE_SIZES, &sizes);
	}
}

static struct in6_addr address_of(const char *text)
{
	struct conf_net net;

	assert_true(value_net(slice_of(text), &net));
	return net.first;
}

static void nets(void **state)
{
	static const struct {
		const char *net, *inside, *outside; /* inside NULL: refused */
	} cases[] = {
	    {"10.0.0.0/8", "10.255.255.255", "11.0.0.0"},
	    {"10.0.0.0/8", "10.0.0.0", "9.255.255.255"},
	    {"172.16.0.0/12", "172.31.255.255", "172.32.0.0"},
	    {"192.168.1.77/24", "192.168.1.1", "192.168.2.1"},
	    {"192.168.1.5", "192.168.1.5", "192.168.1.6"},
	    {"192.168.1.5/32", "192.168.1.5", "192.168.1.4"},
	    {"0.0.0.0/0", "255.255.255.255", "::1"},
	    {"10.0.0.1-10.0.0.20", "10.0.0.20", "10.0.0.21"},
	    {"10.0.0.1 - 10.0.0.20", "10.0.0.1", "10.0.0.0"},
	    {"192.168", "192.168.255.1", "192.169.0.1"},
	    {"192.168.", "192.168.255.1", "192.169.0.1"},
	    {"192.168.*.*", "192.168.255.1", "192.169.0.1"},
	    {"192.168.7.*", "192.168.7.1", "192.168.8.1"},
	    {"10", "10.1.2.3", "11.1.2.3"},
	    {"::1/128", "::1", "::2"},
	    {"::1", "::1", "127.0.0.1"},
	    {"fe80::/10", "febf::1", "fec0::1"},
	    {"fc00::/7", "fdff::1", "fe00::1"},
	    {"::/0", "2001:db8::1", "127.0.0.1"}, /* an IPv6 range contains IPv4 only as ::ffff:... */
	    {"::/64", "::1", "10.0.0.1"},
	    {"::-ffff::", "2001:db8::1", "10.0.0.1"},
	    {"::ffff:0:0/96", "10.0.0.1", "2001:db8::1"},
	    {"::ffff:10.0.0.0/104", "10.0.0.1", "11.0.0.1"},
	    {"2001:db8::1-2001:db8::9", "2001:db8::9", "2001:db8::a"},
	    {"10.0.0.0/33", NULL, NULL},
	    {"::1/129", NULL, NULL},
	    {"10.0.0.0/", NULL, NULL},
	    {"10.0.0.0/x", NULL, NULL},
	    {"10.0.0.256", NULL, NULL},
	    {"10.0.0.9-10.0.0.1", NULL, NULL},
	    {"10.0.0.9-::1", NULL, NULL},
	    {"1.2.3.4.5", NULL, NULL},
	    {"*", NULL, NULL},
	    {"192.*.1", NULL, NULL},
	    {"", NULL, NULL},
	    {"office", NULL, NULL},
	    {"10.0.0.0/8/8", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_nets list = {NULL, 0};
		struct error error = ERROR_INIT;
		int result = value_parse(VALUE_NETS, slice_of(cases[i].net), &any, &list, &error);
		struct in6_addr address;

		print_message("%s\n", cases[i].net);
		if (cases[i].inside == NULL) {
			assert_true(result != 0 || list.count == 0);
		} else {
			assert_int_equal(result, 0);
			address = address_of(cases[i].inside);
			assert_true(conf_nets_have(&list, &address));
		}
		if (cases[i].outside != NULL) {
			address = address_of(cases[i].outside);
			assert_false(conf_nets_have(&list, &address));
		}
		value_clear(VALUE_NETS, &list);
	}
}

/* The loader uses the defaults without checking the result. */
static void all_defaults_are_good_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_section_count; i++) {
		const struct schema_section *section = &schema_sections[i];

		for (size_t j = 0; j < section->key_count; j++) {
			const struct schema_key *key = &section->keys[j];
			union {
				char *text;
				int64_t numbers[2];
				struct strlist list;
				struct conf_nets nets;
				struct conf_folder_ages ages;
				struct conf_sizes sizes;
			} field = {.numbers = {0, 0}};
			struct error error = ERROR_INIT;

			if (key->type == VALUE_WORD && key->value[0] == '\0')
				continue;
			print_message("[%s] %s\n", section->kind, key->name);
			assert_int_equal(value_parse(key->type,
					     slice_of(key->value == NULL ? "" : key->value),
					     &key->limits, &field, &error),
			    0);
			assert_non_null(key->help);
			value_clear(key->type, &field);
		}
	}
}

/* A bare number may mean seconds only if hours or days are implausible. */
static void bare_numbers_are_for_short_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < schema_section_count; i++) {
		for (size_t j = 0; j < schema_sections[i].key_count; j++) {
			const struct schema_key *key = &schema_sections[i].keys[j];
			const struct value_limits below_an_hour = {.max = 3599};
			struct error error = ERROR_INIT;
			int64_t seconds;

			print_message("[%s] %s\n", schema_sections[i].kind, key->name);
			if (key->type == VALUE_SECONDS) {
				assert_int_equal(value_parse(VALUE_SECONDS, slice_of(key->value), &below_an_hour, &seconds, &error), 0);
				assert_true(key->limits.max <= 86400);
			} else if (key->type == VALUE_DURATION || key->type == VALUE_DURATIONS || key->type == VALUE_INTERVAL) {
				assert_true(key->limits.unit != 0);
			}
		}
	}
}

/* The proposed unit is the usual one for this key. */
static void a_unit_is_proposed(void **state)
{
	static const struct {
		const char *kind, *key, *text, *proposal;
	} cases[] = {
	    {"user", "expire", "90", "write 90d"},
	    {"user", "expire_folders", "Trash 30d, Junk 14", "write 14d"},
	    {"smarthost", "expire", "5", "write 5d"},
	    {"smarthost", "warn_after", "4", "write 4h"},
	    {"smarthost", "retry", "5m, 15", "write 15m"},
	    {"schedule", "every", "15", "write 15m"},
	    {"account", "every", "30", "write 30m"},
	    {"account", "keep_on_server", "14", "write 14d"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct schema_key *key = schema_find_key(schema_find(cases[i].kind), cases[i].key);
		struct conf_numbers field = {NULL, 0};
		struct error error = ERROR_INIT;

		assert_int_equal(value_parse(key->type, slice_of(cases[i].text), &key->limits, &field, &error), -1);
		print_message("%s\n", ERROR_EN(&error));
		assert_non_null(strstr(ERROR_EN(&error), cases[i].proposal));
	}
}

static void nearest_names(void **state)
{
	(void)state;
	assert_string_equal(schema_nearest("gatewai"), "gateway");
	assert_string_equal(schema_nearest("acount"), "account");
	assert_null(schema_nearest("wholly_different"));
	assert_string_equal(schema_nearest_key(schema_find("lan"), "smpt_port"), "smtp_port");
	assert_string_equal(schema_nearest_key(schema_find("user"), "fullname"), "full_name");
	assert_null(schema_nearest_key(schema_find("user"), "wholly_different"));
	assert_string_equal(schema_home("pop3_port")->kind, "lan");
	assert_null(schema_home("nowhere"));
}

static void mailbox_names(void **state)
{
	static const char *const bad[] = {"", "..", ".", ".x", "-x", "_x", "a/b", "a b", "Ivan", "иван",
	    "daemon", "a\n", "a%b", "12345678901234567890123456789012345678901234567890123456789012345"};
	static const char *const good[] = {"ivan", "i.petrov", "a-b_c", "7", "a..b", "postmaster",
	    "1234567890123456789012345678901234567890123456789012345678901234"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(conf_is_mailbox_name(slice_of(bad[i])));
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(conf_is_mailbox_name(slice_of(good[i])));
	assert_false(conf_is_mailbox_name(slice_make("a\0b", 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(flags_and_words),
	    cmocka_unit_test(texts),
	    cmocka_unit_test(a_password_is_never_shown),
	    cmocka_unit_test(days_and_hours),
	    cmocka_unit_test(pixels),
	    cmocka_unit_test(letters_that_wait),
	    cmocka_unit_test(lists),
	    cmocka_unit_test(folder_ages),
	    cmocka_unit_test(sizes_by_hours),
	    cmocka_unit_test(nets),
	    cmocka_unit_test(all_defaults_are_good_values),
	    cmocka_unit_test(bare_numbers_are_for_short_times),
	    cmocka_unit_test(a_unit_is_proposed),
	    cmocka_unit_test(nearest_names),
	    cmocka_unit_test(mailbox_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
