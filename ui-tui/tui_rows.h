/*
 * What screens have in common that show a kind of section of the configuration as a list.
 */
#ifndef LANPOST_UI_TUI_TUI_ROWS_H
#define LANPOST_UI_TUI_TUI_ROWS_H

#include "ui-tui/tui.h"

/* The whole state of such a screen. */
struct rows {
	struct list list;
	unsigned conf_number, status_number;
};

struct rows *rows_open(const struct list_column *columns, size_t count);
/* The functions of struct tui_screen. */
void rows_close(void *state);
struct list *rows_list(void *state);
/* Whether the configuration or the gateway's status is another than when it was asked last. */
bool rows_are_stale(const struct tui *tui, struct rows *rows, bool now);
/* Identity of the selected row, new memory; NULL if there is none. */
char *rows_selected(const struct list *list);
/* Asks (question has one %s for the name), then runs the verb that removes the selected one. */
void rows_remove(struct tui *tui, const struct list *list, const char *question, const char *yes, int (*verb)(struct cli *cli));
/* Shows what a verb prints about the selected one. */
void rows_show(struct tui *tui, const struct list *list, const char *title, int (*verb)(struct cli *cli));
/* Sends the gateway a request (taken over) and says `done` if it agrees. */
int rows_ask_gateway(struct tui *tui, json_t *request, const char *done);

#endif
