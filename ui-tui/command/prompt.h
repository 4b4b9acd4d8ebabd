/*
 * Questions on a terminal, one line each, with a default answer for Enter. Answers may also come from a
 * pipe.
 */
#ifndef LANPOST_UI_TUI_PROMPT_H
#define LANPOST_UI_TUI_PROMPT_H

#include <stdbool.h>

enum prompt_answer { PROMPT_ANSWERED, PROMPT_BACK, PROMPT_END };
/* One of several questions: Enter keeps *value, "<" goes back (*value stays), "-" means an empty answer, any other
 * text that check (may be NULL) accepts replaces *value. */
enum prompt_answer prompt_step(const char *text, char **value,
    const char *(*check)(const void *context, const char *answer), const void *context);
/* Prints an error or a remark about an answer: indented, in lines that break between words. */
void prompt_say(const char *text);
/* Yes or no, in the language of the process. At the end of the input: no. */
bool prompt_confirm(const char *text, bool otherwise);

#endif
