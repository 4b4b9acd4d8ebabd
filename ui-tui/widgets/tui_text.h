/*
 * Text in cells of a terminal: truncated, wrapped and searched by displayed characters, not by
 * bytes. No I/O.
 */
#ifndef LANPOST_UI_TUI_TUI_TEXT_H
#define LANPOST_UI_TUI_TUI_TEXT_H

#include "base/str.h"

/* Copies the text that fits into `width` columns, with an ellipsis if truncated. Returns the columns used. */
size_t tui_text_fit(char *out, size_t size, const char *text, size_t width);
/* The time if today, else with the day; at most 11 columns. Returns out. */
char *tui_text_time(char *out, size_t size, int64_t wall);
/* Breaks a text at blanks into lines of at most `width` columns; \n in it ends a line. */
void tui_text_wrap(const char *text, size_t width, struct strlist *lines);
/* Whether all words of the query are in the text, in any case of any script. */
bool tui_text_has(const char *text, const char *query);
/* Which text comes first, in any case of any script: < 0, 0 or > 0. */
int tui_text_compare(const char *a, const char *b);
/* The Latin letter of the key that gives this Cyrillic one: commands work with either layout. Others stay. */
int tui_text_latin(int character);

#endif
