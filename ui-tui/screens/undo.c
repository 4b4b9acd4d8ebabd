#include "ui-tui/screens/undo.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini.h"
#include "config/ini_edit.h"
#include "ui-tui/command/config_edit.h"
#include "ui-tui/screens/dialog.h"

#include <stdarg.h>
#include <stdlib.h>

#define STEPS_MAX 50

struct file {
	char *path, *before, *after; /* they contain passwords */
};

struct undo_step {
	char *what;
	int (*verb)(struct cli *cli); /* NULL: files */
	struct strlist words;
	struct file *files;
	size_t count;
};

static void files_clear(struct undo_step *step)
{
	for (size_t i = 0; i < step->count; i++) {
		free(step->files[i].path);
		conf_secret_free(step->files[i].before);
		conf_secret_free(step->files[i].after);
	}
	free(step->files);
	step->files = NULL;
	step->count = 0;
}

static void step_clear(struct undo_step *step)
{
	files_clear(step);
	strlist_clear(&step->words);
	free(step->what);
}

void undo_clear(struct tui *tui)
{
	for (size_t i = 0; i < tui->undo_count; i++)
		step_clear(&tui->undo[i]);
	free(tui->undo);
	tui->undo = NULL;
	tui->undo_count = 0;
	if (tui->undo_begun != NULL)
		step_clear(tui->undo_begun);
	free(tui->undo_begun);
	tui->undo_begun = NULL;
}

static void push(struct tui *tui, struct undo_step step)
{
	if (tui->undo_count == STEPS_MAX) {
		step_clear(&tui->undo[0]);
		memmove(tui->undo, tui->undo + 1, --tui->undo_count * sizeof(*tui->undo));
	}
	ARRAY_GROW(tui->undo, tui->undo_count);
	tui->undo[tui->undo_count++] = step;
}

/* --- steps */

/* New memory, NULL if the file cannot be read. */
static char *text_of(const char *path)
{
	struct buf text = BUF_INIT(INI_FILE_MAX);
	struct error error;
	char *copy = ini_edit_read(path, &text, &error) == 0 ? xstrdup(buf_text(&text)) : NULL;

	if (text.ptr != NULL)
		explicit_bzero(text.ptr, text.capacity);
	buf_clear(&text);
	return copy;
}

static void add_file(struct undo_step *step, const char *path)
{
	char *text = text_of(path);

	if (text == NULL)
		return;
	ARRAY_GROW(step->files, step->count);
	step->files[step->count++] = (struct file){xstrdup(path), text, NULL};
}

void undo_files_begin(struct tui *tui)
{
	struct undo_step *step = xcalloc(1, sizeof(*step));
	struct strlist files = {NULL, 0};

	if (tui->undo_begun != NULL)
		step_clear(tui->undo_begun);
	free(tui->undo_begun);
	tui->undo_begun = step;
	tui_conf_files(tui->cli, &files);
	for (size_t i = 0; i < files.count; i++)
		add_file(step, files.items[i]);
	strlist_clear(&files);
}

/* Keeps only the files whose text has changed. */
static void keep_changed(struct undo_step *step)
{
	size_t kept = 0;

	for (size_t i = 0; i < step->count; i++) {
		struct file *file = &step->files[i];

		file->after = text_of(file->path);
		if (file->after != NULL && strcmp(file->before, file->after) != 0) {
			struct file changed = *file;

			*file = step->files[kept];
			step->files[kept++] = changed;
		}
	}
	for (size_t i = kept; i < step->count; i++) {
		free(step->files[i].path);
		conf_secret_free(step->files[i].before);
		conf_secret_free(step->files[i].after);
	}
	step->count = kept;
}

void undo_files_end(struct tui *tui, const char *format, ...)
{
	struct undo_step *step = tui->undo_begun;
	va_list args;

	tui->undo_begun = NULL;
	if (step == NULL)
		return;
	keep_changed(step);
	va_start(args, format);
	step->what = xvasprintf(format, args);
	va_end(args);
	if (step->count > 0)
		push(tui, *step);
	else
		step_clear(step);
	free(step);
}

void undo_add_verb(struct tui *tui, int (*verb)(struct cli *cli), const struct strlist *words, const char *format, ...)
{
	struct undo_step step = {.verb = verb};
	va_list args;

	for (size_t i = 0; i < words->count; i++)
		strlist_add(&step.words, words->items[i]);
	va_start(args, format);
	step.what = xvasprintf(format, args);
	va_end(args);
	push(tui, step);
}

const char *undo_what(const struct tui *tui)
{
	return tui->undo_count == 0 ? NULL : tui->undo[tui->undo_count - 1].what;
}

/* --- taking back */

static int put_back(struct tui *tui, const struct file *file)
{
	struct config_edit edit;
	int result = CLI_FAILED;

	if (config_edit_begin(&edit, tui->cli, tui->conf, file->path)) {
		if (strcmp(buf_text(&edit.before), file->after) != 0) {
			cli_fail(CLI_FAILED, _("another user or program has changed %s since then: "
			    "nothing was undone"), file->path);
		} else {
			buf_reset(&edit.text);
			buf_append_text(&edit.text, file->before);
			result = config_edit_commit(&edit);
		}
	}
	config_edit_clear(&edit);
	return result;
}

static int put_all_back(struct tui *tui, const struct undo_step *step)
{
	struct buf message = BUF_INIT(2048);
	int result = CLI_DONE;

	cli_catch(&message);
	for (size_t i = 0; result == CLI_DONE && i < step->count; i++)
		result = put_back(tui, &step->files[i]);
	cli_catch(NULL);
	if (message.len > 0)
		tui_say(tui, STYLE_BAD, "%s", buf_text(&message));
	buf_clear(&message);
	return result;
}

void undo_last(struct tui *tui)
{
	struct undo_step step;
	int result;

	if (tui->undo_count == 0) {
		tui_say(tui, STYLE_NORMAL, "%s",
		    _("There is nothing to undo. Changed settings, and hold and release in the "
		       "queue, can be undone; deletions cannot."));
		return;
	}
	step = tui->undo[--tui->undo_count];
	result = step.verb == NULL ? put_all_back(tui, &step) : dialog_quiet_verb(tui, step.verb, &step.words, NULL, NULL);
	if (result == CLI_DONE)
		tui_say(tui, STYLE_GOOD, _("undone: %s"), step.what);
	step_clear(&step);
	tui_changed(tui);
}
