/*
 * The screens of lanpost: the frame around them and the loop that drives them.
 *
 * A screen is a struct tui_screen in a file of its own (screen_<name>.c): it usually shows a list; its actions are a
 * table, which defines the line of keys, the help and the mouse. All changes use the code of the verbs: in a child
 * process with captured output (job.h), or through edit.h.
 */
#ifndef LANPOST_UI_TUI_TUI_H
#define LANPOST_UI_TUI_TUI_H

#include "spool/storage/storage.h"
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
	int rank; /* in a narrow line of keys the highest are omitted first */
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
	SCREEN_QUARANTINE, /* without a tab: reached by 0 */
	SCREENS,
	SCREENS_WITH_TAB = SCREEN_QUARANTINE,
};

struct tui_screen {
	const char *title; /* N_(), short */
	const char *help;  /* N_(), its purpose */
	const struct tui_action *actions;
	size_t action_count;
	void *(*open)(struct tui *tui); /* called before it is first shown */
	void (*close)(void *state);
	/* Refreshes its data: at once if `now`, else when due. */
	void (*refresh)(struct tui *tui, void *state, bool now);
	void (*draw)(struct tui *tui, void *state, struct rect area);
	struct list *(*list)(void *state); /* the list for movement keys and the mouse */
	const char *undo; /* N_(), what can be undone here and what cannot; NULL: changes of the files can */
};

extern const struct tui_screen screen_overview, screen_users, screen_accounts, screen_sorter, screen_queue,
    screen_mailboxes, screen_journal, screen_settings, screen_quarantine;

/* A box that is drawn on top of the screen. */
struct tui_overlay {
	void (*draw)(struct tui *tui, void *context);
	void *context;
	struct tui_overlay *below;
};

#define TUI_BAR_MAX 24

struct tui {
	struct cli *cli; /* borrowed */
	struct conf *conf;		/* the present configuration, in spite of errors */
	struct conf_problems problems;	/* its problems */
	uint64_t conf_stamp;		/* detects changes of the files */
	unsigned conf_number;		/* counts how often it was read */
	int64_t conf_looked;
	struct tui_link link;
	struct state *state;		/* see tui_state() */
	struct job *job; /* the running gateway's process id */

	enum tui_place here;
	void *states[SCREENS];
	char *target; /* identity for the next screen to select, NULL */

	char message[2048];
	enum term_style message_style;
	int64_t message_said;
	struct undo_step *undo; /* see tui_undo.h */
	size_t undo_count;
	struct undo_step *undo_begun;
	bool mouse_is_free; /* the terminal handles the mouse */
	struct tui_overlay *overlay;
	bool filtering; /* the filter of the list is being entered */
	struct tui_line filter;
	bool quit;
	int ahead[32]; /* keys that were typed while a job ran */
	size_t ahead_count;

	/* Positions on the screen, for the mouse. */
	struct term_place mouse;
	struct rect list_area;
	int tab_ends[SCREENS];
	int bar_ends[TUI_BAR_MAX], bar_keys[TUI_BAR_MAX];
	size_t bar_count;
};

/* Runs the screens until the admin quits. Returns an exit code. */
int tui_main(struct cli *cli);
/* Draws everything and waits briefly for a key; TERM_TICK if there is none. */
int tui_key(struct tui *tui);
/* Keeps a key for later. */
void tui_keep_key(struct tui *tui, int key);
/* Shows a message above the keys, for a while or until a key is pressed. */
void tui_say(struct tui *tui, enum term_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Goes to a screen, and to the row of that identity (NULL: the previous row). */
void tui_go(struct tui *tui, enum tui_place place, const char *id);
/* The state of the gateway, NULL if there is none yet. Must not be stored: it is closed before a process is started. */
struct state *tui_state(struct tui *tui);
void tui_state_close(struct tui *tui);
/* Appends the files of the configuration, existing or not. */
void tui_conf_files(const struct cli *cli, struct strlist *files);
/* Refreshes the configuration and its display after a change. */
void tui_changed(struct tui *tui);
const struct tui_screen *tui_screen_of(enum tui_place place);

void tui_overlay_push(struct tui *tui, struct tui_overlay *overlay);
void tui_overlay_pop(struct tui *tui);

#endif
