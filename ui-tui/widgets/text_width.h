/*
 * The width of a text on a terminal: wide and combining characters are counted as displayed.
 */
#ifndef LANPOST_UI_TUI_TEXT_WIDTH_H
#define LANPOST_UI_TUI_TEXT_WIDTH_H

#include <stddef.h>

/* Columns that this text takes on a terminal. */
size_t text_width(const char *text);
/* Bytes of the longest beginning of the text that needs at most this many columns; *width: the columns it
 * needs. */
size_t text_fit(const char *text, size_t most, size_t *width);
/* The text, truncated with an ellipsis if it needs more columns. New memory. */
char *text_cut(const char *text, size_t columns);

#endif
