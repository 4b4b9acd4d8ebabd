/*
 * A phrase: a text for people that is not translated yet. It is the English text of the source (the message id) with its
 * arguments, as one string that can be stored, sent and nested. It is translated to the language of its reader, perhaps
 * days later, in another process.
 *
 *     STX "cannot connect to %s: %s" US "mail.example.ru" US STX "connection refused" ETX ETX
 *
 * STX, US and ETX are control bytes, which str_printable() escapes: no text of a peer and no line that an older lanpost
 * stored can be taken for a phrase. A string that does not begin with STX is shown unchanged, in any language. Arguments
 * are texts, formatted when the phrase is made; one that is a phrase itself is translated, too. A stored text is never
 * passed to printf: phrase_show() substitutes itself, with bounded length, depth and work. A phrase that was cut off at
 * the end shows the rest of it.
 */
#ifndef LANPOST_BASE_PHRASE_H
#define LANPOST_BASE_PHRASE_H

#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>

#define PHRASE_MAX 1024     /* maximum bytes of a new phrase, including the NUL */
#define PHRASE_TEXT_MAX 2048 /* bytes of the texts of the macros below */

/* Makes a phrase in out; format is marked with N_(). Arguments of %s may be phrases; everything is made
 * printable and cut to size. Returns out. */
char *phrase_set(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
char *phrase_vset(char *out, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
/* "<first>: <second>", both phrases or plain texts. */
char *phrase_join(char *out, size_t size, const char *first, const char *second);
/* In new memory, for longer ones; the caller frees it. */
char *phrase_new(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool phrase_is(const char *text);

/* Translates the phrase to a language (a code, NULL: the thread's). out is printable and always NUL-terminated; a
 * plain text is copied unchanged. */
char *phrase_show(char *out, size_t size, const char *phrase, const char *language);

/* The result is valid until the end of the block. */
#define PHRASE(...) phrase_set((char[PHRASE_MAX]){0}, PHRASE_MAX, __VA_ARGS__)
/* A word of a table marked with N_(), such as a state. */
#define PHRASE_WORD(word) phrase_word((char[PHRASE_MAX]){0}, PHRASE_MAX, (word))
#define PHRASE_SIZE(bytes) phrase_number((char[40]){0}, 40, PHRASE_BYTES, (long long)(bytes))
#define PHRASE_TIME(wall) phrase_number((char[40]){0}, 40, PHRASE_MOMENT, (long long)(wall))
#define PHRASE_SAID(phrase) phrase_show((char[PHRASE_TEXT_MAX]){0}, PHRASE_TEXT_MAX, (phrase), NULL)
#define PHRASE_EN(phrase) phrase_show((char[PHRASE_TEXT_MAX]){0}, PHRASE_TEXT_MAX, (phrase), "en")
#define LOG_PHRASE(phrase) LOG_CSTR(PHRASE_EN(phrase))

/* For the macros. */
enum phrase_number { PHRASE_BYTES = 'b', PHRASE_MOMENT = 't' };
char *phrase_word(char *out, size_t size, const char *word);
char *phrase_number(char *out, size_t size, enum phrase_number kind, long long number);

#endif
