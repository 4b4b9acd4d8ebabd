/*
 * Text for people, in English in the source and in the reader's language on the way out.
 *
 * _("text") translates now; N_("text") only marks a literal in a table for xgettext, to be
 * translated with _() where it is shown. Logs are for programs and stay English.
 */
#ifndef LANPOST_BASE_I18N_H
#define LANPOST_BASE_I18N_H

#include <libintl.h>
#include <stdbool.h>

#define _(text) gettext(text)
#define N_(text) (text)

/* Chooses the language of the process: "en", "ru" or NULL for the locale's own. Finds the
 * translations where they are installed or, for a program run from its build folder, beside it. */
void i18n_start(const char *language);
/* Goes over to another language, "en" or "ru". While other threads translate nothing. */
void i18n_switch(const char *language);
/* "en" or "ru": the language that NULL above stands for in this environment. */
const char *i18n_locale_language(void);

/* Whether it is Russian now. */
bool i18n_is_russian(void);
/* What _() has given, or would be asked for, in the other language of both; itself where there is no translation. For any thread. */
const char *i18n_other(const char *text) __attribute__((format_arg(1)));

/* Sizes as people write them: "512 B", "1.5 MB", "3 КБ". Returns out. */
char *i18n_size(char *out, unsigned long room, unsigned long long bytes);
/* "23.11.2026 09:15" or "2026-11-23 09:15" by language. Returns out. */
char *i18n_time(char *out, unsigned long room, long long wall);

#endif
