/*
 * Draws a list on the screen: its rows, heads and marks.
 */
#ifndef LANPOST_UI_TUI_TUI_LIST_H
#define LANPOST_UI_TUI_TUI_LIST_H

#include "ui-tui/screens/tui.h"

/* Draws a list with its heads, and registers it for keys and mouse. */
void tui_list_draw(struct tui *tui, struct list *list, struct rect area);
/* The same, and below it the truncated cells of the selected row in full. */
void tui_list_draw_with_row(struct tui *tui, struct list *list, struct rect area);
/* The selected row, one line per cell. */
void tui_list_text(const struct list *list, struct buf *text);

#endif
