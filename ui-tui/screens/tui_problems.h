/*
 * What is not as it should be, in plain words, and the screen on which it is fixed.
 */
#ifndef LANPOST_UI_TUI_TUI_PROBLEMS_H
#define LANPOST_UI_TUI_TUI_PROBLEMS_H

#include "ui-tui/screens/tui.h"

struct tui_problem {
	enum term_style style; /* STYLE_BAD or STYLE_WARNING */
	enum tui_place place;  /* where to; SCREEN_OVERVIEW: the gateway is to be started */
	char *id;	       /* of the row there, "" */
	char *text;
	char *file; /* of the configuration that it is in, NULL: it is in none */
	int line;   /* 0: none of its lines */
	bool is_exposed; /* the file holds passwords and is to be closed to others */
};

struct tui_problems {
	struct tui_problem *items;
	size_t count;
};

/* The worst come first. */
void tui_problems_find(struct tui *tui, const unsigned queue_counts[], struct tui_problems *problems);
/* What is to be done about it, translated. */
const char *tui_problem_advice(const struct tui_problem *problem);
void tui_problems_clear(struct tui_problems *problems);

#endif
