/*
 * Boxes above the screen: texts, questions, the output of a job.
 *
 * Each call returns when the box is closed; meanwhile the screen below and the connection to the gateway
 * continue.
 */
#ifndef LANPOST_UI_TUI_DIALOG_H
#define LANPOST_UI_TUI_DIALOG_H

#include "ui-tui/screens/tui.h"

/* Shows a text, which can be scrolled. */
void dialog_text(struct tui *tui, const char *title, const char *text);
/* Asks for one of the choices (translated); returns its index, -1 for Esc. The first one is the
 * default. */
int dialog_choose(struct tui *tui, const char *title, const char *text, const char *const *choices, size_t count);
/* A question whose default is no; y and n are also answers. */
bool dialog_question(struct tui *tui, const char *title, const char *text, const char *no, const char *yes);
/* The same, with only "No" as the other choice. */
bool dialog_confirm(struct tui *tui, const char *title, const char *text, const char *yes);
/* Asks for one line of text, new memory; NULL for Esc. */
char *dialog_ask(struct tui *tui, const char *title, const char *label, const char *text);
/* Runs a job and shows its output immediately; Esc ends it. Returns its exit code. */
int dialog_job(struct tui *tui, const char *title, int (*fn)(void *context), void *context, const char *input);
/* Runs a job to its end and shows its last line at the bottom. Returns its exit code. */
int dialog_quiet_job(struct tui *tui, int (*fn)(void *context), void *context, const char *input);
/* Shows the output of a verb for each of the words. */
int dialog_verb(struct tui *tui, const char *title, int (*run)(struct cli *cli), const struct strlist *words);
/* Runs a verb with the words and an option (NULL: without) as dialog_quiet_job(). */
int dialog_quiet_verb(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value);
/* The same for each of the words separately. */
int dialog_quiet_each(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value);
/* The output of a verb; new memory, NULL after a message if it fails. */
char *dialog_output_of(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words,
    const struct cli_given given[], size_t given_count);
/* Asks for one of many names, which is found by typing a part of it; new memory, NULL for Esc. */
char *dialog_pick(struct tui *tui, const char *title, const struct strlist *names);

/* An area in the middle of the terminal, with a maximum size. */
struct rect dialog_area(int height, int width);

#endif
