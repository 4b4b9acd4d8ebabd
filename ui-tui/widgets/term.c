#include "ui-tui/widgets/term.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/widgets/tui_text.h"

#define NCURSES_NOMACROS
#include <curses.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <term.h>
#include <unistd.h>

static SCREEN *screen;
static attr_t styles[STYLES];
static bool has_cursor, mouse_taken;
static char waiting[KEY_BYTES_MAX]; /* bytes that are not a complete key yet */
static size_t waiting_len;
static volatile sig_atomic_t has_new_size;

static void on_new_size(int number)
{
	(void)number;
	has_new_size = 1;
}

/* Styles with and without colours. Text on the terminal's own background must be readable on white and on black; of 8
 * colours, yellow is not. */
static const struct {
	short front, back; /* -1: the terminal's own */
	attr_t colour, mono;
	short front_of_256; /* 0: the same */
} looks[STYLES] = {
    [STYLE_NORMAL] = {-1, -1, A_NORMAL, A_NORMAL, 0},
    [STYLE_DIM] = {-1, -1, A_DIM, A_DIM, 0},
    [STYLE_STRONG] = {-1, -1, A_BOLD, A_BOLD, 0},
    [STYLE_BAR] = {COLOR_WHITE, COLOR_BLUE, A_NORMAL, A_REVERSE, 0},
    [STYLE_BAR_KEY] = {COLOR_YELLOW, COLOR_BLUE, A_BOLD, A_REVERSE | A_BOLD, 0},
    [STYLE_BAR_HERE] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_BOLD, 0},
    [STYLE_SELECTED] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE, 0},
    [STYLE_GOOD] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL, 28},
    [STYLE_WARNING] = {COLOR_MAGENTA, -1, A_NORMAL, A_BOLD, 166},
    [STYLE_BAD] = {COLOR_RED, -1, A_BOLD, A_BOLD | A_UNDERLINE, 160},
    [STYLE_FIELD] = {-1, -1, A_UNDERLINE, A_UNDERLINE, 0},
    [STYLE_PAPER] = {COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_REVERSE, 0},
};

static void make_styles(void)
{
	bool has_colour = has_colors(), wants_colour = getenv("NO_COLOR") == NULL;

	if (has_colour) {
		start_color();
		use_default_colors();
	}
	for (short i = 0; i < STYLES; i++) {
		short front = COLORS >= 256 && looks[i].front_of_256 != 0 ? looks[i].front_of_256 : looks[i].front;
		bool colour = has_colour && (wants_colour || i == STYLE_PAPER);

		styles[i] = colour ? looks[i].colour : looks[i].mono;
		if (colour && init_pair((short)(i + 1), front, looks[i].back) == OK)
			styles[i] |= (attr_t)COLOR_PAIR(i + 1);
	}
}

/* A terminal without cursor addressing cannot show the screens. */
static bool is_capable(void)
{
	int result;
	const char *cup = setupterm(NULL, STDOUT_FILENO, &result) == OK ? tigetstr("cup") : NULL;

	return cup != NULL && cup != (const char *)-1;
}

int term_open(struct error *error)
{
	const char *name = getenv("TERM");
	struct sigaction action = {.sa_handler = on_new_size};

	if (is_capable())
		screen = newterm(NULL, stdout, stdin);
	if (screen == NULL)
		return error_set(error, ERROR_CONFIG,
		    N_("this terminal (TERM=%s) cannot show the screens; use the verbs of `lanpost --help`"),
		    name == NULL ? "" : name);
	set_term(screen);
	raw();
	noecho();
	nonl();
	typeahead(-1); /* keys are read here, not by curses */
	sigaction(SIGWINCH, &action, NULL);
	term_take_mouse(true);
	make_styles();
	return 0;
}

void term_close(void)
{
	if (screen == NULL)
		return;
	term_take_mouse(false);
	endwin();
	delscreen(screen);
	screen = NULL;
}

struct rect term_size(void)
{
	return (struct rect){0, 0, getmaxy(stdscr), getmaxx(stdscr)};
}

/* --- keys */

/* Bytes that follow an Esc within this time belong to it: a terminal sends both at once, a person does not. A sequence
 * may arrive in pieces over a slow line. */
#define ESCAPE_MS 40
#define SEQUENCE_MS 500

/* Reads the input; returns false if there is none within that time. */
static bool read_more(int wait_ms)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t got;

	if (waiting_len == sizeof(waiting) || poll(&fd, 1, wait_ms) <= 0)
		return false;
	got = read(STDIN_FILENO, waiting + waiting_len, sizeof(waiting) - waiting_len);
	waiting_len += got > 0 ? (size_t)got : 0;
	return got > 0;
}

static void take_new_size(void)
{
	struct winsize size;

	has_new_size = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		resizeterm(size.ws_row, size.ws_col);
	clearok(stdscr, TRUE);
}

static int patience(void)
{
	return waiting[waiting_len - 1] == 27 ? ESCAPE_MS : SEQUENCE_MS;
}

int term_key(struct term_place *place)
{
	int key;
	size_t used;

	if (has_new_size != 0) {
		take_new_size();
		return TERM_RESIZE;
	}
	read_more(0);
	while ((used = keys_decode(waiting, waiting_len, false, &key, place)) == 0 && waiting_len > 0 &&
	       read_more(patience()))
		;
	if (used == 0)
		used = keys_decode(waiting, waiting_len, true, &key, place);
	if (used == 0)
		return TERM_NONE;
	waiting_len -= used;
	memmove(waiting, waiting + used, waiting_len);
	return key;
}

/* Terminal sequences: SGR coordinates, which have no limit. Terminals without a mouse ignore them. */
void term_take_mouse(bool take)
{
	fputs(take ? "\033[?1000h\033[?1006h" : "\033[?1006l\033[?1000l", stdout);
	fflush(stdout);
	mouse_taken = take;
}

void term_suspend(void)
{
	bool had_mouse = mouse_taken;

	term_take_mouse(false);
	endwin();
	kill(0, SIGTSTP);
	term_take_mouse(had_mouse);
	has_new_size = 1;
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

	term_fill((struct rect){area.y, area.x > 0 ? area.x - 1 : 0, area.height, area.width + (area.x > 0 ? 2 : 1)}, STYLE_NORMAL);
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
