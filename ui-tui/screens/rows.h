/*
 * Common code of screens that show a kind of section of the configuration as a list.
 */
#ifndef LANPOST_UI_TUI_ROWS_H
#define LANPOST_UI_TUI_ROWS_H

#include "ui-tui/screens/tui.h"

/* The whole state of such a screen. */
struct rows {
	struct list list;
	unsigned conf_number, status_number;
};

struct rows *rows_open(const struct list_column *columns, size_t count);
/* The functions of struct tui_screen. */
void rows_close(void *state);
struct list *rows_list(void *state);
/* Whether the configuration or the gateway's status has changed since the last call. */
bool rows_are_stale(const struct tui *tui, struct rows *rows, bool now);
/* Identity of the selected row, new memory; NULL if none exists. */
char *rows_selected(const struct list *list);
/* Asks, then runs the verb that removes each of the marked rows, or the selected one; it can be undone. The question has
 * one %s for their names. */
void rows_remove(struct tui *tui, struct list *list, const char *question, const char *yes, int (*verb)(struct cli *cli));
/* Shows what a verb prints about each of the marked rows, or the selected one. */
void rows_show(struct tui *tui, struct list *list, const char *title, int (*verb)(struct cli *cli));
/* "ivan", "ivan, anna", or "ivan, anna, olga and 4 more"; new memory. */
char *rows_names(const struct strlist *ids);
/* Sends a request to the gateway (takes ownership) and shows `done` if it succeeds. */
int rows_ask_gateway(struct tui *tui, json_t *request, const char *done);

#endif
