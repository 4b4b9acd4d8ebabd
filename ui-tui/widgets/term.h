/*
 * The terminal: cells, styles, keys and the mouse. Only term.c uses curses.
 *
 * Every text is made printable before it is shown, so that no text of a message can control the terminal.
 */
#ifndef LANPOST_UI_TUI_TERM_H
#define LANPOST_UI_TUI_TERM_H

#include "base/err.h"
#include "ui-tui/widgets/keys.h"

#include <stdbool.h>
#include <stddef.h>

struct rect {
	int y, x, height, width;
};

enum term_style {
	STYLE_NORMAL,
	STYLE_DIM,	/* secondary text: defaults, hints */
	STYLE_STRONG,	/* headings */
	STYLE_BAR,	/* lines at the top and bottom */
	STYLE_BAR_KEY,	/* a key in such a line */
	STYLE_BAR_HERE, /* the current screen */
	STYLE_SELECTED,
	STYLE_GOOD,
	STYLE_WARNING,
	STYLE_BAD,
	STYLE_FIELD,	/* input fields */
	STYLE_PAPER,	/* black on white in every theme, also with NO_COLOR: what a camera reads */
	STYLES,
};

/* Initialises the terminal. term_close() restores it and may be called at any time. */
int term_open(struct error *error);
void term_close(void);
struct rect term_size(void);
/* The next available key, TERM_NONE if there is none. *place: of a click. */
int term_key(struct term_place *place);
/* Enables the mouse, or leaves it to the terminal, where it can then copy texts. */
void term_take_mouse(bool take);
/* Returns the terminal to the shell until lanpost is continued (fg). */
void term_suspend(void);

/* Drawing goes to memory until term_show(). */
void term_erase(void);
void term_show(void);
void term_redraw(void); /* redraws everything with the next term_show() */
/* Writes the text that fits into `width` columns. Returns the columns used. */
int term_put(int y, int x, int width, enum term_style style, const char *text);
int term_putf(int y, int x, int width, enum term_style style, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void term_fill(struct rect area, enum term_style style);
/* An empty frame with a title. */
void term_box(struct rect area, const char *title);
void term_line(int y, int x, int width);
/* Sets the visible cursor; it is hidden after term_erase(). */
void term_cursor(int y, int x);

#endif
