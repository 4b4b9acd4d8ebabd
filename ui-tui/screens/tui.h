/*
 * The screens of lanpost: the frame around them and the loop that drives them.
 *
 * A screen is a struct tui_screen in a file of its own (screen_<name>.c): what it shows is a list most of the time, what
 * it can do is a table of actions, from which the line of keys, the help and the mouse follow. Whatever changes
 * something goes through the code of the verbs: in a child process with its words caught (tui_job.h), or through edit.h.
 */
#ifndef LANPOST_UI_TUI_TUI_H
#define LANPOST_UI_TUI_TUI_H

#include "spool/state/state.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/screens/job.h"
#include "ui-tui/widgets/tui_line.h"
#include "ui-tui/screens/tui_link.h"
#include "ui-tui/widgets/list.h"
#include "ui-tui/widgets/term.h"

struct tui;

struct tui_action {
	int key;
	const char *label; /* N_(), in the line of keys; NULL: only in the help */
	const char *help;  /* N_() */
	void (*run)(struct tui *tui, void *state);
	int rank; /* in a narrow line of keys those with the highest one are left out first */
};

enum tui_place {
	SCREEN_OVERVIEW,
	SCREEN_USERS,
	SCREEN_ACCOUNTS,
	SCREEN_SORTER,
	SCREEN_QUEUE,
	SCREEN_MAILBOXES,
	SCREEN_JOURNAL,
	SCREEN_SETTINGS,
	SCREENS,
};

struct tui_screen {
	const char *title; /* N_(), short */
	const char *help;  /* N_(), what it is for */
	const struct tui_action *actions;
	size_t action_count;
	void *(*open)(struct tui *tui); /* before it is shown for the first time */
	void (*close)(void *state);
	/* Reads what it shows again: at once if `now`, else when it thinks that it is time. */
	void (*refresh)(struct tui *tui, void *state, bool now);
	void (*draw)(struct tui *tui, void *state, struct rect area);
	struct list *(*list)(void *state); /* what keys and the mouse move about in */
	const char *undo; /* N_(), what can be undone here and what cannot; NULL: what is changed in the files can */
};

extern const struct tui_screen screen_overview, screen_users, screen_accounts, screen_sorter, screen_queue,
    screen_mailboxes, screen_journal, screen_settings;

/* Something that is drawn above the screen. */
struct tui_overlay {
	void (*draw)(struct tui *tui, void *context);
	void *context;
	struct tui_overlay *below;
};

#define TUI_BAR_MAX 24

struct tui {
	struct cli *cli; /* borrowed */
	struct conf *conf;		/* as the files are now, whatever is wrong with them */
	struct conf_problems problems;	/* that is what is wrong */
	uint64_t conf_stamp;		/* by which a change of the files is noticed */
	unsigned conf_number;		/* counts the times that it was read */
	int64_t conf_looked;
	struct tui_link link;
	struct state *state;		/* see tui_state() */
	struct job *job; /* the one that runs */

	enum tui_place here;
	void *states[SCREENS];
	char *target; /* what the next screen is to select, NULL */

	char message[2048];
	enum term_style message_style;
	int64_t message_said;
	struct undo_step *undo; /* see tui_undo.h */
	size_t undo_count;
	struct undo_step *undo_begun;
	bool mouse_is_free; /* it is the terminal's */
	struct tui_overlay *overlay;
	bool filtering; /* the filter of the list is being typed */
	struct tui_line filter;
	bool quit;
	int ahead[32]; /* keys that were typed while a job ran */
	size_t ahead_count;

	/* Where things were drawn, for the mouse. */
	struct term_place mouse;
	struct rect list_area;
	int tab_ends[SCREENS];
	int bar_ends[TUI_BAR_MAX], bar_keys[TUI_BAR_MAX];
	size_t bar_count;
};

/* Runs the screens until the admin leaves. Returns an exit code. */
int tui_main(struct cli *cli);
/* Draws everything and waits for a key, at most a moment: then TERM_TICK. */
int tui_key(struct tui *tui);
/* Keeps a key for later. */
void tui_keep_key(struct tui *tui, int key);
/* Says something above the keys, for a while or until a key is pressed. */
void tui_say(struct tui *tui, enum term_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Goes to a screen, and to the row of that identity (NULL: wherever it was). */
void tui_go(struct tui *tui, enum tui_place place, const char *id);
/* Reads the configuration again if it has changed (or `now`). */
void tui_conf_refresh(struct tui *tui, bool now);
/* What is remembered beside the mail, NULL if there is nothing yet. Not to be kept: it is closed before a process is started. */
struct state *tui_state(struct tui *tui);
void tui_state_close(struct tui *tui);
/* The files of the configuration, whether they are there or not; appended. */
void tui_conf_files(const struct cli *cli, struct strlist *files);
/* The configuration and whatever is shown of it, after a change. */
void tui_changed(struct tui *tui);
const struct tui_screen *tui_screen_of(enum tui_place place);

void tui_overlay_push(struct tui *tui, struct tui_overlay *overlay);
void tui_overlay_pop(struct tui *tui);

/* A list with its heads; keys and mouse find it there. */
void tui_draw_list(struct tui *tui, struct list *list, struct rect area);
/* The same, and below it what the list has cut of the selected row, in full. */
void tui_draw_list_and_row(struct tui *tui, struct list *list, struct rect area);
/* The selected row, a line a cell. */
void tui_list_text(const struct list *list, struct buf *text);

#endif
