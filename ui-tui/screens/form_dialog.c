#include "ui-tui/screens/form_dialog.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

#define WIDTH 100
#define HELP_ROWS 4   /* lines for help and errors; more if needed */
#define AROUND 3      /* rows besides: frame and buttons */
#define FIELDS_KEPT 9 /* if there is room */

static int label_width(const struct form *form)
{
	int width = 0;

	for (size_t i = 0; i < form->count; i++) {
		int label = (int)text_width(form->fields[i]->label);

		width = label > width ? label : width;
	}
	return width;
}

/* Returns the columns used. */
static int draw_default(const struct form_field *field, int y, int x, int width)
{
	if (field->schema == NULL)
		return 0;
	if (field->schema->value != NULL && field->schema->value[0] != '\0')
		return term_putf(y, x, width, STYLE_DIM, "(%s)", field->schema->value);
	return field->schema->stands == NULL ? 0 : term_putf(y, x, width, STYLE_DIM, "(%s)", _(field->schema->stands));
}

/* The name in the file, at the right edge, if there is room beside the value. */
static void draw_key(const struct form_field *field, int y, int x, int width, int used)
{
	int wanted = (int)text_width(field->key);

	if (field->schema != NULL && used + 2 + wanted <= width)
		term_put(y, x + width - wanted, wanted, STYLE_DIM, field->key);
}

/* The label of a choice; other texts unchanged. */
static const char *shown_word(const struct form_field *field, const char *text)
{
	for (size_t i = 0; field->shown != NULL && field->words[i] != NULL; i++)
		if (strcmp(field->words[i], text) == 0)
			return _(field->shown[i]);
	return text;
}

static void draw_field(const struct form *form, size_t at, int y, struct rect area, int labels)
{
	struct form_field *field = form->fields[at];
	int x = area.x + labels + 2, width = area.width - labels - 2, used = 0;
	bool is_here = at == form->at;
	size_t cursor;
	char *view = tui_line_view(&field->line, (size_t)(width > 1 ? width - 1 : 1), field->kind == FORM_SECRET, &cursor);

	term_put(y, area.x, labels, field->error[0] != '\0' ? STYLE_BAD : is_here ? STYLE_STRONG : STYLE_NORMAL,
	    field->label);
	if (is_here)
		term_fill((struct rect){y, x, 1, width}, STYLE_SELECTED);
	if (field->kind == FORM_CHOICE && is_here)
		term_putf(y, x, width, STYLE_SELECTED, "‹%s›", shown_word(field, view));
	else
		used = term_put(y, x, width, is_here ? STYLE_SELECTED : STYLE_NORMAL, shown_word(field, view));
	if (view[0] == '\0' && !is_here)
		used = draw_default(field, y, x, width);
	if (!is_here)
		draw_key(field, y, x, width, used);
	if (is_here && field->kind != FORM_CHOICE)
		term_cursor(y, x + (int)cursor);
	conf_secret_free(view);
}

static bool takes_names(const struct form_field *field)
{
	return field->schema != NULL && (field->schema->type == VALUE_USER || (field->schema->type >= VALUE_USERS && field->schema->type <= VALUE_MAILBOXES));
}

/* The description of a field: its note, its help, its valid values. */
static void add_help(const struct form_dialog *dialog, const struct form_field *field, struct buf *text)
{
	if (field->note[0] != '\0')
		buf_printf(text, "%s\n", field->note);
	if (field->schema != NULL)
		buf_printf(text, "%s: ", field->key);
	buf_append_text(text, field->help);
	if (field->schema != NULL && field->kind == FORM_TEXT)
		buf_printf(text, " [%s]", _(value_syntax(field->schema->type)));
	if (takes_names(field) && dialog->names != NULL)
		buf_printf(text, " %s", _("F4: choose from a list."));
	if (field->kind == FORM_CHOICE)
		for (size_t i = 0; field->words[i] != NULL; i++)
			buf_printf(text, "%s%s%s", i == 0 ? " [" : ", ", shown_word(field, field->words[i]), field->words[i + 1] == NULL ? "]" : "");
}

/* The lines below the fields: the error of the whole form, else the help and the error of the field. *bad: the first
 * line of the error. */
static void make_help(const struct form_dialog *dialog, int width, struct strlist *lines, size_t *bad)
{
	const struct form *form = dialog->form;
	const struct form_field *field = form->at < form->count ? form->fields[form->at] : NULL;
	struct buf text = BUF_INIT(8192);

	if (dialog->message[0] == '\0' && field != NULL) {
		add_help(dialog, field, &text);
		tui_text_wrap(buf_text(&text), (size_t)width, lines);
	}
	*bad = lines->count;
	if (dialog->message[0] != '\0')
		tui_text_wrap(dialog->message, (size_t)width, lines);
	else if (field != NULL && field->error[0] != '\0')
		tui_text_wrap(field->error, (size_t)width, lines);
	buf_clear(&text);
}

/* The error is visible even if there is no room for everything. */
static void draw_help(const struct strlist *lines, size_t bad, struct rect area)
{
	size_t room = (size_t)area.height, wrong = lines->count - bad, help = bad;

	if (wrong > room)
		wrong = room;
	if (help > room - wrong)
		help = room - wrong;
	for (size_t i = 0; i < help + wrong; i++)
		term_put(area.y + (int)i, area.x, area.width, i < help ? STYLE_DIM : STYLE_BAD,
		    lines->items[i < help ? i : bad + i - help]);
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
	term_put(y, x, end - x, STYLE_DIM, _("Ctrl-S: save   Esc: cancel"));
}

/* The visible rows of the fields, including the current one. */
static void scroll_to_field(struct form_dialog *dialog, int rows)
{
	const struct form *form = dialog->form;

	if (form->at < dialog->top)
		dialog->top = form->at;
	if (form->at < form->count && (int)form->at >= (int)dialog->top + rows)
		dialog->top = form->at + 1 - (size_t)rows;
	if (dialog->top > 0 && form->count - dialog->top < (size_t)rows)
		dialog->top = form->count > (size_t)rows ? form->count - (size_t)rows : 0;
}

static void draw_fields(struct form_dialog *dialog, struct rect area, int edge)
{
	const struct form *form = dialog->form;
	int labels = label_width(form);

	scroll_to_field(dialog, area.height);
	dialog->fields_area = area;
	if (labels > area.width / 2)
		labels = area.width / 2;
	for (int i = 0; i < area.height && dialog->top + (size_t)i < form->count; i++)
		draw_field(form, dialog->top + (size_t)i, area.y + i, area, labels);
	if (dialog->top + (size_t)area.height < form->count)
		term_put(area.y + area.height - 1, edge, 1, STYLE_WARNING, "↓");
	if (dialog->top > 0)
		term_put(area.y, edge, 1, STYLE_WARNING, "↑");
}

static int at_most(int number, int most)
{
	return number > most ? most : number;
}

static void draw_dialog(struct tui *tui, void *context)
{
	struct form_dialog *dialog = context;
	struct strlist lines = {NULL, 0};
	size_t bad;
	int about = dialog->about[0] != '\0', below = dialog->rows_below, help, rows = (int)dialog->form->count;
	struct rect area = dialog_area(99, WIDTH), inner;

	make_help(dialog, area.width - 4, &lines, &bad);
	help = (int)lines.count > HELP_ROWS ? (int)lines.count : HELP_ROWS;
	help = at_most(help, (area.height - 3) / 2);
	area = dialog_area(rows + help + AROUND + below + about, WIDTH);
	term_box(area, dialog->title);
	inner = (struct rect){area.y + 1 + about, area.x + 2, area.height - 2 - about, area.width - 4};
	if (about)
		term_put(area.y + 1, inner.x, inner.width, STYLE_NORMAL, dialog->about);
	below = at_most(below, inner.height - help - 1 - FIELDS_KEPT);
	below = below < 0 ? 0 : below;
	rows = inner.height - help - 1 - below;
	draw_fields(dialog, (struct rect){inner.y, inner.x, rows, inner.width}, area.x + area.width - 2);
	if (dialog->draw_below != NULL && below > 0)
		dialog->draw_below(tui, dialog, (struct rect){inner.y + rows, inner.x, below, inner.width});
	draw_help(&lines, bad, (struct rect){inner.y + rows + below, inner.x, help, inner.width});
	draw_buttons(dialog, inner.y + inner.height - 1, inner.x, inner.width);
	strlist_clear(&lines);
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
			return form_press(form);
		}
	return FORM_NOTHING;
}

static bool may_leave(struct tui *tui, const struct form *form)
{
	return tui->quit || !form_any_changed(form) ||
	       dialog_question(tui, _("Cancel"), _("Discard your changes?"), _("No, go on editing"), _("Yes, discard"));
}

/* Adds a name to a list, or inserts it. */
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
	text = field->schema->type != VALUE_USER && before[0] != '\0' ? xasprintf("%s, %s", before, name) : xstrdup(name);
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
