/* The sequences that terminals send for a key: the result must be exactly that key. */
#include "ui-tui/widgets/keys.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define F(number) (TERM_F + (number))

static const struct {
	const char *bytes;
	int key;
} spellings[] = {
    /* xterm, PuTTY, tmux and screen: as they are, and in application mode */
    {"\033[A", TERM_UP}, {"\033[B", TERM_DOWN}, {"\033[C", TERM_RIGHT}, {"\033[D", TERM_LEFT},
    {"\033OA", TERM_UP}, {"\033OB", TERM_DOWN}, {"\033OC", TERM_RIGHT}, {"\033OD", TERM_LEFT},
    {"\033[H", TERM_HOME}, {"\033[F", TERM_END}, {"\033OH", TERM_HOME}, {"\033OF", TERM_END},
    {"\033[1~", TERM_HOME}, {"\033[4~", TERM_END}, /* PuTTY, the Linux console, screen, tmux */
    {"\033[7~", TERM_HOME}, {"\033[8~", TERM_END}, /* rxvt */
    {"\033[2~", TERM_INSERT}, {"\033[3~", TERM_DELETE}, {"\033[5~", TERM_PAGE_UP}, {"\033[6~", TERM_PAGE_DOWN},
    {"\033OP", F(1)}, {"\033OQ", F(2)}, {"\033OR", F(3)}, {"\033OS", F(4)},
    {"\033[11~", F(1)}, {"\033[12~", F(2)}, {"\033[13~", F(3)}, {"\033[14~", F(4)}, /* PuTTY, rxvt, old xterm */
    {"\033[[A", F(1)}, {"\033[[B", F(2)}, {"\033[[C", F(3)}, {"\033[[D", F(4)}, {"\033[[E", F(5)}, /* Linux */
    {"\033[15~", F(5)}, {"\033[17~", F(6)}, {"\033[18~", F(7)}, {"\033[19~", F(8)}, {"\033[20~", F(9)},
    {"\033[21~", F(10)}, {"\033[23~", F(11)}, {"\033[24~", F(12)},
    {"\033[Z", TERM_BACK_TAB}, {"\033\t", TERM_BACK_TAB}, {"\t", TERM_TAB}, {"\r", TERM_ENTER}, {"\n", TERM_ENTER},
    {"\177", TERM_BACKSPACE}, {"\b", TERM_BACKSPACE}, {"\033", TERM_ESCAPE}, {"\003", TERM_ESCAPE},
    /* with Ctrl, Alt, Shift: xterm, tmux */
    {"\033[1;5C", TERM_WORD_RIGHT}, {"\033[1;5D", TERM_WORD_LEFT}, {"\033[1;3C", TERM_WORD_RIGHT},
    {"\033[1;3D", TERM_WORD_LEFT}, {"\033[1;5A", TERM_UP}, {"\033[1;5B", TERM_DOWN}, {"\033[1;2A", TERM_UP},
    {"\033[1;2C", TERM_RIGHT}, {"\033[1;5H", TERM_HOME}, {"\033[1;5F", TERM_END}, {"\033[5;5~", TERM_PAGE_UP},
    {"\033[6;2~", TERM_PAGE_DOWN}, {"\033[3;5~", TERM_DELETE}, {"\033[2;2~", TERM_INSERT}, {"\033[1;9D", TERM_LEFT},
    /* the same: older xterm, PuTTY (Alt as Esc; Ctrl changes the mode), rxvt */
    {"\033[5C", TERM_WORD_RIGHT}, {"\033O5D", TERM_WORD_LEFT}, {"\033O1;5C", TERM_WORD_RIGHT},
    {"\033\033[D", TERM_WORD_LEFT}, {"\033\033OC", TERM_WORD_RIGHT}, {"\033\033[A", TERM_UP}, {"\033\033[4~", TERM_END},
    {"\033Oa", TERM_UP}, {"\033Ob", TERM_DOWN}, {"\033Oc", TERM_WORD_RIGHT}, {"\033Od", TERM_WORD_LEFT},
    {"\033[a", TERM_UP}, {"\033[c", TERM_RIGHT}, {"\033[7^", TERM_HOME}, {"\033[5$", TERM_PAGE_UP},
    {"\033[6@", TERM_PAGE_DOWN}, {"\033[3^", TERM_DELETE},
    /* the keypad in application mode */
    {"\033OM", TERM_ENTER}, {"\033Oj", '*'}, {"\033Oo", '/'}, {"\033Op", '0'}, {"\033Oy", '9'}, {"\033Om", '-'},
    /* 8-bit forms */
    {"\2334~", TERM_END}, {"\217P", F(1)}, {"\233A", TERM_UP},
    /* characters */
    {"a", 'a'}, {"Z", 'Z'}, {" ", ' '}, {"\023", TERM_CTRL('S')}, {"\321\213", 0x44b}, {"\360\237\230\200", 0x1f600},
    /* sequences without a meaning */
    {"\033x", TERM_TICK}, {"\0339", TERM_TICK}, {"\033d", TERM_TICK}, {"\033\321\213", TERM_TICK}, {"\033[1;5P", TERM_TICK},
    {"\033[11;3~", TERM_TICK}, {"\033[23$", TERM_TICK}, {"\033[25~", TERM_TICK}, {"\033[99~", TERM_TICK},
    {"\033[999999999999;5~", TERM_TICK}, {"\033[27;5;9~", TERM_TICK}, {"\033[97;5u", TERM_TICK}, {"\033[E", TERM_TICK},
    {"\033[G", TERM_TICK}, {"\033[I", TERM_TICK}, {"\033[O", TERM_TICK}, {"\033[?1;2c", TERM_TICK}, {"\033[>0;276;0c", TERM_TICK},
    {"\033[24;80R", TERM_TICK}, {"\033[?2026;2$y", TERM_TICK}, {"\033[200~", TERM_TICK}, {"\033[1;2;3;4;5;6d", TERM_TICK},
    {"\033]11;rgb:0000/0000/0000\007", TERM_TICK}, {"\033]0;d\033\\", TERM_TICK}, {"\033P>|tmux 3.3\033\\", TERM_TICK},
    {"\033[[x", TERM_TICK}, {"\033[", TERM_TICK}, {"\033O", TERM_TICK}, {"\033[1;", TERM_TICK}, {"\033[M", TERM_TICK},
    {"\377", TERM_TICK}, {"\302\233", TERM_TICK}, {"\303", TERM_TICK},
};

/* Each is exactly that key: complete when it has arrived, waited for while a part is missing, and followed by the next
 * key. */
static void every_spelling_is_its_key(void **state)
{
	struct term_place place;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		const char *bytes = spellings[i].bytes;
		size_t len = strlen(bytes), used;
		int key = 0;

		used = keys_decode(bytes, len, true, &key, &place);
		if (used != len || key != spellings[i].key)
			fail_msg("spelling %zu (ESC %s): %zu of %zu bytes, key %d instead of %d", i, bytes + 1, used, len, key,
			    spellings[i].key);
	}
}

static void parts_of_a_key_are_waited_for(void **state)
{
	struct term_place place;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(spellings); i++) {
		const char *bytes = spellings[i].bytes;
		int key;

		for (size_t part = 1; bytes[0] == 27 && part + 1 < strlen(bytes); part++)
			if (part > 1 || bytes[1] != 27)
				assert_int_equal(keys_decode(bytes, part, false, &key, &place), 0);
	}
	assert_int_equal(keys_decode("", 0, true, &(int){0}, &place), 0);
}

static void keys_behind_one_another_stay_apart(void **state)
{
	static const char bytes[] = "a\033[4~\033Ob\033x\033[1;5Cq";
	static const int keys[] = {'a', TERM_END, TERM_DOWN, TERM_TICK, TERM_WORD_RIGHT, 'q'};
	struct term_place place;
	size_t at = 0;
	int key;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		at += keys_decode(bytes + at, sizeof(bytes) - 1 - at, false, &key, &place);
		assert_int_equal(key, keys[i]);
	}
	assert_int_equal(at, sizeof(bytes) - 1);
	assert_int_equal(keys_decode("\033\033", 2, true, &key, &place), 1); /* Esc, pressed twice */
	assert_int_equal(key, TERM_ESCAPE);
}

static void mouse_is_read_in_both_forms(void **state)
{
	static const struct {
		const char *bytes;
		int key, y, x;
	} cases[] = {
	    {"\033[<0;12;5M", TERM_CLICK, 4, 11}, {"\033[<0;12;5m", TERM_TICK, -1, -1}, {"\033[<64;1;1M", TERM_WHEEL_UP, 0, 0},
	    {"\033[<65;300;200M", TERM_WHEEL_DOWN, 199, 299}, {"\033[<2;1;1M", TERM_TICK, -1, -1},
	    {"\033[M +%", TERM_CLICK, 4, 10}, {"\033[M#+%", TERM_TICK, -1, -1}, {"\033[M`!!", TERM_WHEEL_UP, 0, 0},
	    {"\033[M \3105", TERM_CLICK, 20, 167}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct term_place place = {-1, -1};
		int key;

		assert_int_equal(keys_decode(cases[i].bytes, strlen(cases[i].bytes), true, &key, &place), strlen(cases[i].bytes));
		assert_int_equal(key, cases[i].key);
		if (key == TERM_TICK)
			continue;
		assert_int_equal(place.y, cases[i].y);
		assert_int_equal(place.x, cases[i].x);
	}
}

/* An unknown control sequence of the grammar of ECMA-48: read completely, without any character. */
static void unknown_sequences_do_nothing(void **state)
{
	struct term_place place;

	(void)state;
	srandom(12);
	for (int round = 0; round < 200000; round++) {
		char bytes[40] = "\033[";
		size_t len = 2, inside = (size_t)random() % 20;
		int key;

		for (size_t i = 0; i < inside; i++)
			bytes[len++] = (char)(random() % 4 == 0 ? ' ' + random() % 16 : '0' + random() % 16);
		bytes[len++] = (char)('@' + random() % 63);
		if (bytes[2] == '[' || bytes[2] == 'M' || memchr(bytes, '$', len) != NULL)
			continue; /* have forms of their own, see above */
		bytes[len] = 'd';
		assert_int_equal(keys_decode(bytes, len + 1, false, &key, &place), len);
		assert_true(key < 0);
	}
}

/* For any input each step consumes something, until everything is consumed. */
static void random_bytes_come_to_an_end(void **state)
{
	struct term_place place;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		char bytes[64];
		size_t len = 1 + (size_t)random() % sizeof(bytes), at = 0;
		int key;

		for (size_t i = 0; i < len; i++)
			bytes[i] = (char)(random() % 3 == 0 ? "\033[O;1<M$"[random() % 8] : random());
		while (at < len) {
			size_t used = keys_decode(bytes + at, len - at, true, &key, &place);

			assert_in_range(used, 1, len - at);
			assert_true(keys_decode(bytes + at, len - at, false, &key, &place) <= len - at);
			at += used;
		}
	}
}

static void keys_have_names(void **state)
{
	char name[16];

	(void)state;
	assert_string_equal(keys_name(F(12), name, sizeof(name)), "F12");
	assert_string_equal(keys_name(TERM_CTRL('S'), name, sizeof(name)), "Ctrl-S");
	assert_string_equal(keys_name('d', name, sizeof(name)), "d");
	assert_string_equal(keys_name('G', name, sizeof(name)), "G");
	assert_string_equal(keys_name(TERM_ESCAPE, name, sizeof(name)), "Esc");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_spelling_is_its_key),
	    cmocka_unit_test(parts_of_a_key_are_waited_for),
	    cmocka_unit_test(keys_behind_one_another_stay_apart),
	    cmocka_unit_test(mouse_is_read_in_both_forms),
	    cmocka_unit_test(unknown_sequences_do_nothing),
	    cmocka_unit_test(random_bytes_come_to_an_end),
	    cmocka_unit_test(keys_have_names),
	};

	i18n_start("en");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
