/*
 * Undo: what was changed on the screens, newest first, and how each change is taken back.
 *
 * A change of the configuration is undone by the text that the files had, as long as nobody else has written them since.
 * Holding and releasing in the queue undo each other. What is gone permanently is not here, and the question before it says
 * so.
 */
#ifndef LANPOST_UI_TUI_UNDO_H
#define LANPOST_UI_TUI_UNDO_H

#include "ui-tui/screens/tui.h"

/* Remembers how the files of the configuration are; undo_files_end() takes what has changed in them as one step. The text
 * says what the step was, translated. Nothing is kept if nothing has changed. */
void undo_files_begin(struct tui *tui);
void undo_files_end(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A step that a verb with these words takes back. */
void undo_add_verb(struct tui *tui, int (*verb)(struct cli *cli), const struct strlist *words, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What the newest step was, NULL if none exists. */
const char *undo_what(const struct tui *tui);
/* Takes the newest step back and says so, or why not. */
void undo_last(struct tui *tui);
void undo_clear(struct tui *tui);

#endif
