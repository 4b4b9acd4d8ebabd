#include "base/i18n.h"

#include "base/alloc.h"
#include "base/program_path.h"
#include "base/catalog.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The languages of lanpost; the first is that of the source. */
static struct language {
	const char *code, *time_format;
	char decimal_point;
	struct catalog *catalog; /* NULL: no translation, the source's texts */
} languages[] = {
    {"en", "%Y-%m-%d %H:%M", '.', NULL},
    {"ru", "%d.%m.%Y %H:%M", ',', NULL},
};

static const struct language *process_language = &languages[0];
static _Thread_local const struct language *thread_language;

static const struct language *find(const char *code)
{
	for (size_t i = 0; code != NULL && i < ARRAY_LEN(languages); i++)
		if (strcmp(languages[i].code, code) == 0)
			return &languages[i];
	return NULL;
}

static const struct language *spoken(const char *code)
{
	const struct language *language = code == NULL ? thread_language : find(code);

	return language == NULL ? process_language : language;
}

/* Understands "ru_RU.UTF-8", "ru", and takes the first supported one of "uk:ru:en". */
static const struct language *find_locale(const char *value)
{
	while (*value != '\0') {
		size_t len = strcspn(value, ":");
		char code[16];

		snprintf(code, sizeof(code), "%.*s", (int)strcspn(value, "_.@:"), value);
		if (find(code) != NULL)
			return find(code);
		value += len + (value[len] == ':');
	}
	return NULL;
}

const char *i18n_locale_language(void)
{
	static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		const struct language *language = value == NULL ? NULL : find_locale(value);

		if (language != NULL)
			return language->code;
		if (value != NULL && value[0] != '\0')
			break;
	}
	return languages[0].code;
}

/* --- where the translations are */

/* Whether the folder has any catalogue: a command or another program's folder may have the same
 * name. */
static bool open_below(const char *folder)
{
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		char *path = xasprintf("%s/%s/LC_MESSAGES/lanpost.mo", folder, languages[i].code);

		if (languages[i].catalog == NULL)
			languages[i].catalog = catalog_open(path);
		found = found || languages[i].catalog != NULL;
		free(path);
	}
	return found;
}

static bool open_beside_program(const char *where)
{
	char *folder = program_path(where);
	bool found;

	if (folder == NULL)
		return false;
	found = open_below(folder);
	free(folder);
	return found;
}

void i18n_open(const char *folder)
{
	for (size_t i = 0; i < ARRAY_LEN(languages); i++) {
		catalog_close(languages[i].catalog);
		languages[i].catalog = NULL;
	}
	open_below(folder);
}

void i18n_start(const char *language)
{
	static bool is_open;

	/* Only the character type, for curses and the C library. Every Debian has C.UTF-8, while the locale of the
	 * environment may not have been generated. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	if (!is_open && !open_beside_program("locale") && !open_beside_program("../share/locale"))
		open_below(LANPOST_LOCALEDIR);
	is_open = true;
	process_language = find(language != NULL ? language : i18n_locale_language());
	if (process_language == NULL)
		process_language = &languages[0];
}

/* --- texts */

const char *i18n_language(void)
{
	return spoken(NULL)->code;
}

const char *i18n_speak(const char *language)
{
	const char *before = thread_language == NULL ? NULL : thread_language->code;

	thread_language = find(language);
	return before;
}

const char *i18n_in(const char *language, const char *text)
{
	const struct catalog *catalog = spoken(language)->catalog;
	const char *translated = catalog == NULL || text[0] == '\0' ? NULL : catalog_find(catalog, text);

	return translated == NULL ? text : translated;
}

const char *i18n_plural_in(const char *language, const char *one, const char *many, unsigned long n)
{
	const struct catalog *catalog = spoken(language)->catalog;
	const char *translated = catalog == NULL ? NULL : catalog_find_plural(catalog, one, n);

	if (translated != NULL)
		return translated;
	return n == 1 ? one : many;
}

char *i18n_size_in(const char *language, char *out, size_t room, unsigned long long bytes)
{
	/* TRANSLATORS: units of size: bytes, kilobytes, ... */
	static const char *const units[] = {N_("B"), N_("KB"), N_("MB"), N_("GB"), N_("TB")};
	double value = (double)bytes;
	size_t unit = 0;
	char *point;

	while (value >= 1000 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	snprintf(out, room, unit == 0 || value >= 10 ? "%.0f %s" : "%.1f %s", value, i18n_in(language, units[unit]));
	point = strchr(out, '.');
	if (point != NULL)
		*point = spoken(language)->decimal_point;
	return out;
}

char *i18n_size(char *out, size_t room, unsigned long long bytes)
{
	return i18n_size_in(NULL, out, room, bytes);
}

char *i18n_time_in(const char *language, char *out, size_t room, long long wall)
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	/* A damaged file may contain a year that no calendar has. */
	if (localtime_r(&seconds, &tm) == NULL || strftime(out, room, spoken(language)->time_format, &tm) == 0)
		out[0] = '\0';
	return out;
}

char *i18n_time(char *out, size_t room, long long wall)
{
	return i18n_time_in(NULL, out, room, wall);
}
