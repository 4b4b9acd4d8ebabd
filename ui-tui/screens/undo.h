/*
 * Undo: the changes made on the screens, newest first, and how to revert each.
 *
 * A change of the configuration is undone by restoring the old text of the files, unless another process has written
 * them since. Hold and release in the queue undo each other. Permanent removals are not here; the question before them
 * says so.
 */
#ifndef LANPOST_UI_TUI_UNDO_H
#define LANPOST_UI_TUI_UNDO_H

#include "ui-tui/screens/tui.h"

/* Stores the text of the configuration files; undo_files_end() records their changes as one step, with a translated
 * description. Records nothing if nothing has changed. */
void undo_files_begin(struct tui *tui);
void undo_files_end(struct tui *tui, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Records a step that a verb with these words reverts. */
void undo_add_verb(struct tui *tui, int (*verb)(struct cli *cli), const struct strlist *words, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The description of the newest step, NULL if there is none. */
const char *undo_what(const struct tui *tui);
/* Reverts the newest step and reports it, or the reason why not. */
void undo_last(struct tui *tui);
void undo_clear(struct tui *tui);

#endif
