/*
 * Boxes above the screen: texts, questions, the output of a job.
 *
 * Each call returns when the box is closed; the screen below and the line to the gateway live on meanwhile.
 */
#ifndef LANPOST_UI_TUI_DIALOG_H
#define LANPOST_UI_TUI_DIALOG_H

#include "ui-tui/screens/tui.h"

/* A text to be read; it can be moved about in. */
void dialog_text(struct tui *tui, const char *title, const char *text);
/* One of the choices (translated), by its index; -1 for Esc. The first one is offered. */
int dialog_choose(struct tui *tui, const char *title, const char *text, const char *const *choices, size_t count);
/* A question whose safe answer is no; y and n answer it, too. */
bool dialog_question(struct tui *tui, const char *title, const char *text, const char *no, const char *yes);
/* The same, where no says enough. */
bool dialog_confirm(struct tui *tui, const char *title, const char *text, const char *yes);
/* One line of text, new memory; NULL for Esc. */
char *dialog_ask(struct tui *tui, const char *title, const char *label, const char *text);
/* Runs a job and shows what it prints as it comes; Esc ends it. Returns its exit code. */
int dialog_job(struct tui *tui, const char *title, int (*fn)(void *context), void *context, const char *input);
/* Runs a job to its end and says its last line below. Returns its exit code. */
int dialog_quiet_job(struct tui *tui, int (*fn)(void *context), void *context, const char *input);
/* Shows what a verb prints about each of the words. */
int dialog_verb(struct tui *tui, const char *title, int (*run)(struct cli *cli), const struct strlist *words);
/* Runs a verb with the words and an option (NULL: without) as dialog_quiet_job() does. */
int dialog_quiet_verb(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value);
/* The same for each of the words by itself. */
int dialog_quiet_each(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value);
/* What a verb prints; new memory, NULL after a message if it fails. */
char *dialog_output_of(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words,
    const struct cli_given given[], size_t given_count);
/* One of many names, found by typing a part of it; new memory, NULL for Esc. */
char *dialog_pick(struct tui *tui, const char *title, const struct strlist *names);

/* An area in the middle of the terminal, at most so large. */
struct rect dialog_area(int height, int width);

#endif
