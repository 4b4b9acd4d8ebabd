#include "ui-tui/widgets/keys.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#define ESC 27
#define DEL 127
#define C1_SS3 0x8f /* the 8-bit forms of ESC O and ESC [: no character begins with these bytes */
#define C1_CSI 0x9b

enum { SHIFT = 1, ALT = 2, CTRL = 4 }; /* as xterm counts them, minus one */

/* --- meaning of the sequences */

/* ESC [ number ~, as in xterm, PuTTY, the Linux console, screen and tmux, and in rxvt (7, 8). */
static const int numbered[] = {[1] = TERM_HOME, [2] = TERM_INSERT, [3] = TERM_DELETE, [4] = TERM_END,
    [5] = TERM_PAGE_UP, [6] = TERM_PAGE_DOWN, [7] = TERM_HOME, [8] = TERM_END,
    [11] = TERM_F + 1, [12] = TERM_F + 2, [13] = TERM_F + 3, [14] = TERM_F + 4, [15] = TERM_F + 5,
    [17] = TERM_F + 6, [18] = TERM_F + 7, [19] = TERM_F + 8, [20] = TERM_F + 9, [21] = TERM_F + 10,
    [23] = TERM_F + 11, [24] = TERM_F + 12};

/* ESC [ or ESC O and a final character. */
static const struct {
	char letter;
	int key;
} lettered[] = {
    {'A', TERM_UP}, {'B', TERM_DOWN}, {'C', TERM_RIGHT}, {'D', TERM_LEFT}, {'H', TERM_HOME}, {'F', TERM_END},
    {'Z', TERM_BACK_TAB},
};

/* Additional forms with ESC O: F1 to F4, and the keypad. */
static const struct {
	char letter;
	int key;
} keypad[] = {
    {'P', TERM_F + 1}, {'Q', TERM_F + 2}, {'R', TERM_F + 3}, {'S', TERM_F + 4}, {'M', TERM_ENTER}, {'I', TERM_TAB},
    {'X', '='}, {'j', '*'}, {'k', '+'}, {'l', ','}, {'m', '-'}, {'n', '.'}, {'o', '/'},
    {'p', '0'}, {'q', '1'}, {'r', '2'}, {'s', '3'}, {'t', '4'}, {'u', '5'}, {'v', '6'}, {'w', '7'}, {'x', '8'}, {'y', '9'},
};

/* An arrow with Ctrl or Alt moves by words; other keys ignore modifiers. A function key with a modifier means nothing. */
static int modified(int key, int modifiers)
{
	bool by_word = (modifiers & (CTRL | ALT)) != 0;

	if (modifiers == 0)
		return key;
	if (key < TERM_F + 13 && key > TERM_F)
		return TERM_TICK;
	return key == TERM_LEFT && by_word ? TERM_WORD_LEFT : key == TERM_RIGHT && by_word ? TERM_WORD_RIGHT : key;
}

/* rxvt: ESC O a is Ctrl-Up, ESC [ a is Shift-Up. */
static int arrow_of_rxvt(char letter, int modifiers)
{
	return letter < 'a' || letter > 'd' ? TERM_TICK : modified(lettered[letter - 'a'].key, modifiers);
}

static int letter_key(char letter, int modifiers)
{
	for (size_t i = 0; i < ARRAY_LEN(lettered); i++)
		if (lettered[i].letter == letter)
			return modified(lettered[i].key, modifiers);
	return TERM_TICK;
}

static int number_key(int number, int modifiers)
{
	int key = number > 0 && number < (int)ARRAY_LEN(numbered) ? numbered[number] : 0;

	return key == 0 ? TERM_TICK : modified(key, modifiers);
}

/* --- a mouse */

static int mouse_key(int button, bool is_press)
{
	if (button == 64 || button == 65)
		return button == 64 ? TERM_WHEEL_UP : TERM_WHEEL_DOWN;
	return button == 0 && is_press ? TERM_CLICK : TERM_TICK;
}

/* ESC [ M and three bytes. Without three bytes it is not the mouse. */
static size_t decode_old_mouse(const char *bytes, size_t len, size_t at, bool is_all, int *key, struct term_place *place)
{
	const unsigned char *three = (const unsigned char *)bytes + at;

	if (len < at + 3)
		return is_all ? len : 0;
	*key = mouse_key(three[0] - 32, true);
	*place = (struct term_place){three[2] - 33, three[1] - 33};
	return at + 3;
}

/* --- control sequences */

struct params {
	int values[4];
	size_t count;
	char prefix; /* '<', '?' and so on, 0 if there is none */
};

/* The numbers between the beginning and the last character. */
static struct params read_params(const char *bytes, size_t len)
{
	struct params params = {.count = len > 0};
	size_t at = 0;

	if (len > 0 && bytes[0] >= '<' && bytes[0] <= '?')
		params.prefix = bytes[at++];
	for (; at < len; at++) {
		int *value = params.count <= ARRAY_LEN(params.values) ? &params.values[params.count - 1] : NULL;

		if (bytes[at] == ';' || bytes[at] == ':')
			params.count++;
		else if (value != NULL && isdigit((unsigned char)bytes[at]) && *value < 10000)
			*value = *value * 10 + (bytes[at] - '0');
	}
	return params;
}

static int modifiers_of(int value)
{
	return value > 1 ? (value - 1) & (SHIFT | ALT | CTRL) : 0;
}

/* ESC [ 5 ^ is Ctrl-PgUp, $ is Shift, @ both (rxvt). */
static int tilde_key(const struct params *params, char final)
{
	int modifiers = final == '^' ? CTRL : final == '$' ? SHIFT : final == '@' ? CTRL | SHIFT : modifiers_of(params->values[1]);

	return number_key(params->values[0], modifiers);
}

static int control_key(const struct params *params, char final, struct term_place *place)
{
	int modifiers = modifiers_of(params->count > 1 ? params->values[1] : params->values[0]);

	if (params->prefix == '<' && (final == 'M' || final == 'm') && params->count == 3) {
		*place = (struct term_place){params->values[2] - 1, params->values[1] - 1};
		return mouse_key(params->values[0], final == 'M');
	}
	if (params->prefix != 0)
		return TERM_TICK;
	if (final == '~' || ((final == '^' || final == '$' || final == '@') && params->count == 1))
		return tilde_key(params, final);
	if (final >= 'a' && final <= 'd' && params->count == 0)
		return arrow_of_rxvt(final, SHIFT);
	return letter_key(final, modifiers);
}

static size_t decode_control(const char *bytes, size_t len, size_t at, bool is_all, int *key, struct term_place *place)
{
	struct params params;
	size_t end = at;

	if (at < len && bytes[at] == '[') { /* the Linux console: ESC [ [ A is F1 */
		if (at + 1 == len)
			return is_all ? len : 0;
		*key = bytes[at + 1] >= 'A' && bytes[at + 1] <= 'E' ? TERM_F + 1 + (bytes[at + 1] - 'A') : TERM_TICK;
		return at + 2;
	}
	if (at < len && bytes[at] == 'M')
		return decode_old_mouse(bytes, len, at + 1, is_all, key, place);
	while (end < len && bytes[end] >= ' ' && bytes[end] <= '?' && !(bytes[end] == '$' && isdigit((unsigned char)bytes[at])))
		end++;
	if (end == len)
		return is_all || len >= KEY_BYTES_MAX ? len : 0;
	if ((unsigned char)bytes[end] < ' ' || (unsigned char)bytes[end] >= DEL)
		return end; /* incomplete sequence */
	params = read_params(bytes + at, end - at);
	*key = control_key(&params, bytes[end], place);
	return end + 1;
}

/* ESC O and a final character, with the modifiers in between in old terminals. */
static size_t decode_ss3(const char *bytes, size_t len, size_t at, bool is_all, int *key)
{
	int modifiers = 0;

	for (; at < len && (isdigit((unsigned char)bytes[at]) || bytes[at] == ';'); at++)
		modifiers = bytes[at] == ';' ? 0 : bytes[at] - '0';
	if (at == len)
		return is_all || len >= KEY_BYTES_MAX ? len : 0;
	if ((unsigned char)bytes[at] < ' ' || (unsigned char)bytes[at] >= DEL)
		return at;
	modifiers = modifiers_of(modifiers);
	*key = letter_key(bytes[at], modifiers);
	if (*key == TERM_TICK && modifiers == 0)
		*key = arrow_of_rxvt(bytes[at], CTRL);
	for (size_t i = 0; *key == TERM_TICK && i < ARRAY_LEN(keypad); i++)
		if (keypad[i].letter == bytes[at])
			*key = modified(keypad[i].key, modifiers);
	return at + 1;
}

/* The reply of a terminal to a request: ESC ] text BEL, or ESC P text ESC \. */
static size_t skip_text(const char *bytes, size_t len, bool is_all)
{
	for (size_t at = 2; at < len; at++) {
		if (bytes[at] == 7)
			return at + 1;
		if (bytes[at] == ESC && at + 1 < len)
			return bytes[at + 1] == '\\' ? at + 2 : at;
	}
	return is_all || len >= KEY_BYTES_MAX ? len : 0;
}

/* --- characters */

static size_t decode_character(const char *bytes, size_t len, bool is_all, int *key)
{
	mbstate_t state = {0};
	wchar_t character = 0;
	size_t used = mbrtowc(&character, bytes, len, &state);

	if (used == (size_t)-2 && !is_all)
		return 0;
	if (used == 0 || used > len)
		return 1;
	if (character < DEL || character > 0x9f) /* else a control character without a key */
		*key = (int)character;
	return used;
}

static const struct {
	int character, key;
} characters[] = {
    {'\r', TERM_ENTER},
    {'\n', TERM_ENTER},
    {'\t', TERM_TAB},
    {ESC, TERM_ESCAPE},
    {TERM_CTRL('C'), TERM_ESCAPE},
    {DEL, TERM_BACKSPACE},
    {TERM_CTRL('H'), TERM_BACKSPACE},
};

static int key_of_character(int character)
{
	for (size_t i = 0; i < ARRAY_LEN(characters); i++)
		if (characters[i].character == character)
			return characters[i].key;
	return character;
}

/* Alt with a key sends Esc before it. An arrow then moves by words; Alt-Tab is Shift-Tab on the Linux
 * console. */
static size_t decode_alt(const char *bytes, size_t len, bool is_all, int *key, struct term_place *place)
{
	size_t used;

	if (bytes[1] == ESC && len == 2) {
		*key = TERM_ESCAPE; /* pressed twice, if nothing follows */
		return is_all ? 1 : 0;
	}
	used = keys_decode(bytes + 1, len - 1, is_all, key, place);
	if (bytes[1] == ESC && *key < 0)
		*key = modified(*key, ALT);
	else
		*key = bytes[1] == '\t' ? TERM_BACK_TAB : TERM_TICK;
	return used == 0 ? 0 : used + 1;
}

size_t keys_decode(const char *bytes, size_t len, bool is_all, int *key, struct term_place *place)
{
	unsigned char first = len == 0 ? 0 : (unsigned char)bytes[0];
	size_t used;

	*key = TERM_TICK;
	if (len == 0)
		return 0;
	if (first == C1_CSI)
		return decode_control(bytes, len, 1, is_all, key, place);
	if (first == C1_SS3)
		return decode_ss3(bytes, len, 1, is_all, key);
	if (first != ESC || (len == 1 && is_all)) {
		used = decode_character(bytes, len, is_all, key);
		*key = key_of_character(first == DEL ? DEL : *key);
		return used;
	}
	if (len == 1)
		return 0;
	if (bytes[1] == '[')
		return decode_control(bytes, len, 2, is_all, key, place);
	if (bytes[1] == 'O')
		return decode_ss3(bytes, len, 2, is_all, key);
	if (bytes[1] != '\0' && strchr("]P_^X", bytes[1]) != NULL)
		return skip_text(bytes, len, is_all);
	return decode_alt(bytes, len, is_all, key, place);
}

/* --- their names */

static const struct {
	int key;
	const char *name;
} names[] = {
    {TERM_UP, "↑"}, {TERM_DOWN, "↓"}, {TERM_LEFT, "←"}, {TERM_RIGHT, "→"}, {TERM_HOME, "Home"}, {TERM_END, "End"},
    {TERM_PAGE_UP, "PgUp"}, {TERM_PAGE_DOWN, "PgDn"}, {TERM_ENTER, "Enter"}, {TERM_ESCAPE, "Esc"}, {TERM_TAB, "Tab"},
    {TERM_BACK_TAB, "Shift-Tab"}, {TERM_BACKSPACE, "Backspace"}, {TERM_DELETE, "Del"}, {TERM_INSERT, "Ins"},
};

const char *keys_name(int key, char *out, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].key == key)
			return names[i].name;
	if (key > TERM_F && key <= TERM_F + 12)
		snprintf(out, size, "F%d", key - TERM_F);
	else if (key > 0 && key < ' ')
		snprintf(out, size, "Ctrl-%c", key + '@');
	else if (key == ' ')
		snprintf(out, size, "%s", _("Space"));
	else
		snprintf(out, size, "%c", key);
	return out;
}
