#include "ui-tui/screens/problem_file.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LINES_AROUND 2

/* The part before the value, including the = sign; the whole line if there is no value. */
static struct slice without_secret(struct slice line)
{
	static const char *const words[] = {"password", "scram", "secret", "token"};
	struct slice rest = line, key = slice_cut(&rest, '=');
	char text[64];

	str_printable(text, sizeof(text), key);
	str_lower_ascii(text);
	for (size_t i = 0; rest.ptr != NULL && i < ARRAY_LEN(words); i++)
		if (strstr(text, words[i]) != NULL)
			return slice_make(line.ptr, key.len + 1);
	return line;
}

static void append_line(struct buf *text, int number, struct slice line, bool is_meant)
{
	struct slice shown = without_secret(line);
	char safe[256];

	buf_printf(text, "%s%4d  %s%s\n", is_meant ? ">" : " ", number, str_printable(safe, sizeof(safe), shown),
	    shown.len < line.len ? " ***" : "");
}

void problem_file_lines(const struct tui_problem *problem, struct buf *text)
{
	struct buf file = BUF_INIT(INI_FILE_MAX);
	struct slice rest;
	struct error error;

	if (problem->line > 0 && ini_edit_read(problem->file, &file, &error) == 0) {
		rest = buf_slice(&file);
		for (int number = 1; rest.ptr != NULL && number <= problem->line + LINES_AROUND; number++) {
			struct slice line = slice_cut(&rest, '\n');

			if (number >= problem->line - LINES_AROUND && (line.len > 0 || rest.ptr != NULL))
				append_line(text, number, line, number == problem->line);
		}
	}
	buf_clear(&file);
}

static const struct ini_section *section_at(const struct ini *ini, const char *file, int line)
{
	const struct ini_section *found = NULL;

	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_section *section = &ini->sections[i];

		if (strcmp(section->place.file, file) == 0 && section->place.line <= line)
			found = section;
	}
	return found;
}

static const char *key_at(const struct ini_section *section, int line)
{
	const char *key = "";

	for (size_t i = 0; i < section->count; i++)
		if (section->entries[i].place.line <= line)
			key = section->entries[i].key;
	return key;
}

char *problem_file_row(const struct tui *tui, const struct tui_problem *problem)
{
	const struct ini_section *section;
	char *id = NULL;
	struct ini ini;

	section_read_all(tui, &ini);
	section = problem->line > 0 ? section_at(&ini, problem->file, problem->line) : NULL;
	if (section != NULL && problem->place == SCREEN_SETTINGS)
		id = xasprintf("%s|%s|%s", section->kind, section->name, key_at(section, problem->line));
	else if (section != NULL)
		id = xstrdup(section->name);
	ini_clear(&ini);
	return id == NULL ? xstrdup(problem->id) : id;
}

static int close_file(void *context)
{
	const char *file = context;
	mode_t mode = conf_private_mode(file);
	struct error error;

	if (chmod(file, mode) != 0) {
		error_errno(&error, N_("cannot change the permissions of %s"), file);
		return cli_fail_error(&error);
	}
	printf(_("%s: other users can no longer read this file (chmod %o)\n"), file, (unsigned)mode);
	return CLI_DONE;
}

void problem_file_close(struct tui *tui, const char *file)
{
	char *copy = xstrdup(file);

	dialog_quiet_job(tui, close_file, copy, NULL);
	free(copy);
	tui_changed(tui);
}
