#include "ui-tui/tui_term.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/tui_text.h"

#define NCURSES_NOMACROS
#include <curses.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

static SCREEN *screen;
static attr_t styles[STYLES];
static bool has_cursor;

/* In colour, and where there is none. */
static const struct {
	short front, back; /* -1: the terminal's own */
	attr_t colour, mono;
} looks[STYLES] = {
    [STYLE_NORMAL] = {-1, -1, A_NORMAL, A_NORMAL},
    [STYLE_DIM] = {-1, -1, A_DIM, A_DIM},
    [STYLE_STRONG] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_BAR] = {COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_REVERSE},
    [STYLE_BAR_KEY] = {COLOR_YELLOW, COLOR_BLUE, A_BOLD, A_REVERSE | A_BOLD},
    [STYLE_BAR_HERE] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_BOLD},
    [STYLE_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_GOOD] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_WARNING] = {COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    [STYLE_BAD] = {COLOR_RED, -1, A_BOLD, A_BOLD | A_UNDERLINE},
    [STYLE_FIELD] = {-1, -1, A_UNDERLINE, A_UNDERLINE},
};

static void make_styles(void)
{
	bool colour = getenv("NO_COLOR") == NULL && has_colors();

	if (colour) {
		start_color();
		use_default_colors();
	}
	for (short i = 0; i < STYLES; i++) {
		styles[i] = colour ? looks[i].colour : looks[i].mono;
		if (colour && init_pair((short)(i + 1), looks[i].front, looks[i].back) == OK)
			styles[i] |= (attr_t)COLOR_PAIR(i + 1);
	}
}

/* A terminal whose cursor cannot be put somewhere shows no screens. */
static bool is_capable(void)
{
	int result;
	const char *cup = setupterm(NULL, STDOUT_FILENO, &result) == OK ? tigetstr("cup") : NULL;

	return cup != NULL && cup != (const char *)-1;
}

int term_open(struct error *error)
{
	const char *name = getenv("TERM");

	if (is_capable())
		screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return error_set(error, ERROR_CONFIG,
		    _("this terminal (TERM=%s) cannot show screens; the verbs of lanpost --help work on any"),
		    name == NULL ? "" : name);
	set_term(screen);
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	mouseinterval(0);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	make_styles();
	return 0;
}

void term_close(void)
{
	if (screen == NULL)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

struct rect term_size(void)
{
	return (struct rect){0, 0, getmaxy(stdscr), getmaxx(stdscr)};
}

/* --- keys */

static const struct {
	int code, key;
	const char *name; /* N_() where it is a word */
} keys[] = {
    {KEY_UP, TERM_UP, "↑"},
    {KEY_DOWN, TERM_DOWN, "↓"},
    {KEY_LEFT, TERM_LEFT, "←"},
    {KEY_RIGHT, TERM_RIGHT, "→"},
    {KEY_HOME, TERM_HOME, "Home"},
    {KEY_END, TERM_END, "End"},
    {KEY_PPAGE, TERM_PAGE_UP, "PgUp"},
    {KEY_NPAGE, TERM_PAGE_DOWN, "PgDn"},
    {KEY_ENTER, TERM_ENTER, "Enter"},
    {KEY_BTAB, TERM_BACK_TAB, "Shift-Tab"},
    {KEY_BACKSPACE, TERM_BACKSPACE, "Backspace"},
    {KEY_DC, TERM_DELETE, "Del"},
    {KEY_IC, TERM_INSERT, "Ins"},
    {KEY_RESIZE, TERM_RESIZE, ""},
};
static const struct {
	wint_t character;
	int key;
	const char *name;
} characters[] = {
    {'\r', TERM_ENTER, "Enter"},
    {'\n', TERM_ENTER, "Enter"},
    {'\t', TERM_TAB, "Tab"},
    {27, TERM_ESCAPE, "Esc"},
    {TERM_CTRL('C'), TERM_ESCAPE, "Esc"},
    {127, TERM_BACKSPACE, "Backspace"},
    {TERM_CTRL('H'), TERM_BACKSPACE, "Backspace"},
};

static int mouse_key(struct term_place *place)
{
	MEVENT event;

	if (getmouse(&event) != OK)
		return TERM_TICK;
	*place = (struct term_place){event.y, event.x};
	if ((event.bstate & BUTTON4_PRESSED) != 0)
		return TERM_WHEEL_UP;
	if ((event.bstate & BUTTON5_PRESSED) != 0)
		return TERM_WHEEL_DOWN;
	return TERM_CLICK;
}

static int code_key(int code, struct term_place *place)
{
	if (code == KEY_MOUSE)
		return mouse_key(place);
	if (code > KEY_F0 && code <= KEY_F(12))
		return TERM_F + (code - KEY_F0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return TERM_TICK;
}

int term_key(struct term_place *place)
{
	wint_t character;
	int kind = get_wch(&character);

	if (kind == ERR)
		return TERM_NONE;
	if (kind == KEY_CODE_YES)
		return code_key((int)character, place);
	for (size_t i = 0; i < ARRAY_LEN(characters); i++)
		if (characters[i].character == character)
			return characters[i].key;
	return (int)character;
}

const char *term_key_name(int key, char *out, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (keys[i].key == key)
			return keys[i].name;
	for (size_t i = 0; i < ARRAY_LEN(characters); i++)
		if (characters[i].key == key)
			return characters[i].name;
	if (key > TERM_F && key <= TERM_F + 12)
		snprintf(out, size, "F%d", key - TERM_F);
	else if (key > 0 && key < ' ')
		snprintf(out, size, "^%c", key + '@');
	else if (key == ' ')
		snprintf(out, size, "%s", _("Space"));
	else
		snprintf(out, size, "%c", key >= 'a' && key <= 'z' ? key - 32 : key);
	return out;
}

/* --- drawing */

void term_erase(void)
{
	has_cursor = false;
	erase();
}

void term_show(void)
{
	curs_set(has_cursor ? 1 : 0);
	refresh();
}

void term_redraw(void)
{
	clearok(stdscr, TRUE);
}

int term_put(int y, int x, int width, enum term_style style, const char *text)
{
	size_t size = strlen(text) * 4 + 8;
	char *safe, *shown;
	size_t used;

	if (width <= 0 || y < 0 || y >= getmaxy(stdscr) || x < 0 || x >= getmaxx(stdscr))
		return 0;
	if (width > getmaxx(stdscr) - x)
		width = getmaxx(stdscr) - x;
	safe = xmalloc(size);
	shown = xmalloc(size);
	str_printable(safe, size, slice_of(text));
	used = tui_text_fit(shown, size, safe, (size_t)width);
	attrset((int)styles[style]);
	mvaddstr(y, x, shown);
	attrset(A_NORMAL);
	free(safe);
	free(shown);
	return (int)used;
}

int term_putf(int y, int x, int width, enum term_style style, const char *format, ...)
{
	va_list args;
	char *text;
	int used;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	used = term_put(y, x, width, style, text);
	free(text);
	return used;
}

void term_fill(struct rect area, enum term_style style)
{
	attrset((int)styles[style]);
	for (int y = area.y; y < area.y + area.height; y++)
		mvhline(y, area.x, ' ' | (chtype)styles[style], area.width);
	attrset(A_NORMAL);
}

void term_line(int y, int x, int width)
{
	mvhline(y, x, 0, width);
}

void term_box(struct rect area, const char *title)
{
	int bottom = area.y + area.height - 1, right = area.x + area.width - 1;

	term_fill(area, STYLE_NORMAL);
	term_line(area.y, area.x, area.width);
	term_line(bottom, area.x, area.width);
	mvvline(area.y, area.x, 0, area.height);
	mvvline(area.y, right, 0, area.height);
	mvaddch(area.y, area.x, ACS_ULCORNER);
	mvaddch(area.y, right, ACS_URCORNER);
	mvaddch(bottom, area.x, ACS_LLCORNER);
	mvaddch(bottom, right, ACS_LRCORNER);
	term_putf(area.y, area.x + 2, area.width - 4, STYLE_STRONG, " %s ", title);
}

void term_cursor(int y, int x)
{
	has_cursor = true;
	move(y, x);
}
