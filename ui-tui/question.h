/*
 * Questions in a terminal, a line each, with an answer that Enter takes. Answers may come from a pipe as well.
 */
#ifndef LANPOST_UI_TUI_QUESTION_H
#define LANPOST_UI_TUI_QUESTION_H

#include <stdbool.h>

/* Asks until check (may be NULL) finds nothing wrong: it returns what is, translated, or NULL. Returns new memory, NULL at the end of
 * the input. */
char *question_ask(const char *text, const char *otherwise, const char *(*check)(const char *answer));
/* Yes or no, in the language of the process. At the end of the input: no. */
bool question_confirm(const char *text, bool otherwise);

#endif
