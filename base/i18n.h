/*
 * Texts for people: English in the source, translated where they are shown.
 *
 * _("text") translates now; N_("text") only marks a literal for xgettext, to be translated where it is shown: a word of a
 * table with _(), a stored or sent text as a phrase (phrase.h); errors are phrases, too (err.h). Logs and protocols are
 * for programs and stay English.
 *
 * A language is its code ("en", "ru"). A new language needs a row in the table in i18n.c, its po/CODE.po and a value of
 * [gateway] language. The process has one language; a thread may use another for a while, to write to each user in their
 * language.
 */
#ifndef LANPOST_BASE_I18N_H
#define LANPOST_BASE_I18N_H

#include <stddef.h>

#define _(text) i18n_in(NULL, text)
#define _n(one, many, count) i18n_plural_in(NULL, one, many, (unsigned long)(count))
#define N_(text) (text)

/* Chooses the language of the process: a code, or NULL for the environment's own. Opens the translations, once: those of
 * `<folder of the program>/locale` (a build folder), else of `../share/locale` beside it, else of the place where `make
 * install` put them. Must be called before threads are started. */
void i18n_start(const char *language);
/* Opens the translations of a folder instead: for tests. */
void i18n_open(const char *folder);
/* The code that NULL above means in this environment; "en" for languages that lanpost does not have. */
const char *i18n_locale_language(void);

/* The language of this thread. */
const char *i18n_language(void);
/* Sets the language of this thread (NULL: the process's). Returns the previous one, to be restored. */
const char *i18n_speak(const char *language);

/* Translates to a language (NULL: the thread's); returns the text itself if there is no translation. The result lives as
 * long as the process. For any thread. */
const char *i18n_in(const char *language, const char *text) __attribute__((format_arg(2)));
const char *i18n_plural_in(const char *language, const char *one, const char *many, unsigned long n)
    __attribute__((format_arg(2), format_arg(3)));

/* A size for people: "512 B", "1.5 MB", "3 КБ". Returns out. */
char *i18n_size(char *out, size_t room, unsigned long long bytes);
char *i18n_size_in(const char *language, char *out, size_t room, unsigned long long bytes);
/* "23.11.2026 09:15" or "2026-11-23 09:15" by language. Returns out. */
char *i18n_time(char *out, size_t room, long long wall);
char *i18n_time_in(const char *language, char *out, size_t room, long long wall);

#endif
