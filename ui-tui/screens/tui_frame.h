/*
 * The frame of every screen: the titles at the top, messages and keys at the bottom.
 */
#ifndef LANPOST_UI_TUI_TUI_FRAME_H
#define LANPOST_UI_TUI_TUI_FRAME_H

#include "ui-tui/screens/tui.h"

/* Draws the whole terminal, including boxes. */
void tui_frame_draw(struct tui *tui);
/* The key at a position of the frame, TERM_NONE if there is none. */
int tui_frame_key_at(const struct tui *tui, struct term_place place);

#endif
