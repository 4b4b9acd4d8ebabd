/*
 * Keys: converts the bytes that a terminal sends to keys. No I/O.
 *
 * Terminals send different sequences for the same key, and TERM often names a different terminal (PuTTY uses xterm).
 * So the sequences of xterm, PuTTY, rxvt, the Linux console, screen and tmux are always known. They share the grammar
 * of ECMA-48, so that an unknown sequence is read completely and ignored.
 */
#ifndef LANPOST_UI_TUI_KEYS_H
#define LANPOST_UI_TUI_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* A key is a Unicode character, TERM_CTRL(letter), or one of these. */
enum term_key {
	TERM_NONE = -1, /* nothing was pressed */
	TERM_TICK = -2, /* a key without a meaning, or another event */
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

/* Decodes the first key of the bytes. Returns the number of its bytes, 0 if more are needed; *key is TERM_TICK
 * if they mean nothing. is_all: no more bytes came for a moment, so the input is complete. *place: of a click. */
size_t keys_decode(const char *bytes, size_t len, bool is_all, int *key, struct term_place *place);
/* "F5", "Enter", "A"; translated. */
const char *keys_name(int key, char *out, size_t size);

#endif
