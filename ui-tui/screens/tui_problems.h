/*
 * Problems in plain words, and the screen on which each is fixed.
 */
#ifndef LANPOST_UI_TUI_TUI_PROBLEMS_H
#define LANPOST_UI_TUI_TUI_PROBLEMS_H

#include "ui-tui/screens/tui.h"

struct tui_problem {
	enum term_style style; /* STYLE_BAD or STYLE_WARNING */
	enum tui_place place;  /* the target screen; SCREEN_OVERVIEW: start the gateway */
	char *id;	       /* of the row there, "" */
	char *text;
	char *file; /* the configuration file, NULL: none */
	int line;   /* 0: no line */
	bool is_exposed; /* the file has passwords and must be made private */
};

struct tui_problems {
	struct tui_problem *items;
	size_t count;
};

/* The worst come first. */
void tui_problems_find(struct tui *tui, const unsigned queue_counts[], struct tui_problems *problems);
/* What to do about it, translated. */
const char *tui_problem_advice(const struct tui_problem *problem);
void tui_problems_clear(struct tui_problems *problems);

#endif
