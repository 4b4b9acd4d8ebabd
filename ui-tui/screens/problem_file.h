/*
 * A problem of a file of the configuration: its lines, the row of the screen that they belong to, and who may read the file.
 */
#ifndef LANPOST_UI_TUI_PROBLEM_FILE_H
#define LANPOST_UI_TUI_PROBLEM_FILE_H

#include "ui-tui/screens/tui_problems.h"

/* Appends the lines around the one that is to blame; without passwords. */
void problem_file_lines(const struct tui_problem *problem, struct buf *text);
/* Identity of the row on the screen of its place, new memory. */
char *problem_file_row(const struct tui *tui, const struct tui_problem *problem);
/* Takes the file from the eyes of others. */
void problem_file_close(struct tui *tui, const char *file);

#endif
