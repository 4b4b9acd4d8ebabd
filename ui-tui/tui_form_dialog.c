#include "ui-tui/tui_form_dialog.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/tui_dialog.h"
#include "ui-tui/tui_text.h"

#include <stdlib.h>

#define WIDTH 100
#define HELP_ROWS 3
#define AROUND (HELP_ROWS + 4) /* rows besides fields: frame, help, error, buttons */

static int label_width(const struct form *form)
{
	int width = 0;

	for (size_t i = 0; i < form->count; i++) {
		int label = (int)text_width(form->fields[i]->label);

		width = label > width ? label : width;
	}
	return width;
}

static void draw_default(const struct form_field *field, int y, int x, int width)
{
	if (field->schema == NULL)
		return;
	if (field->schema->value != NULL && field->schema->value[0] != '\0')
		term_putf(y, x, width, STYLE_DIM, "(%s)", field->schema->value);
	else if (field->schema->stands != NULL)
		term_putf(y, x, width, STYLE_DIM, "(%s)", _(field->schema->stands));
}

static void draw_field(const struct form *form, size_t at, int y, struct rect area, int labels)
{
	struct form_field *field = form->fields[at];
	int x = area.x + labels + 2, width = area.width - labels - 2;
	bool is_here = at == form->at;
	size_t cursor;
	char *view = tui_line_view(&field->line, (size_t)(width > 1 ? width - 1 : 1), field->kind == FORM_SECRET, &cursor);

	term_put(y, area.x, labels, field->error[0] != '\0' ? STYLE_BAD : is_here ? STYLE_STRONG : STYLE_NORMAL,
	    field->label);
	if (is_here)
		term_fill((struct rect){y, x, 1, width}, STYLE_SELECTED);
	if (field->kind == FORM_CHOICE && is_here)
		term_putf(y, x, width, STYLE_SELECTED, "‹%s›", view);
	else
		term_put(y, x, width, is_here ? STYLE_SELECTED : STYLE_NORMAL, view);
	if (view[0] == '\0' && !is_here)
		draw_default(field, y, x, width);
	if (is_here && field->kind != FORM_CHOICE)
		term_cursor(y, x + (int)cursor);
	conf_secret_free(view);
}

static bool takes_names(const struct form_field *field)
{
	return field->schema != NULL && (field->schema->type == VALUE_USERS || field->schema->type == VALUE_USER);
}

static void draw_help(const struct form_dialog *dialog, struct rect area)
{
	const struct form *form = dialog->form;
	const struct form_field *field = form->at < form->count ? form->fields[form->at] : NULL;
	struct strlist lines = {NULL, 0};
	struct buf text = BUF_INIT(4096);

	if (dialog->message[0] != '\0') {
		tui_text_wrap(dialog->message, (size_t)area.width, &lines);
		for (size_t i = 0; i < lines.count && i <= HELP_ROWS; i++)
			term_put(area.y + (int)i, area.x, area.width, STYLE_BAD, lines.items[i]);
		strlist_clear(&lines);
		return;
	}
	if (field != NULL && field->note[0] != '\0')
		buf_printf(&text, "%s\n", field->note);
	if (field != NULL)
		buf_append_text(&text, field->help);
	if (field != NULL && field->schema != NULL && field->kind == FORM_TEXT)
		buf_printf(&text, " [%s]", _(value_syntax(field->schema->type)));
	if (field != NULL && takes_names(field) && dialog->names != NULL)
		buf_printf(&text, " %s", _("F4 picks one."));
	if (field != NULL && field->kind == FORM_CHOICE)
		for (size_t i = 0; field->words[i] != NULL; i++)
			buf_printf(&text, "%s%s%s", i == 0 ? " [" : ", ", field->words[i], field->words[i + 1] == NULL ? "]" : "");
	tui_text_wrap(buf_text(&text), (size_t)area.width, &lines);
	for (size_t i = 0; i < lines.count && i < HELP_ROWS; i++)
		term_put(area.y + (int)i, area.x, area.width, STYLE_DIM, lines.items[i]);
	if (field != NULL && field->error[0] != '\0')
		term_put(area.y + HELP_ROWS, area.x, area.width, STYLE_BAD, field->error);
	strlist_clear(&lines);
	buf_clear(&text);
}

static void draw_buttons(struct form_dialog *dialog, int y, int x, int width)
{
	const struct form *form = dialog->form;
	int end = x + width;

	dialog->buttons_y = y;
	for (size_t i = 0; i < form->button_count; i++) {
		x += term_putf(y, x, end - x, form->at == form->count + i ? STYLE_SELECTED : STYLE_STRONG, "[ %s ]",
		    form->buttons[i]);
		dialog->button_ends[i] = x;
		x += 2;
	}
	term_put(y, x, end - x, STYLE_DIM, _("^S: the first; Esc: leave"));
}

static void draw_dialog(struct tui *tui, void *context)
{
	struct form_dialog *dialog = context;
	const struct form *form = dialog->form;
	int labels = label_width(form), rows = (int)form->count, below = dialog->rows_below;
	struct rect area = dialog_area(rows + AROUND + below + (dialog->about[0] != '\0'), WIDTH), inner;

	term_box(area, dialog->title);
	inner = (struct rect){area.y + 1, area.x + 2, area.height - 2, area.width - 4};
	if (dialog->about[0] != '\0') {
		term_put(inner.y++, inner.x, inner.width, STYLE_NORMAL, dialog->about);
		inner.height--;
	}
	if (below > inner.height - AROUND - 2)
		below = inner.height - AROUND - 2 > 0 ? inner.height - AROUND - 2 : 0;
	rows = inner.height - HELP_ROWS - 2 - below;
	if (form->at < dialog->top)
		dialog->top = form->at;
	if (form->at < form->count && (int)form->at >= (int)dialog->top + rows)
		dialog->top = form->at + 1 - (size_t)rows;
	if (dialog->top > 0 && form->count - dialog->top < (size_t)rows)
		dialog->top = form->count > (size_t)rows ? form->count - (size_t)rows : 0;
	dialog->fields_area = (struct rect){inner.y, inner.x, rows, inner.width};
	if (labels > inner.width / 2)
		labels = inner.width / 2;
	for (int i = 0; i < rows && dialog->top + (size_t)i < form->count; i++)
		draw_field(form, dialog->top + (size_t)i, inner.y + i, dialog->fields_area, labels);
	if (dialog->top + (size_t)rows < form->count)
		term_put(inner.y + rows - 1, area.x + area.width - 2, 1, STYLE_WARNING, "↓");
	if (dialog->top > 0)
		term_put(inner.y, area.x + area.width - 2, 1, STYLE_WARNING, "↑");
	if (dialog->draw_below != NULL && below > 0)
		dialog->draw_below(tui, dialog, (struct rect){inner.y + rows, inner.x, below, inner.width});
	draw_help(dialog, (struct rect){inner.y + rows + below, inner.x, HELP_ROWS, inner.width});
	draw_buttons(dialog, inner.y + inner.height - 1, inner.x, inner.width);
}

/* A click selects a field or presses a button. */
static enum form_event click(const struct tui *tui, struct form_dialog *dialog)
{
	struct form *form = dialog->form;
	const struct rect *area = &dialog->fields_area;
	size_t at = dialog->top + (size_t)(tui->mouse.y - area->y);

	if (tui->mouse.y >= area->y && tui->mouse.y < area->y + area->height && at < form->count) {
		form->at = at;
		return FORM_MOVED;
	}
	for (size_t i = 0; tui->mouse.y == dialog->buttons_y && i < form->button_count; i++)
		if (tui->mouse.x < dialog->button_ends[i]) {
			form->at = form->count + i;
			return FORM_PRESSED;
		}
	return FORM_NOTHING;
}

static bool may_leave(struct tui *tui, const struct form *form)
{
	return tui->quit || !form_any_changed(form) ||
	       dialog_confirm(tui, _("Leave"), _("What you have typed here is not saved yet. Leave it?"),
		   _("Yes, forget what I have typed"));
}

/* Adds a name to a list, or puts it in. */
static void pick(struct tui *tui, struct form_dialog *dialog)
{
	struct form *form = dialog->form;
	struct form_field *field = form->at < form->count ? form->fields[form->at] : NULL;
	struct strlist names = {NULL, 0};
	char *name, *before, *text;

	if (dialog->names == NULL || field == NULL || !takes_names(field))
		return;
	dialog->names(tui, dialog, field, &names);
	name = dialog_pick(tui, field->label, &names);
	strlist_clear(&names);
	if (name == NULL)
		return;
	before = form_text(field);
	text = field->schema->type == VALUE_USERS && before[0] != '\0' ? xasprintf("%s, %s", before, name) : xstrdup(name);
	tui_line_set(&field->line, text);
	field->is_touched = true;
	field->error[0] = '\0';
	free(before);
	free(text);
	free(name);
}

static int run_loop(struct tui *tui, struct form_dialog *dialog)
{
	for (;;) {
		int key = tui_key(tui);
		enum form_event event;

		if (key == TERM_TICK) {
			if (dialog->idle != NULL)
				dialog->idle(tui, dialog);
			continue;
		}
		if (key == TERM_ESCAPE && may_leave(tui, dialog->form))
			return -1;
		if (key == TERM_F + 4)
			pick(tui, dialog);
		event = key == TERM_CLICK ? click(tui, dialog) : form_key(dialog->form, key);
		if (event != FORM_NOTHING)
			dialog->message[0] = '\0';
		if (event == FORM_CHANGED && dialog->changed != NULL)
			dialog->changed(tui, dialog);
		if (event == FORM_PRESSED)
			return (int)(dialog->form->at - dialog->form->count);
	}
}

int form_dialog_run(struct tui *tui, struct form_dialog *dialog)
{
	struct tui_overlay overlay = {draw_dialog, dialog, NULL};
	int button;

	tui_overlay_push(tui, &overlay);
	button = run_loop(tui, dialog);
	tui_overlay_pop(tui);
	return button;
}
