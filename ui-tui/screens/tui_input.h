/*
 * Handles keys: first the actions of the screen, then the common ones.
 *
 * One letter means one thing on all screens:
 *   a add   b begin (start the gateway)   c cancel the session   d delete   e edit the whole section   f find a message
 *   h hold   i settings for the mail program   m mailbox   p password   r release   s session, now   t test
 *   u undo   v view the whole row   w history of the message   y try again   J, K move a rule   M mouse   o, O sort
 *   j k g G n N  move   Space * mark   / filter   q quit   ? help   2-9 screens
 */
#ifndef LANPOST_UI_TUI_TUI_INPUT_H
#define LANPOST_UI_TUI_TUI_INPUT_H

#include "ui-tui/screens/tui.h"

void tui_take_key(struct tui *tui, int key);

#endif
