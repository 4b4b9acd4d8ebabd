#include "ui-tui/screens/tui_frame.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/undo.h"

#include <stdio.h>
#include <stdlib.h>

#define HEIGHT_MIN 10
#define WIDTH_MIN 40

/* "2Overview 3Users ...": with room to spare if there is some. */
static int tabs_width(int gap)
{
	int width = 0;

	for (int i = 0; i < SCREENS_WITH_TAB; i++)
		width += 1 + (int)text_width(_(tui_screen_of((enum tui_place)i)->title)) + gap;
	return width;
}

static void draw_tabs(struct tui *tui, struct rect all)
{
	int gap = tabs_width(3) <= all.width ? 3 : 1, x = 0;

	term_fill((struct rect){0, 0, 1, all.width}, STYLE_BAR);
	for (int i = 0; i < SCREENS_WITH_TAB; i++) {
		const struct tui_screen *screen = tui_screen_of((enum tui_place)i);
		bool is_here = i == (int)tui->here;

		x += term_putf(0, x, all.width - x, is_here ? STYLE_BAR_HERE : STYLE_BAR_KEY, gap == 3 ? " %d" : "%d", i + 2);
		x += term_putf(0, x, all.width - x, is_here ? STYLE_BAR_HERE : STYLE_BAR, gap == 3 ? "%s " : "%s", _(screen->title));
		tui->tab_ends[i] = x;
		x++;
	}
}

/* --- the line of keys */

struct key_line {
	int keys[TUI_BAR_MAX], widths[TUI_BAR_MAX], ranks[TUI_BAR_MAX];
	const char *labels[TUI_BAR_MAX];
	size_t count;
	int width, gap;
};

static void plan_key(struct key_line *line, int key, const char *label, int rank)
{
	char name[16];
	size_t at = line->count;

	if (at == TUI_BAR_MAX)
		return;
	line->keys[at] = key;
	line->labels[at] = label;
	line->ranks[at] = rank;
	line->widths[at] = (int)text_width(keys_name(key, name, sizeof(name))) + 1 + (int)text_width(label);
	line->width += line->widths[at];
	line->count++;
}

/* The last one of those with the lowest importance. */
static bool drop_key(struct key_line *line)
{
	size_t drop = 0;

	for (size_t i = 0; i < line->count; i++)
		if (line->ranks[i] >= line->ranks[drop])
			drop = i;
	if (line->count == 0 || line->ranks[drop] == 0)
		return false;
	line->width -= line->widths[drop];
	line->count--;
	for (size_t i = drop; i < line->count; i++) {
		line->keys[i] = line->keys[i + 1];
		line->labels[i] = line->labels[i + 1];
		line->ranks[i] = line->ranks[i + 1];
		line->widths[i] = line->widths[i + 1];
	}
	return true;
}

/* Narrower spacing if there is little room, then without the least important keys; delete, undo and filter stay. */
static void plan_keys(struct tui *tui, struct key_line *line, int width)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);

	*line = (struct key_line){.gap = 2};
	for (size_t i = 0; i < screen->action_count; i++)
		if (screen->actions[i].label != NULL)
			plan_key(line, screen->actions[i].key, _(screen->actions[i].label),
			    screen->actions[i].key == 'd' ? 0 : screen->actions[i].rank + 1);
	if (undo_what(tui) != NULL)
		plan_key(line, 'u', _("Undo"), 0);
	if (screen->list != NULL)
		plan_key(line, '/', _("Filter"), 0);
	plan_key(line, TERM_F + 1, _("Help"), 0);
	plan_key(line, TERM_F + 10, _("Quit"), 0);
	do
		line->gap = line->width + 2 * ((int)line->count - 1) <= width ? 2 : 1;
	while (line->width + line->gap * ((int)line->count - 1) > width && drop_key(line));
}

static void draw_keys(struct tui *tui, struct rect all)
{
	struct key_line line;
	int x = 0, y = all.height - 1;

	term_fill((struct rect){y, 0, 1, all.width}, STYLE_BAR);
	plan_keys(tui, &line, all.width);
	for (size_t i = 0; i < line.count; i++) {
		char name[16];

		x += term_put(y, x, all.width - x, STYLE_BAR_KEY, keys_name(line.keys[i], name, sizeof(name)));
		x += 1 + term_put(y, x + 1, all.width - x - 1, STYLE_BAR, line.labels[i]);
		tui->bar_keys[i] = line.keys[i];
		tui->bar_ends[i] = x;
		x += line.gap;
	}
	tui->bar_count = line.count;
}

/* --- messages and the filter */

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

/* The whole last message, upwards from the line above the keys. */
static void draw_message(const struct tui *tui, struct rect all)
{
	struct strlist lines = {NULL, 0};
	size_t count, room = all.height > 4 ? (size_t)all.height - 4 : 1;
	int y;

	tui_text_wrap(tui->message, (size_t)all.width - 1, &lines);
	count = lines.count < room ? lines.count : room;
	y = all.height - 1 - (int)count;
	for (size_t i = 0; i < count; i++) {
		term_fill((struct rect){y + (int)i, 0, 1, all.width}, STYLE_NORMAL);
		term_put(y + (int)i, 0, all.width, tui->message_style, lines.items[i]);
	}
	strlist_clear(&lines);
}

static int draw_typed_filter(struct tui *tui, int y, int x)
{
	size_t cursor;
	char *view = tui_line_view(&tui->filter, 24, false, &cursor);

	term_put(y, x, 25, STYLE_FIELD, view);
	term_cursor(y, x + (int)cursor);
	free(view);
	return 26;
}

/* The filter, the number of marked rows, and at the right whether the gateway is running. */
static void draw_state(struct tui *tui, struct rect all)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);
	const struct list *list = screen->list == NULL ? NULL : screen->list(tui->states[tui->here]);
	int y = all.height - 2, room, x = 0;
	enum term_style style;
	const char *state = link_text(tui, &style);
	size_t shown, marked;

	room = all.width - (int)text_width(state) - 2;
	term_put(y, room + 1, all.width - room - 1, style, state);
	if (list == NULL)
		return;
	marked = list_marked(list);
	if (tui->filtering || list->filter[0] != '\0') {
		x += term_putf(y, 0, room, STYLE_STRONG, _("Filter:")) + 1;
		x += tui->filtering ? draw_typed_filter(tui, y, x) : term_put(y, x, room - x, STYLE_WARNING, list->filter) + 1;
		shown = list_shown(list);
		x += term_putf(y, x, room - x, STYLE_DIM, _n("%zu row", "%zu rows", shown), shown) + 1;
	}
	if (marked > 0)
		term_putf(y, x, room - x, STYLE_STRONG, _n("%zu marked", "%zu marked", marked), marked);
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
		term_put(0, 0, all.width, STYLE_WARNING, _("The window is too small."));
		term_show();
		return;
	}
	draw_tabs(tui, all);
	screen->draw(tui, tui->states[tui->here], (struct rect){1, 0, all.height - 3, all.width});
	draw_state(tui, all);
	if (tui->message[0] != '\0' && !tui->filtering)
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
		for (int i = 0; i < SCREENS_WITH_TAB; i++)
			if (place.x < tui->tab_ends[i])
				return TERM_F + 2 + i;
	if (place.y == term_size().height - 1)
		for (size_t i = 0; i < tui->bar_count; i++)
			if (place.x < tui->bar_ends[i])
				return tui->bar_keys[i];
	return TERM_NONE;
}
