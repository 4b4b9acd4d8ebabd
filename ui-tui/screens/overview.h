/*
 * The rows of the overview: the accounts of the running session, the problems, and if there is room the accounts
 * and the last events.
 */
#ifndef LANPOST_UI_TUI_OVERVIEW_H
#define LANPOST_UI_TUI_OVERVIEW_H

#include "ui-tui/screens/tui_problems.h"

struct overview_event {
	char *text;
	enum term_style style;
};
#define OVERVIEW_EVENTS 40
struct overview_events {
	struct overview_event items[OVERVIEW_EVENTS]; /* oldest first */
	size_t count;
};

void overview_events_read(struct tui *tui, struct overview_events *events);
void overview_events_clear(struct overview_events *events);
/* Adds the rows of the session and of the problems; the others as far as they fit into `room` rows. Identities: "problem
 * TEXT", "account NAME", "queue", "event N". */
void overview_fill(const struct tui *tui, struct list *list, const struct tui_problems *problems,
    const struct overview_events *events, size_t room);
/* The number of rows that the session and the problems need. */
size_t overview_rows(const struct tui *tui, const struct tui_problems *problems);

#endif
