#include "ui-tui/tui_frame.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/tui_text.h"

#include <stdio.h>
#include <stdlib.h>

#define HEIGHT_MIN 10
#define WIDTH_MIN 40

/* "2Overview 3Users ...": with room to spare if there is some. */
static int tabs_width(int gap)
{
	int width = 0;

	for (int i = 0; i < SCREENS; i++)
		width += 1 + (int)text_width(_(tui_screen_of((enum tui_place)i)->title)) + gap;
	return width;
}

static void draw_tabs(struct tui *tui, struct rect all)
{
	int gap = tabs_width(3) <= all.width ? 3 : 1, x = 0;

	term_fill((struct rect){0, 0, 1, all.width}, STYLE_BAR);
	for (int i = 0; i < SCREENS; i++) {
		const struct tui_screen *screen = tui_screen_of((enum tui_place)i);
		bool is_here = i == (int)tui->here;

		x += term_putf(0, x, all.width - x, is_here ? STYLE_BAR_HERE : STYLE_BAR_KEY, gap == 3 ? " %d" : "%d", i + 2);
		x += term_putf(0, x, all.width - x, is_here ? STYLE_BAR_HERE : STYLE_BAR, gap == 3 ? "%s " : "%s", _(screen->title));
		tui->tab_ends[i] = x;
		x++;
	}
}

static void add_key(struct tui *tui, struct rect all, int *x, int key, const char *label)
{
	char name[16];
	const char *shown = keys_name(key, name, sizeof(name));

	if (tui->bar_count == TUI_BAR_MAX || *x + (int)text_width(shown) + (int)text_width(label) + 1 > all.width)
		return;
	*x += term_put(all.height - 1, *x, all.width - *x, STYLE_BAR_KEY, shown);
	*x += 1 + term_put(all.height - 1, *x + 1, all.width - *x - 1, STYLE_BAR, label);
	tui->bar_keys[tui->bar_count] = key;
	tui->bar_ends[tui->bar_count++] = *x;
	*x += 2;
}

static void draw_keys(struct tui *tui, struct rect all)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);
	int x = 0, room = (int)text_width(_("Help")) + (int)text_width(_("Quit")) + 11;
	struct rect left = {0, 0, all.height, all.width - room};

	term_fill((struct rect){all.height - 1, 0, 1, all.width}, STYLE_BAR);
	tui->bar_count = 0;
	for (size_t i = 0; i < screen->action_count; i++)
		if (screen->actions[i].label != NULL)
			add_key(tui, left, &x, screen->actions[i].key, _(screen->actions[i].label));
	if (screen->list != NULL)
		add_key(tui, left, &x, '/', _("Filter"));
	add_key(tui, all, &x, TERM_F + 1, _("Help"));
	add_key(tui, all, &x, TERM_F + 10, _("Quit"));
}

static const char *link_text(const struct tui *tui, enum term_style *style)
{
	*style = STYLE_DIM;
	if (!tui->link.is_up) {
		*style = STYLE_BAD;
		return _("the gateway is not running");
	}
	if (tui->link.session_runs) {
		*style = STYLE_WARNING;
		return _("a session is running");
	}
	return _("the gateway is running");
}

/* What was said last, or the filter; at the right whether the gateway lives. */
static void draw_message(struct tui *tui, struct rect all)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);
	struct list *list = screen->list == NULL ? NULL : screen->list(tui->states[tui->here]);
	int y = all.height - 2, room, x = 0;
	enum term_style style;
	const char *state = link_text(tui, &style);
	size_t cursor;
	char *view;

	room = all.width - (int)text_width(state) - 2;
	if (tui->message[0] == '\0' || tui->filtering)
		term_put(y, room + 1, all.width - room - 1, style, state);
	if (tui->message[0] != '\0' && !tui->filtering)
		term_put(y, 0, all.width, tui->message_style, tui->message);
	if (list == NULL || (tui->message[0] != '\0' && !tui->filtering) || (!tui->filtering && list->filter[0] == '\0'))
		return;
	x += term_putf(y, 0, room, STYLE_STRONG, _("Filter:")) + 1;
	if (tui->filtering) {
		view = tui_line_view(&tui->filter, 24, false, &cursor);
		term_put(y, x, 25, STYLE_FIELD, view);
		term_cursor(y, x + (int)cursor);
		free(view);
		x += 26;
	} else {
		x += term_put(y, x, room - x, STYLE_WARNING, list->filter) + 1;
	}
	term_putf(y, x, room - x, STYLE_DIM, _("%zu rows"), list_shown(list));
}

void tui_frame_draw(struct tui *tui)
{
	struct rect all = term_size();
	const struct tui_screen *screen = tui_screen_of(tui->here);
	struct tui_overlay *above[16];
	size_t count = 0;

	term_erase();
	tui->list_area = (struct rect){0, 0, 0, 0};
	if (all.height < HEIGHT_MIN || all.width < WIDTH_MIN) {
		term_put(0, 0, all.width, STYLE_WARNING, _("This window is too small."));
		term_show();
		return;
	}
	draw_tabs(tui, all);
	screen->draw(tui, tui->states[tui->here], (struct rect){1, 0, all.height - 3, all.width});
	draw_message(tui, all);
	draw_keys(tui, all);
	for (struct tui_overlay *overlay = tui->overlay; overlay != NULL && count < ARRAY_LEN(above);
	     overlay = overlay->below)
		above[count++] = overlay;
	while (count > 0) {
		count--;
		above[count]->draw(tui, above[count]->context);
	}
	term_show();
}

int tui_frame_key_at(const struct tui *tui, struct term_place place)
{
	if (place.y == 0)
		for (int i = 0; i < SCREENS; i++)
			if (place.x < tui->tab_ends[i])
				return TERM_F + 2 + i;
	if (place.y == term_size().height - 1)
		for (size_t i = 0; i < tui->bar_count; i++)
			if (place.x < tui->bar_ends[i])
				return tui->bar_keys[i];
	return TERM_NONE;
}

/* --- lists */

static void draw_cells(const struct list *list, const struct list_row *row, const int widths[LIST_COLUMNS], int y,
    int x, enum term_style style)
{
	for (size_t i = 0; i < list->column_count && row->cells[i] != NULL; i++) {
		int width = (int)text_width(row->cells[i]);
		int indent = list->columns[i].right && width < widths[i] ? widths[i] - width : 0;

		term_put(y, x + indent, widths[i], style, row->cells[i]);
		x += widths[i] + 1;
	}
}

static void draw_heads(const struct list *list, const int widths[LIST_COLUMNS], int y, int x)
{
	for (size_t i = 0; i < list->column_count; i++) {
		const char *title = list->columns[i].title[0] == '\0' ? "" : _(list->columns[i].title);
		int width = (int)text_width(title);
		int indent = list->columns[i].right && width < widths[i] ? widths[i] - width : 0;

		term_put(y, x + indent, widths[i], STYLE_DIM, title);
		x += widths[i] + 1;
	}
}

void tui_draw_list(struct tui *tui, struct list *list, struct rect area)
{
	int widths[LIST_COLUMNS] = {0};
	bool has_heads = list->columns[0].title[0] != '\0' || list->column_count > 1;

	list_layout(list, area.width - 1, widths);
	if (has_heads) {
		draw_heads(list, widths, area.y, area.x + 1);
		area.y++;
		area.height--;
	}
	if (area.height < 1)
		return;
	tui->list_area = area;
	list_window(list, (size_t)area.height);
	for (int line = 0; line < area.height; line++) {
		size_t at = list_at(list, (size_t)line);
		const struct list_row *row = &list->rows[at];
		enum term_style style;

		if (at >= list->count)
			break;
		style = at == list->selected ? STYLE_SELECTED : row->style;
		if (at == list->selected)
			term_fill((struct rect){area.y + line, area.x, 1, area.width}, style);
		term_put(area.y + line, area.x, 1, style, row->marked ? "*" : " ");
		if (row->is_heading)
			term_put(area.y + line, area.x, area.width, STYLE_STRONG, row->cells[0]);
		else
			draw_cells(list, row, widths, area.y + line, area.x + 1, style);
	}
}
