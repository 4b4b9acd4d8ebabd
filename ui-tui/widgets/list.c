#include "ui-tui/widgets/list.h"

#include "base/alloc.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdarg.h>
#include <stdlib.h>

void list_init(struct list *list, const struct list_column *columns, size_t column_count)
{
	*list = (struct list){.columns = columns, .column_count = column_count, .filter = xstrdup(""), .wanted = xstrdup(""),
	    .page = 1, .sorted = -1};
}

static void clear_rows(struct list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->rows[i].id);
		for (size_t j = 0; j < LIST_COLUMNS; j++)
			free(list->rows[i].cells[j]);
	}
	free(list->rows);
	list->rows = NULL;
	list->count = 0;
}

void list_clear(struct list *list)
{
	clear_rows(list);
	strlist_clear(&list->marks);
	free(list->filter);
	free(list->wanted);
	free(list->kept);
	*list = (struct list){0};
}

/* --- filling */

void list_begin(struct list *list)
{
	const struct list_row *row = list_selected(list);

	free(list->kept);
	list->kept = row == NULL ? NULL : xstrdup(row->id);
	strlist_clear(&list->marks);
	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].marked)
			strlist_add(&list->marks, list->rows[i].id);
	clear_rows(list);
}

void list_add(struct list *list, const char *id, enum term_style style)
{
	ARRAY_GROW(list->rows, list->count);
	list->rows[list->count] = (struct list_row){
	    .id = xstrdup(id), .order = list->count, .style = style, .marked = strlist_has(&list->marks, id)};
	list->count++;
	list->filled = 0;
}

void list_heading(struct list *list, const char *text)
{
	list_add(list, "", STYLE_STRONG);
	list_cell(list, text);
	list->rows[list->count - 1].is_heading = true;
}

void list_cell(struct list *list, const char *text)
{
	if (list->filled < LIST_COLUMNS)
		list->rows[list->count - 1].cells[list->filled++] = xstrdup(text);
}

void list_cellf(struct list *list, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	list_cell(list, text);
	free(text);
}

void list_number(struct list *list, int64_t number)
{
	if (list->filled > 0)
		list->rows[list->count - 1].numbers[list->filled - 1] = number;
}

static bool can_select(const struct list *list, size_t at)
{
	return at < list->count && !list->rows[at].hidden && !list->rows[at].is_heading;
}

/* The nearest selectable row from there on, forwards, then backwards. */
static size_t nearest(const struct list *list, size_t at)
{
	for (size_t i = at; i < list->count; i++)
		if (can_select(list, i))
			return i;
	for (size_t i = at < list->count ? at : list->count; i > 0; i--)
		if (can_select(list, i - 1))
			return i - 1;
	return list->count;
}

static bool row_has(const struct list_row *row, const char *filter)
{
	struct buf text = BUF_INIT(1u << 20);
	bool has;

	for (size_t i = 0; i < LIST_COLUMNS && row->cells[i] != NULL; i++)
		buf_printf(&text, "%s ", row->cells[i]);
	has = tui_text_has(buf_text(&text), filter);
	buf_clear(&text);
	return has;
}

/* A heading is shown if a row below it is. */
static void apply_filter(struct list *list)
{
	bool any = false;

	for (size_t i = list->count; i > 0; i--) {
		struct list_row *row = &list->rows[i - 1];

		row->hidden = row->is_heading ? !any : !row_has(row, list->filter);
		any = row->is_heading ? false : any || !row->hidden;
	}
}

/* Rows that are shown before this one. */
static size_t line_of(const struct list *list, size_t at)
{
	size_t line = 0;

	for (size_t i = 0; i < at && i < list->count; i++)
		line += !list->rows[i].hidden;
	return line;
}

/* top counts shown rows; the selected one, and a heading directly above it, are in the window. */
static void keep_in_window(struct list *list)
{
	size_t line = line_of(list, list->selected), total = line_of(list, list->count);
	size_t above = list->selected > 0 && list->selected < list->count &&
		       list->rows[list->selected - 1].is_heading;

	if (list->top + list->page > total)
		list->top = total > list->page ? total - list->page : 0;
	if (line >= list->top + list->page && list->selected < list->count)
		list->top = line + 1 - list->page;
	if (line - above < list->top)
		list->top = line - above;
}

static size_t last_row(const struct list *list)
{
	for (size_t i = list->count; i > 0; i--)
		if (can_select(list, i - 1))
			return i - 1;
	return list->count;
}

/* --- sorting */

static int compare_cells(const struct list_row *a, const struct list_row *b, size_t column)
{
	const char *left = a->cells[column] == NULL ? "" : a->cells[column];
	const char *right = b->cells[column] == NULL ? "" : b->cells[column];

	if (a->numbers[column] != b->numbers[column])
		return a->numbers[column] < b->numbers[column] ? -1 : 1;
	return tui_text_compare(left, right);
}

static int compare_rows(const void *one, const void *other, void *context)
{
	const struct list *list = context;
	const struct list_row *a = one, *b = other;
	int result = list->sorted < 0 ? 0 : compare_cells(a, b, (size_t)list->sorted);

	if (result != 0)
		return list->descending ? -result : result;
	return a->order < b->order ? -1 : 1;
}

/* Groups stay where they are; the rows in each are sorted. */
static void sort_rows(struct list *list)
{
	for (size_t from = 0, to; from < list->count; from = to + 1) {
		for (to = from; to < list->count && !list->rows[to].is_heading;)
			to++;
		if (to > from)
			qsort_r(list->rows + from, to - from, sizeof(*list->rows), compare_rows, list);
	}
}

/* The selected row stays selected when it moves. */
static void sort_again(struct list *list)
{
	const struct list_row *row = list_selected(list);
	char *id = row == NULL ? NULL : xstrdup(row->id);

	sort_rows(list);
	if (id != NULL)
		list_select(list, id);
	free(id);
}

void list_sort_next(struct list *list)
{
	do
		list->sorted++;
	while (list->sorted < (int)list->column_count && list->columns[list->sorted].title[0] == '\0');
	if (list->sorted >= (int)list->column_count)
		list->sorted = -1;
	list->descending = false;
	list->follow = false;
	sort_again(list);
}

void list_sort_reverse(struct list *list)
{
	if (list->sorted < 0)
		return;
	list->descending = !list->descending;
	sort_again(list);
}

void list_end(struct list *list)
{
	size_t old = list->selected;

	if (list->sorted >= 0)
		sort_rows(list);
	apply_filter(list);
	if (list->follow)
		list->selected = last_row(list);
	else if (list->kept == NULL || !list_select(list, list->kept))
		list->selected = nearest(list, old);
	keep_in_window(list);
}

/* --- moving */

struct list_row *list_selected(const struct list *list)
{
	return can_select(list, list->selected) ? &list->rows[list->selected] : NULL;
}

bool list_select(struct list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (can_select(list, i) && strcmp(list->rows[i].id, id) == 0) {
			list->selected = i;
			keep_in_window(list);
			return true;
		}
	return false;
}

static void move_down(struct list *list, size_t steps)
{
	for (size_t i = list->selected + 1; i < list->count && steps > 0; i++)
		if (can_select(list, i)) {
			list->selected = i;
			steps--;
		}
}

static void move_up(struct list *list, size_t steps)
{
	for (size_t i = list->selected; i > 0 && steps > 0; i--)
		if (can_select(list, i - 1)) {
			list->selected = i - 1;
			steps--;
		}
}

int list_motion(int key)
{
	static const struct {
		int key, motion;
	} motions[] = {{'j', TERM_DOWN}, {'k', TERM_UP}, {'g', TERM_HOME}, {'G', TERM_END}, {TERM_CTRL('D'), TERM_PAGE_DOWN},
	    {TERM_CTRL('U'), TERM_PAGE_UP}, {TERM_CTRL('F'), TERM_PAGE_DOWN}, {TERM_CTRL('B'), TERM_PAGE_UP}};

	for (size_t i = 0; i < ARRAY_LEN(motions); i++)
		if (motions[i].key == key)
			return motions[i].motion;
	return key;
}

bool list_key(struct list *list, int key)
{
	switch (key) {
	case TERM_UP:
		move_up(list, 1);
		break;
	case TERM_DOWN:
		move_down(list, 1);
		break;
	case TERM_WHEEL_UP:
		move_up(list, 3);
		break;
	case TERM_WHEEL_DOWN:
		move_down(list, 3);
		break;
	case TERM_PAGE_UP:
		move_up(list, list->page);
		break;
	case TERM_PAGE_DOWN:
		move_down(list, list->page);
		break;
	case TERM_HOME:
		list->selected = nearest(list, 0);
		list->top = 0;
		break;
	case TERM_END:
		list->selected = last_row(list);
		break;
	default:
		return false;
	}
	list->follow = list->sorted < 0 && list->selected == last_row(list);
	keep_in_window(list);
	return true;
}

void list_filter(struct list *list, const char *text)
{
	char *copy = xstrdup(text);

	free(list->filter);
	list->filter = copy;
	if (copy[0] != '\0') {
		free(list->wanted);
		list->wanted = xstrdup(copy);
	}
	apply_filter(list);
	if (!can_select(list, list->selected))
		list->selected = nearest(list, list->selected);
	keep_in_window(list);
}

bool list_find(struct list *list, bool forward)
{
	for (size_t i = 1; i <= list->count && list->wanted[0] != '\0'; i++) {
		size_t at = (list->selected + (forward ? i : list->count - i)) % list->count;

		if (!can_select(list, at) || !row_has(&list->rows[at], list->wanted))
			continue;
		list->selected = at;
		list->follow = false;
		keep_in_window(list);
		return true;
	}
	return false;
}

static bool begins_group(const struct list *list, size_t at)
{
	return can_select(list, at) && at > 0 && list->rows[at - 1].is_heading;
}

bool list_next_group(struct list *list, bool forward)
{
	size_t at = list->selected;

	do {
		if (forward ? at + 1 >= list->count : at == 0)
			return false;
		at = forward ? at + 1 : at - 1;
	} while (!begins_group(list, at));
	list->selected = at;
	keep_in_window(list);
	return true;
}

size_t list_shown(const struct list *list)
{
	size_t shown = 0;

	for (size_t i = 0; i < list->count; i++)
		shown += can_select(list, i);
	return shown;
}

void list_mark(struct list *list)
{
	struct list_row *row = list_selected(list);

	if (row == NULL)
		return;
	row->marked = !row->marked;
	list_key(list, TERM_DOWN);
}

void list_mark_others(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (can_select(list, i))
			list->rows[i].marked = !list->rows[i].marked;
}

void list_unmark(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->rows[i].marked = false;
}

size_t list_marked(const struct list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->rows[i].marked && !list->rows[i].hidden;
	return count;
}

void list_chosen(const struct list *list, struct strlist *ids)
{
	const struct list_row *row = list_selected(list);

	for (size_t i = 0; i < list->count; i++)
		if (list->rows[i].marked && !list->rows[i].hidden)
			strlist_add(ids, list->rows[i].id);
	if (ids->count == 0 && row != NULL)
		strlist_add(ids, row->id);
}

void list_window(struct list *list, size_t rows)
{
	list->page = rows;
	keep_in_window(list);
}

size_t list_at(const struct list *list, size_t line)
{
	size_t shown = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->rows[i].hidden)
			continue;
		if (shown++ == list->top + line)
			return i;
	}
	return list->count;
}
