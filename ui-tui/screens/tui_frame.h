/*
 * What is around every screen: the titles above, messages and keys below.
 */
#ifndef LANPOST_UI_TUI_TUI_FRAME_H
#define LANPOST_UI_TUI_TUI_FRAME_H

#include "ui-tui/screens/tui.h"

/* The whole terminal, with what is above the screen. */
void tui_frame_draw(struct tui *tui);
/* The key for which a place in the frame is, TERM_NONE if it is not one. */
int tui_frame_key_at(const struct tui *tui, struct term_place place);

#endif
