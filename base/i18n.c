#include "base/i18n.h"

#include "base/alloc.h"
#include "base/catalog.h"

#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_bool russian;

const char *i18n_locale_language(void)
{
	static const char *const names[] = {"LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return strncmp(value, "ru", 2) == 0 ? "ru" : "en";
	}
	return "en";
}

static void bind_folder(const char *path)
{
	bindtextdomain("lanpost", path);
	catalog_open(path);
}

/* `<folder of the program>/locale` if it exists, else where make install puts it. */
static void bind_domain(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/locale"));
	char *slash;

	if (len > 0) {
		path[len] = '\0';
		slash = strrchr(path, '/');
		memcpy(slash, "/locale", sizeof("/locale"));
		if (access(path, R_OK) == 0) {
			bind_folder(path);
			return;
		}
	}
	bind_folder(LANPOST_LOCALEDIR);
}

void i18n_switch(const char *language)
{
	russian = strcmp(language, "ru") == 0;
	setenv("LANGUAGE", language, 1);
	textdomain("lanpost"); /* gettext forgets what it has looked up */
}

bool i18n_is_russian(void)
{
	return russian;
}

/* A thread may be given a text in one language and ask in the other. */
const char *i18n_other(const char *text)
{
	const char *other = russian ? catalog_english(text) : catalog_russian(text);

	return other == NULL ? text : other;
}

void i18n_start(const char *language)
{
	if (language == NULL)
		language = i18n_locale_language();
	/* gettext looks at LANGUAGE only in a locale other than "C"; C.UTF-8 is on every Debian, while the locale
	 * that the environment names may not have been generated. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL || setlocale(LC_MESSAGES, "C.UTF-8") == NULL)
		setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");
	bind_domain();
	bind_textdomain_codeset("lanpost", "UTF-8");
	i18n_switch(language);
}

char *i18n_size(char *out, unsigned long room, unsigned long long bytes)
{
	/* TRANSLATORS: units of size: bytes, kilobytes, ... */
	const char *const units[] = {_("B"), _("KB"), _("MB"), _("GB"), _("TB")};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1000 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	if (unit == 0 || value >= 10)
		snprintf(out, room, "%.0f %s", value, units[unit]);
	else
		snprintf(out, room, "%.1f %s", value, units[unit]);
	if (russian && strchr(out, '.') != NULL)
		*strchr(out, '.') = ',';
	return out;
}

char *i18n_time(char *out, unsigned long room, long long wall)
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	localtime_r(&seconds, &tm);
	if (strftime(out, room, russian ? "%d.%m.%Y %H:%M" : "%Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
	return out;
}
