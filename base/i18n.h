/*
 * Text for people, in English in the source and in the reader's language on the way out.
 *
 * _("text") translates now; N_("text") only marks a literal for xgettext, to be translated where it is shown: a word
 * of a table with _(), what is stored or sent as a phrase (phrase.h), which errors are, too (err.h). Logs and what goes over
 * the wire are for programs and stay English.
 *
 * A language is its code ("en", "ru"); the table in i18n.c is all that lanpost speaks, a new one is a row there, its po/CODE.po and a
 * value of [gateway] language. The process has one; a thread may speak another for a while, so that each user is written to in theirs.
 */
#ifndef LANPOST_BASE_I18N_H
#define LANPOST_BASE_I18N_H

#include <stddef.h>

#define _(text) i18n_in(NULL, text)
#define _n(one, many, count) i18n_plural_in(NULL, one, many, (unsigned long)(count))
#define N_(text) (text)

/* Chooses the language of the process: a code, or NULL for the environment's own. Opens the translations, once: those
 * of `<folder of the program>/locale` (a build folder), else of `../share/locale` beside it, else of where `make install` put
 * them. Before threads are started. */
void i18n_start(const char *language);
/* Opens those below a folder, instead: for tests. */
void i18n_open(const char *folder);
/* The code that NULL above represents in this environment; "en" for languages that lanpost does not speak. */
const char *i18n_locale_language(void);

/* The language that this thread speaks. */
const char *i18n_language(void);
/* From here on this thread speaks that language (NULL: the process's). Returns what it spoke before, to be given back. */
const char *i18n_speak(const char *language);

/* In a language (NULL: the thread's); itself where there is no translation. The text lives as long as the process. For any thread. */
const char *i18n_in(const char *language, const char *text) __attribute__((format_arg(2)));
const char *i18n_plural_in(const char *language, const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(2), format_arg(3)));

/* Sizes as people write them: "512 B", "1.5 MB", "3 КБ". Returns out. */
char *i18n_size(char *out, size_t room, unsigned long long bytes);
char *i18n_size_in(const char *language, char *out, size_t room, unsigned long long bytes);
/* "23.11.2026 09:15" or "2026-11-23 09:15" by language. Returns out. */
char *i18n_time(char *out, size_t room, long long wall);
char *i18n_time_in(const char *language, char *out, size_t room, long long wall);

#endif
