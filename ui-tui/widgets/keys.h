/*
 * Keys: from the bytes that a terminal sends to what is on the cap. No I/O.
 *
 * Terminals spell the same key in many ways, and TERM often names another terminal than the one that is used (PuTTY says
 * xterm). So all spellings of xterm, PuTTY, rxvt, the Linux console, screen and tmux are known at all times. They share
 * the grammar of ECMA-48, by which a sequence that is not known is taken as a whole, too, and means nothing.
 */
#ifndef LANPOST_UI_TUI_KEYS_H
#define LANPOST_UI_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* A key is a Unicode character, TERM_CTRL(letter), or one of these. */
enum term_key {
	TERM_NONE = -1, /* nothing was pressed */
	TERM_TICK = -2, /* nothing was pressed that means anything, or something else has happened */
	TERM_UP = -100, TERM_DOWN, TERM_LEFT, TERM_RIGHT, TERM_HOME, TERM_END, TERM_PAGE_UP, TERM_PAGE_DOWN,
	TERM_ENTER, TERM_ESCAPE, TERM_TAB, TERM_BACK_TAB, TERM_BACKSPACE, TERM_DELETE, TERM_INSERT,
	TERM_WORD_LEFT, TERM_WORD_RIGHT, /* Ctrl- or Alt- with an arrow */
	TERM_RESIZE, TERM_CLICK, TERM_WHEEL_UP, TERM_WHEEL_DOWN,
	TERM_F = -200, /* TERM_F + 1 is F1 */
};
#define TERM_CTRL(letter) ((letter) & 0x1f)

#define KEY_BYTES_MAX 1024 /* a sequence is at most this long */

struct term_place {
	int y, x;
};

/* Takes the first key out of the bytes. Returns how many bytes it is made of, 0 if more are needed to tell; *key is
 * TERM_TICK if they mean nothing. is_all: nothing more has come for a moment, so what is there is whole.
 * *place: of a click. */
size_t keys_decode(const char *bytes, size_t len, bool is_all, int *key, struct term_place *place);
/* "F5", "Enter", "A"; translated. */
const char *keys_name(int key, char *out, size_t size);

#endif
