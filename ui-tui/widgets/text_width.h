/*
 * How wide a text is on a terminal: wide and combining characters counted as they are shown.
 */
#ifndef LANPOST_UI_TUI_TEXT_WIDTH_H
#define LANPOST_UI_TUI_TEXT_WIDTH_H

#include <stddef.h>

/* Columns that this text takes on a terminal. */
size_t text_width(const char *text);
/* Bytes of the longest beginning of the text that takes no more than this many columns; *width: what it takes. */
size_t text_fit(const char *text, size_t most, size_t *width);
/* The text, with an ellipsis at its end if it would take more columns. New memory. */
char *text_cut(const char *text, size_t columns);

#endif
