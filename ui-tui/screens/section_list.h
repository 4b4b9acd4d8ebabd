/*
 * Common code of screens that show a kind of section of the configuration as a list.
 */
#ifndef LANPOST_UI_TUI_SECTION_LIST_H
#define LANPOST_UI_TUI_SECTION_LIST_H

#include "ui-tui/screens/tui.h"

/* The whole state of such a screen. */
struct section_list {
	struct list list;
	unsigned conf_number, status_number;
};

struct section_list *section_list_open(const struct list_column *columns, size_t count);
/* The functions of struct tui_screen. */
void section_list_close(void *state);
struct list *section_list_list(void *state);
/* Whether the configuration or the gateway's status has changed since the last call. */
bool section_list_are_stale(const struct tui *tui, struct section_list *rows, bool now);
/* Identity of the selected row, new memory; NULL if none exists. */
char *section_list_selected(const struct list *list);
/* Asks, then runs the verb that removes each of the marked rows, or the selected one; it can be undone. The question has
 * one %s for their names. */
void section_list_remove(struct tui *tui, struct list *list, const char *question, const char *yes, int (*verb)(struct cli *cli));
/* Shows what a verb prints about each of the marked rows, or the selected one. */
void section_list_show(struct tui *tui, struct list *list, const char *title, int (*verb)(struct cli *cli));
/* Sends a request to the gateway (takes ownership) and shows `done` if it succeeds. */
int section_list_ask_gateway(struct tui *tui, json_t *request, const char *done);

#endif
