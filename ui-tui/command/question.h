/*
 * Questions in a terminal, a line each, with an answer that Enter takes. Answers may come from a pipe as well.
 */
#ifndef LANPOST_UI_TUI_QUESTION_H
#define LANPOST_UI_TUI_QUESTION_H

#include <stdbool.h>

enum question_answer { QUESTION_ANSWERED, QUESTION_BACK, QUESTION_END };
/* A question among others: Enter takes what *value holds, "<" goes back (*value stays), "-" represents an empty answer,
 * anything else that check (may be NULL)
 * finds good replaces *value. */
enum question_answer question_step(const char *text, char **value,
    const char *(*check)(const void *context, const char *answer), const void *context);
/* What is wrong with an answer, or to be known about it: indented, in lines that break between words. */
void question_say(const char *text);
/* Yes or no, in the language of the process. At the end of the input: no. */
bool question_confirm(const char *text, bool otherwise);

#endif
