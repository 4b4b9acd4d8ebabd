#include "ui-tui/screens/section.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/ini_edit.h"
#include "config/schema.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/undo.h"

#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 2048
enum { BUTTON_SAVE, BUTTON_CANCEL, BUTTON_OWN };

/* --- reading */

static void read_file(struct ini *ini, const char *file)
{
	struct conf_problems problems = {0};
	struct buf text = BUF_INIT(INI_FILE_MAX);
	struct error error;

	if (ini_edit_read(file, &text, &error) == 0)
		ini_read(ini, file, buf_slice(&text), &problems);
	conf_problems_clear(&problems);
	buf_clear(&text);
}

void section_read_all(const struct tui *tui, struct ini *ini)
{
	*ini = (struct ini){0};
	for (size_t i = 0; i < tui->conf->files.count; i++)
		read_file(ini, tui->conf->files.items[i]);
}

const struct ini_section *section_find(const struct ini *ini, const char *kind, const char *name)
{
	for (size_t i = 0; i < ini->count; i++)
		if (strcmp(ini->sections[i].kind, kind) == 0 && strcmp(ini->sections[i].name, name) == 0)
			return &ini->sections[i];
	return NULL;
}

const char *section_value(const struct ini_section *section, const char *key)
{
	for (size_t i = 0; section != NULL && i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return section->entries[i].value;
	return NULL;
}

/* --- the form */

struct wanted_key {
	const struct schema_key *key;
	const char *value; /* NULL: the default */
	bool is_everyday;
	size_t order;
};

/* The everyday ones first, and those of the others that are set. */
static int compare_keys(const void *one, const void *other)
{
	const struct wanted_key *a = one, *b = other;

	if (a->is_everyday != b->is_everyday)
		return a->is_everyday ? -1 : 1;
	if (!a->is_everyday && (a->value == NULL) != (b->value == NULL))
		return a->value == NULL ? 1 : -1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool is_field(const struct section_form *section, const struct schema_key *key)
{
	if (section->only != NULL)
		return strcmp(section->only, key->name) == 0;
	return section->is_hidden == NULL || !section->is_hidden(key);
}

/* Returns the number of fields of the form that are shown at once. */
static size_t add_fields(struct section_form *section, const struct ini_section *found)
{
	const struct schema_section *schema = schema_find_named(section->kind, section->name == NULL ? "new" : section->name);
	struct wanted_key *keys = xcalloc(schema->key_count, sizeof(*keys));
	size_t count = 0, shown = section->form.total;

	for (size_t i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];

		if (is_field(section, key))
			keys[count++] = (struct wanted_key){key, section_value(found, key->name),
			    section->only != NULL || schema_is_everyday(schema, key), schema_order(schema, key)};
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < count; i++) {
		form_add_key(&section->form, schema, keys[i].key, keys[i].value == NULL ? "" : keys[i].value);
		shown += keys[i].is_everyday || keys[i].value != NULL;
	}
	free(keys);
	return shown;
}

static void hide_rest(struct section_form *section, size_t shown)
{
	size_t hidden = section->form.total - shown;

	if (hidden == 0)
		return;
	section->more = xasprintf(_n("More (%zu)", "More (%zu)", hidden), hidden);
	form_hide(&section->form, shown, section->more);
}

static void make_form(struct tui *tui, struct section_form *section, const struct ini_section *found)
{
	struct form *form = &section->form;
	size_t shown;

	form_button(form, _("Save"));
	form_button(form, _("Cancel"));
	if (section->name == NULL) {
		struct form_field *name = form_add(form, "", _("Name"), FORM_TEXT, "");

		name->help = _("The name in the configuration: lower-case Latin letters, digits, . _ -");
		name->is_required = true;
	}
	if (section->prepare != NULL)
		section->prepare(tui, section, form);
	shown = add_fields(section, found);
	if (section->prepared != NULL)
		section->prepared(tui, section, form);
	hide_rest(section, shown);
}

/* Opens the file that has the section, or the file for a new one. */
static bool begin(struct tui *tui, struct section_form *section, const struct ini_section *found)
{
	if (found != NULL)
		return config_edit_begin(&section->edit, tui->cli, tui->conf, found->place.file);
	return config_edit_begin_beside(&section->edit, tui->cli, tui->conf, section->file);
}

static void list_names(struct tui *tui, struct form_dialog *dialog, const struct form_field *field, struct strlist *names)
{
	const struct conf *conf = tui->conf;

	(void)dialog;
	strlist_add(names, CONF_POSTMASTER);
	for (size_t i = 0; i < conf->user_count; i++)
		if (strcmp(conf->users[i].name, CONF_POSTMASTER) != 0)
			strlist_add(names, conf->users[i].name);
	for (size_t i = 0; field->schema->type != VALUE_USER && i < conf->group_count; i++)
		strlist_add(names, conf->groups[i].name);
	for (size_t i = 0; (field->schema->type == VALUE_USERS || field->schema->type == VALUE_MAILBOXES) && i < conf->shared_count; i++)
		strlist_add(names, conf->shareds[i].name);
}

/* --- saving */

/* New memory. */
static char *name_of(const struct section_form *section)
{
	char *name = section->name != NULL ? xstrdup(section->name) : form_text(form_find(&section->form, ""));

	str_lower_ascii(name);
	return name;
}

/* Applies the input to the text. */
static bool fill_in(struct tui *tui, struct form_dialog *dialog, const char *name)
{
	struct section_form *section = dialog->context;
	bool done = true;

	config_edit_restart(&section->edit);
	for (size_t i = 0; done && i < section->form.total; i++) {
		const struct form_field *field = section->form.fields[i];
		char *text;

		if (field->schema == NULL || !form_is_changed(field))
			continue;
		text = form_text(field);
		done = config_edit_set(&section->edit, section->kind, name, field->schema->name, text);
		conf_secret_free(text);
	}
	return done && (section->apply == NULL || section->apply(tui, dialog, &section->edit, name));
}

/* An empty section would be nothing: only keys are written. */
static bool has_keys(struct section_form *section, const char *name)
{
	struct config_edit *edit = &section->edit;

	if (section->name != NULL || strcmp(buf_text(&edit->text), buf_text(&edit->before)) != 0)
		return true;
	cli_fail(CLI_FAILED, _("section [%s %s] would be empty: fill in at least one field below the name"), section->kind, name);
	for (size_t i = 0; i < section->form.total; i++)
		if (section->form.fields[i]->schema != NULL) {
			form_focus(&section->form, section->form.fields[i]);
			break;
		}
	return false;
}

static bool name_is_free(const struct tui *tui, const struct section_form *section, const char *name)
{
	struct ini ini;
	bool is_free;

	if (section->name != NULL)
		return true;
	section_read_all(tui, &ini);
	is_free = section_find(&ini, section->kind, name) == NULL;
	ini_clear(&ini);
	return is_free;
}

/* The changes of the section by others since the form was opened. */
static void tell_changes(const struct section_form *section, const char *name, struct buf *text)
{
	struct ini ini = {0};
	const struct ini_section *now;

	read_file(&ini, section->edit.file);
	now = section_find(&ini, section->kind, name);
	for (size_t i = 0; i < section->form.total; i++) {
		const struct form_field *field = section->form.fields[i];
		const char *value;

		if (field->schema == NULL || field->kind == FORM_SECRET)
			continue;
		value = section_value(now, field->schema->name);
		if (strcmp(value == NULL ? "" : value, field->before) != 0)
			buf_printf(text, _("\n  %s = %s (was: %s)"), field->schema->name, value == NULL ? "" : value,
			    field->before);
	}
	ini_clear(&ini);
}

/* Another process has changed the file: returns true if the changes should be applied to its
 * present text. */
static bool ask_merge(struct tui *tui, struct section_form *section, const char *name)
{
	const char *const choices[] = {_("Apply my changes to the current file"), _("Go back to the form")};
	struct buf text = BUF_INIT(8192);
	bool merge;

	buf_printf(&text, _("Another user or program changed %s while this form was open."), section->edit.file);
	tell_changes(section, name, &text);
	merge = dialog_choose(tui, _("Edit conflict"), buf_text(&text), choices, ARRAY_LEN(choices)) == 0;
	buf_clear(&text);
	return merge && config_edit_reread(&section->edit);
}

static bool commit(struct tui *tui, struct section_form *section, const char *name)
{
	bool done;

	undo_files_begin(tui);
	done = config_edit_commit(&section->edit) == CLI_DONE;
	undo_files_end(tui, "[%s%s%s]%s%s", section->kind, name[0] == '\0' ? "" : " ", name,
	    section->only == NULL || section->only[0] == '\0' ? "" : " ", section->only == NULL ? "" : section->only);
	return done;
}

/* Returns true if it was saved; else the reason is in the dialog. */
static bool save(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;
	struct form_field *wrong = form_check(&section->form);
	struct buf message = BUF_INIT(MESSAGE_MAX);
	char *name = name_of(section);
	bool saved = false;

	section->edit.conf = tui->conf; /* it may have been re-read meanwhile */
	cli_catch(&message);
	if (wrong != NULL) {
		form_focus(&section->form, wrong);
	} else if (!name_is_free(tui, section, name)) {
		cli_fail(CLI_FAILED, _("section [%s %s] already exists"), section->kind, name);
	} else if (!config_edit_is_stale(&section->edit) || ask_merge(tui, section, name)) {
		saved = fill_in(tui, dialog, name) && has_keys(section, name) && commit(tui, section, name);
	}
	cli_catch(NULL);
	if (message.len > 0)
		snprintf(dialog->message, sizeof(dialog->message), "%s", buf_text(&message));
	buf_clear(&message);
	if (saved)
		section->saved_name = name;
	else
		free(name);
	return saved;
}

static void press_own(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;
	struct buf message = BUF_INIT(MESSAGE_MAX);
	char *name = name_of(section);
	bool filled;

	cli_catch(&message);
	filled = fill_in(tui, dialog, name[0] == '\0' ? "new" : name);
	cli_catch(NULL);
	if (filled)
		section->pressed(tui, dialog, &section->edit, name[0] == '\0' ? "new" : name);
	else if (message.len > 0)
		snprintf(dialog->message, sizeof(dialog->message), "%s", buf_text(&message));
	buf_clear(&message);
	free(name);
}

static bool run_dialog(struct tui *tui, struct form_dialog *dialog)
{
	for (;;) {
		int button = form_dialog_run(tui, dialog);

		if (button == BUTTON_SAVE && save(tui, dialog))
			return true;
		if (button < 0 || button == BUTTON_CANCEL || tui->quit)
			return false;
		if (button >= BUTTON_OWN)
			press_own(tui, dialog);
	}
}

bool section_form_run(struct tui *tui, struct section_form *section)
{
	struct form_dialog *dialog = xcalloc(1, sizeof(*dialog));
	struct buf message = BUF_INIT(MESSAGE_MAX);
	const struct ini_section *found;
	struct ini ini;
	bool saved = false;

	section_read_all(tui, &ini);
	found = section->name == NULL ? NULL : section_find(&ini, section->kind, section->name);
	*dialog = (struct form_dialog){.title = section->title,
	    .about = section->about == NULL ? "" : section->about,
	    .form = &section->form,
	    .context = section,
	    .changed = section->changed,
	    .idle = section->idle,
	    .names = list_names,
	    .draw_below = section->draw_below,
	    .rows_below = section->rows_below};
	cli_catch(&message);
	if (begin(tui, section, found)) {
		cli_catch(NULL);
		make_form(tui, section, found);
		saved = run_dialog(tui, dialog);
		form_clear(&section->form);
		free(section->more);
	}
	cli_catch(NULL);
	if (saved && section->edit.remark[0] != '\0')
		tui_say(tui, STYLE_WARNING, _("saved in %s; but %s"), section->edit.file, section->edit.remark);
	else if (saved)
		tui_say(tui, STYLE_GOOD, tui->link.is_up ? _("saved in %s; the gateway uses it now") : _("saved in %s"),
		    section->edit.file);
	else if (message.len > 0)
		tui_say(tui, STYLE_BAD, "%s", buf_text(&message));
	config_edit_clear(&section->edit);
	buf_clear(&message);
	ini_clear(&ini);
	free(dialog);
	tui_changed(tui);
	return saved;
}
