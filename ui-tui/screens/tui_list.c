#include "ui-tui/screens/tui_list.h"

#include "base/i18n.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

#define ROOM_FOR_ROW 8 /* minimum lines of a list; a shorter one keeps them all */
#define ROWS_KEPT 2     /* of such a list */
#define ROW_LINES 3    /* lines below a list for the selected row; more if needed */

static void draw_cells(const struct list *list, const struct list_row *row, const int widths[LIST_COLUMNS], int y,
    int x, enum term_style style)
{
	for (size_t i = 0; i < list->column_count && row->cells[i] != NULL; i++) {
		int width = (int)text_width(row->cells[i]);
		int indent = list->columns[i].right && width < widths[i] ? widths[i] - width : 0;

		term_put(y, x + indent, widths[i] - indent, style, row->cells[i]);
		x += widths[i] + 1;
	}
}

static const char *title_of(const struct list *list, size_t column)
{
	return list->columns[column].title[0] == '\0' ? "" : _(list->columns[column].title);
}

static void draw_heads(const struct list *list, const int widths[LIST_COLUMNS], int y, int x)
{
	for (size_t i = 0; i < list->column_count; i++) {
		bool is_sorted = (int)i == list->sorted;
		const char *mark = !is_sorted ? "" : list->descending ? "↓" : "↑";
		int width = (int)text_width(title_of(list, i)) + is_sorted;
		int indent = list->columns[i].right && width < widths[i] ? widths[i] - width : 0;

		term_putf(y, x + indent, widths[i] - indent, is_sorted ? STYLE_STRONG : STYLE_DIM, "%s%s", title_of(list, i), mark);
		x += widths[i] + 1;
	}
}

static void draw_row(const struct list *list, size_t at, const int widths[LIST_COLUMNS], struct rect line)
{
	const struct list_row *row = &list->rows[at];
	enum term_style style = at == list->selected ? STYLE_SELECTED : row->style;

	if (at == list->selected)
		term_fill(line, style);
	term_put(line.y, line.x, 1, style, row->marked ? "*" : " ");
	if (row->is_heading)
		term_put(line.y, line.x, line.width, STYLE_STRONG, row->cells[0]);
	else
		draw_cells(list, row, widths, line.y, line.x + 1, style);
}

/* Shows that there are rows above or below the visible ones. */
static void draw_marks(const struct list *list, struct rect area)
{
	int x = area.x + area.width - 1;

	if (list->top > 0)
		term_put(area.y, x, 1, STYLE_WARNING, "↑");
	if (list_at(list, (size_t)area.height) < list->count)
		term_put(area.y + area.height - 1, x, 1, STYLE_WARNING, "↓");
}

void tui_list_draw(struct tui *tui, struct list *list, struct rect area)
{
	int widths[LIST_COLUMNS] = {0};
	bool has_heads = false;

	for (size_t i = 0; i < list->column_count; i++)
		has_heads = has_heads || list->columns[i].title[0] != '\0';
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

		if (at >= list->count)
			break;
		draw_row(list, at, widths, (struct rect){area.y + line, area.x, 1, area.width});
	}
	draw_marks(list, area);
	if (list->count > 0 && list->filter[0] != '\0' && list_shown(list) == 0)
		term_put(area.y, area.x + 2, area.width - 4, STYLE_WARNING, _("Nothing matches. Esc shows all rows again."));
}

/* --- the selected row in full */

/* The cells that the list has cut, with their titles. */
static void add_cut_cells(const struct list *list, const struct list_row *row, int width, struct buf *text)
{
	int widths[LIST_COLUMNS] = {0};

	list_layout(list, width - 1, widths);
	for (size_t i = 0; i < list->column_count && row->cells[i] != NULL; i++)
		if ((int)text_width(row->cells[i]) > widths[i])
			buf_printf(text, "%s%s%s%s", text->len > 0 ? "\n" : "", title_of(list, i),
			    title_of(list, i)[0] == '\0' ? "" : ": ", row->cells[i]);
}

/* Lines to reserve below the list; if there is little room, only those that its rows leave. */
static int row_lines(const struct list *list, const struct strlist *lines, int height)
{
	int wanted = (int)lines->count > ROW_LINES ? (int)lines->count : ROW_LINES;
	int left = height - 1 - ((int)list_shown(list) < ROWS_KEPT ? (int)list_shown(list) : ROWS_KEPT);

	if (height < ROOM_FOR_ROW)
		return left < 0 ? 0 : left < (int)lines->count ? left : (int)lines->count;
	return wanted > height / 2 ? height / 2 : wanted;
}

void tui_list_draw_with_row(struct tui *tui, struct list *list, struct rect area)
{
	const struct list_row *row = list_selected(list);
	struct buf text = BUF_INIT(16384);
	struct strlist lines = {NULL, 0};
	int count, y;
	bool has_line = area.height >= ROOM_FOR_ROW;

	if (row != NULL)
		add_cut_cells(list, row, area.width, &text);
	if (text.len > 0)
		tui_text_wrap(buf_text(&text), (size_t)area.width - 2, &lines);
	count = row_lines(list, &lines, area.height);
	y = area.y + area.height - count;
	tui_list_draw(tui, list, (struct rect){area.y, area.x, area.height - count - has_line, area.width});
	if (has_line && list->count > 0)
		term_line(y - 1, area.x, area.width);
	for (int i = 0; i < count && i < (int)lines.count; i++)
		term_put(y + i, area.x + 1, area.width - 2, STYLE_NORMAL, lines.items[i]);
	if (lines.count > (size_t)count && count > 0)
		term_put(y + count - 1, area.x + area.width - 8, 8, STYLE_WARNING, " ... (v)");
	strlist_clear(&lines);
	buf_clear(&text);
}

void tui_list_text(const struct list *list, struct buf *text)
{
	const struct list_row *row = list_selected(list);

	for (size_t i = 0; row != NULL && i < list->column_count && row->cells[i] != NULL; i++)
		if (row->cells[i][0] != '\0')
			buf_printf(text, "%s%s%s\n", title_of(list, i), title_of(list, i)[0] == '\0' ? "" : ": ", row->cells[i]);
}
