/*
 * One line of text as it is being typed: characters and a cursor. No I/O.
 */
#ifndef LANPOST_UI_TUI_TUI_LINE_H
#define LANPOST_UI_TUI_TUI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#define TUI_LINE_MAX 900 /* characters; a line of the files has at most 1000 bytes */

struct tui_line {
	wchar_t text[TUI_LINE_MAX + 1];
	size_t len, at; /* at: of the cursor */
	size_t left;	/* the first character that is shown, kept by tui_line_view() */
	bool is_proposal; /* the first character that is typed replaces the text */
};

/* Puts the cursor after the text. */
void tui_line_set(struct tui_line *line, const char *text);
/* UTF-8, new memory; wipe it if it is a secret. */
char *tui_line_text(const struct tui_line *line);
/* Handles a key of term.h; returns false if it has no meaning here. */
bool tui_line_key(struct tui_line *line, int key);
/* The visible text for `width` columns, new memory; *cursor gets its column. */
char *tui_line_view(struct tui_line *line, size_t width, bool is_secret, size_t *cursor);
/* Overwrites the text. */
void tui_line_wipe(struct tui_line *line);

#endif
