/* The widths of the columns of a list: what each needs, or its share of the room. */
#include "ui-tui/widgets/list.h"

#include "base/i18n.h"
#include "ui-tui/widgets/text_width.h"

/* As wide as its widest text, up to the maximum of the column. A title of an empty column needs no room, unless the
 * whole list is empty. */
static int natural_width(const struct list *list, size_t column)
{
	const char *title = list->columns[column].title;
	size_t width = 0, heads = title[0] == '\0' ? 0 : text_width(_(title)) + ((int)column == list->sorted);

	for (size_t i = 0; i < list->count; i++) {
		const struct list_row *row = &list->rows[i];
		size_t cell = row->hidden || row->is_heading || row->cells[column] == NULL
				  ? 0
				  : text_width(row->cells[column]);

		width = cell > width ? cell : width;
	}
	if ((width > 0 || list_shown(list) == 0) && width < heads)
		width = heads;
	if (list->columns[column].width > 0 && width > (size_t)list->columns[column].width)
		width = (size_t)list->columns[column].width;
	return width > 1000 ? 1000 : (int)width;
}

/* Columns that need less than their share get what they need, until all remaining columns need
 * more. */
static void share_out(const struct list *list, int left, int widths[LIST_COLUMNS])
{
	bool is_done[LIST_COLUMNS] = {false};
	int elastic = 0;
	bool again = true;

	for (size_t i = 0; i < list->column_count; i++) {
		is_done[i] = list->columns[i].width != 0;
		elastic += !is_done[i];
	}
	while (again && elastic > 0) {
		again = false;
		for (size_t i = 0; i < list->column_count; i++) {
			if (is_done[i] || widths[i] > left / elastic)
				continue;
			is_done[i] = again = true;
			left -= widths[i];
			if (--elastic == 0)
				return;
		}
	}
	for (size_t i = 0; i < list->column_count; i++)
		if (!is_done[i]) {
			widths[i] = left / elastic;
			left -= widths[i];
			elastic--;
		}
}

void list_layout(const struct list *list, int width, int widths[LIST_COLUMNS])
{
	int left = width - (int)list->column_count, wanted = 0;
	size_t last = list->column_count - 1;

	for (size_t i = 0; i < list->column_count; i++) {
		widths[i] = natural_width(list, i);
		if (list->columns[i].width != 0)
			left -= widths[i];
		else
			wanted += widths[i];
	}
	left = left < 0 ? 0 : left;
	if (wanted > left)
		share_out(list, left, widths);
	else if (list->columns[0].width == 0 && list->column_count == 2)
		widths[0] = left; /* a text and a word at the right edge */
	else if (list->columns[last].width == 0)
		widths[last] += left - wanted;
}
