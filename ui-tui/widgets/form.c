#include "ui-tui/widgets/form.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf.h"
#include "ui-tui/widgets/keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const flag_words[] = {"yes", "no", NULL};

void form_clear(struct form *form)
{
	for (size_t i = 0; i < form->total; i++) {
		tui_line_wipe(&form->fields[i]->line);
		conf_secret_free(form->fields[i]->before);
		free(form->fields[i]);
	}
	free(form->fields);
	*form = (struct form){0};
}

struct form_field *form_add(struct form *form, const char *key, const char *label, enum form_kind kind,
    const char *text)
{
	struct form_field *field = xcalloc(1, sizeof(*field));

	field->key = key;
	field->label = label;
	field->help = "";
	field->kind = kind;
	field->before = xstrdup(text);
	tui_line_set(&field->line, text);
	ARRAY_GROW(form->fields, form->total);
	form->fields[form->total++] = field;
	form->count = form->total;
	return field;
}

struct form_field *form_add_key(struct form *form, const struct schema_section *section, const struct schema_key *key,
    const char *text)
{
	enum form_kind kind = value_is_secret(key->type) ? FORM_SECRET
			      : key->type == VALUE_FLAG || key->type == VALUE_WORD ? FORM_CHOICE
										     : FORM_TEXT;
	struct form_field *field = form_add(form, key->name, schema_label(section, key), kind, text);

	field->schema = key;
	field->help = _(key->help);
	field->words = key->type == VALUE_FLAG ? flag_words : key->limits.words;
	field->is_required = key->value == NULL;
	return field;
}

void form_button(struct form *form, const char *label)
{
	assert(!form->has_more); /* form_hide() comes last */
	if (form->button_count < FORM_BUTTONS)
		form->buttons[form->button_count++] = label;
}

void form_hide(struct form *form, size_t from, const char *button)
{
	if (from >= form->total || form->button_count == FORM_BUTTONS)
		return;
	form_button(form, button);
	form->has_more = true;
	form->count = from;
}

/* The other fields replace the button. */
static void show_more(struct form *form)
{
	if (!form->has_more)
		return;
	form->has_more = false;
	form->button_count--;
	form->at = form->count;
	form->count = form->total;
}

struct form_field *form_find(const struct form *form, const char *key)
{
	for (size_t i = 0; i < form->total; i++)
		if (strcmp(form->fields[i]->key, key) == 0)
			return form->fields[i];
	return NULL;
}

char *form_text(const struct form_field *field)
{
	return tui_line_text(&field->line);
}

void form_suggest(struct form_field *field, const char *text)
{
	if (field != NULL && !field->is_touched)
		tui_line_set(&field->line, text);
}

bool form_is_changed(const struct form_field *field)
{
	char *text = form_text(field);
	bool changed = strcmp(text, field->before) != 0;

	conf_secret_free(text);
	return changed;
}

bool form_any_changed(const struct form *form)
{
	for (size_t i = 0; i < form->total; i++)
		if (form_is_changed(form->fields[i]))
			return true;
	return false;
}

/* --- checking */

/* Room for a value of any type. */
union any_value {
	char *text;
	bool flag;
	unsigned word;
	int64_t numbers[2];
	struct conf_numbers list;
	struct strlist names;
	struct conf_nets nets;
};

static void check_field(struct form_field *field)
{
	char *text = form_text(field);
	struct slice trimmed = slice_trim(slice_of(text));
	struct error error = ERROR_INIT;
	union any_value value;

	memset(&value, 0, sizeof(value));
	field->error[0] = '\0';
	if (trimmed.len == 0 && field->is_required)
		snprintf(field->error, sizeof(field->error), "%s", _("this field is required"));
	else if (trimmed.len > 0 && field->schema != NULL &&
		 value_parse(field->schema->type, trimmed, &field->schema->limits, &value, &error) != 0)
		snprintf(field->error, sizeof(field->error), "%s", ERROR_SAID(&error));
	else if (trimmed.len > 0 && field->schema != NULL)
		value_clear(field->schema->type, &value);
	conf_secret_free(text);
}

struct form_field *form_check(struct form *form)
{
	struct form_field *first = NULL;

	for (size_t i = 0; i < form->total; i++) {
		check_field(form->fields[i]);
		if (first == NULL && form->fields[i]->error[0] != '\0')
			first = form->fields[i];
	}
	return first;
}

void form_focus(struct form *form, const struct form_field *field)
{
	for (size_t i = 0; i < form->total; i++)
		if (form->fields[i] == field) {
			if (i >= form->count)
				show_more(form);
			form->at = i;
		}
}

/* --- keys */

static size_t word_at(const struct form_field *field, const char *text)
{
	size_t at = 0;

	while (field->words[at] != NULL && strcmp(field->words[at], text) != 0)
		at++;
	return at;
}

/* Cycles through the words, including the empty one (the default). */
static void turn(struct form_field *field, bool forward)
{
	char *text = form_text(field);
	size_t count = word_at(field, ""), at = word_at(field, text);

	at = forward ? (at + 1) % (count + 1) : (at + count) % (count + 1);
	tui_line_set(&field->line, field->words[at] == NULL ? "" : field->words[at]);
	free(text);
}

/* The first word that begins with this character. */
static bool jump(struct form_field *field, int key)
{
	for (size_t i = 0; field->words[i] != NULL; i++)
		if (key > 0 && field->words[i][0] == key) {
			tui_line_set(&field->line, field->words[i]);
			return true;
		}
	return false;
}

static bool choice_key(struct form_field *field, int key)
{
	if (key == ' ' || key == TERM_RIGHT || key == TERM_WORD_RIGHT)
		turn(field, true);
	else if (key == TERM_LEFT || key == TERM_WORD_LEFT)
		turn(field, false);
	else if (key == TERM_BACKSPACE || key == TERM_DELETE)
		tui_line_set(&field->line, "");
	else
		return jump(field, key);
	return true;
}

static enum form_event move_to(struct form *form, size_t at)
{
	form->at = at;
	return FORM_MOVED;
}

enum form_event form_press(struct form *form)
{
	if (!form->has_more || form->at + 1 < form->count + form->button_count)
		return FORM_PRESSED;
	show_more(form);
	return FORM_MOVED;
}

static enum form_event button_key(struct form *form, int key)
{
	size_t total = form->count + form->button_count;

	if ((key == TERM_LEFT || key == TERM_WORD_LEFT) && form->at > form->count)
		return move_to(form, form->at - 1);
	if ((key == TERM_RIGHT || key == TERM_WORD_RIGHT) && form->at + 1 < total)
		return move_to(form, form->at + 1);
	if (key == TERM_UP && form->count > 0)
		return move_to(form, form->count - 1);
	if (key != TERM_ENTER && key != ' ')
		return FORM_NOTHING;
	return form_press(form);
}

static enum form_event field_key(struct form_field *field, int key)
{
	size_t len = field->line.len;
	bool taken;

	if (field->kind == FORM_CHOICE)
		taken = choice_key(field, key);
	else
		taken = tui_line_key(&field->line, key);
	if (!taken)
		return FORM_NOTHING;
	if (key <= 0 && field->kind != FORM_CHOICE && field->line.len == len)
		return FORM_MOVED;
	field->is_touched = true;
	check_field(field);
	return FORM_CHANGED;
}

enum form_event form_key(struct form *form, int key)
{
	size_t total = form->count + form->button_count;

	if (key == TERM_TAB || (key == TERM_DOWN && form->at < form->count) ||
	    (key == TERM_ENTER && form->at < form->count))
		return move_to(form, (form->at + 1) % total);
	if (key == TERM_BACK_TAB || (key == TERM_UP && form->at < form->count))
		return move_to(form, (form->at + total - 1) % total);
	if (key == TERM_CTRL('S') && form->button_count > 0) {
		form->at = form->count;
		return FORM_PRESSED;
	}
	if (key == TERM_PAGE_DOWN)
		return move_to(form, form->count);
	if (key == TERM_PAGE_UP)
		return move_to(form, 0);
	return form->at >= form->count ? button_key(form, key) : field_key(form->fields[form->at], key);
}
