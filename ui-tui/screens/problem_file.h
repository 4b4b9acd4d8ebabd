/*
 * A problem of a file of the configuration: its lines, their row on the screen, and the permissions of the file.
 */
#ifndef LANPOST_UI_TUI_PROBLEM_FILE_H
#define LANPOST_UI_TUI_PROBLEM_FILE_H

#include "ui-tui/screens/tui_problems.h"

/* Appends the lines around the wrong one; without passwords. */
void problem_file_lines(const struct tui_problem *problem, struct buf *text);
/* Identity of its row on the screen, new memory. */
char *problem_file_row(const struct tui *tui, const struct tui_problem *problem);
/* Makes the file private. */
void problem_file_close(struct tui *tui, const char *file);

#endif
