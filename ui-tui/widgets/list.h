/*
 * The lists of the screens: rows with an identity, one of them selected, some marked, a filter. No I/O.
 *
 * The rows are refilled whenever the data may have changed: begin, add, end. The selection, the marks and the
 * scroll position follow the rows' identities.
 */
#ifndef LANPOST_UI_TUI_LIST_H
#define LANPOST_UI_TUI_LIST_H

#include "base/str.h"
#include "ui-tui/widgets/term.h"

#define LIST_COLUMNS 8

struct list_column {
	const char *title; /* N_() */
	int width;	   /* maximum columns; 0: the rest, shared by all such columns */
	bool right;	   /* aligned */
};

struct list_row {
	char *id;
	char *cells[LIST_COLUMNS];
	int64_t numbers[LIST_COLUMNS]; /* the sort key of a column of numbers, see list_number() */
	size_t order;		       /* order of adding */
	enum term_style style;
	bool is_heading; /* cannot be selected; its first cell spans all columns */
	bool marked, hidden;
};

struct list {
	const struct list_column *columns;
	size_t column_count;
	struct list_row *rows;
	size_t count;
	size_t selected; /* an index into rows; count if nothing can be selected */
	size_t top;	 /* the first row of the window */
	size_t filled;	 /* cells of the row that is being added */
	size_t page;	 /* rows of the window, set by the drawing code */
	char *filter;	 /* "" for none */
	bool follow;	 /* stay at the end when rows are added */
	int sorted;	 /* by this column; -1: as they were added */
	bool descending;
	char *wanted;	 /* the last filter, for list_find() */
	char *kept;	 /* identity of the selected row while the rows are filled */
	struct strlist marks;
};

void list_init(struct list *list, const struct list_column *columns, size_t column_count);
void list_clear(struct list *list);

void list_begin(struct list *list);
/* A new row, then its cells in order. */
void list_add(struct list *list, const char *id, enum term_style style);
void list_heading(struct list *list, const char *text);
void list_cell(struct list *list, const char *text);
void list_cellf(struct list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The last cell is sorted by this number, not by its text. */
void list_number(struct list *list, int64_t number);
void list_end(struct list *list);

/* The selected row, NULL if there is none. */
struct list_row *list_selected(const struct list *list);
/* Selects by identity; false if there is no such row. */
bool list_select(struct list *list, const char *id);
/* Handles movement keys; returns false for others. */
bool list_key(struct list *list, int key);
/* The movement of a key such as j (down) when no text is entered; other keys are returned unchanged. */
int list_motion(int key);
/* Shows only the rows with all words of the text. */
void list_filter(struct list *list, const char *text);
/* Selects the next (or previous) row with the words of the last filter, with wrap-around; returns false if there is
 * none. */
bool list_find(struct list *list, bool forward);
/* Goes to the first row of the next group (or of this one, or of the previous one); returns false if
 * there is none. */
bool list_next_group(struct list *list, bool forward);
/* Sorts by the next column that has a title; after the last one: in the order of adding. */
void list_sort_next(struct list *list);
/* Reverses the sort order. */
void list_sort_reverse(struct list *list);
size_t list_shown(const struct list *list); /* number of selectable rows */
/* Marks or unmarks the selected row and goes to the next. */
void list_mark(struct list *list);
/* Inverts the marks of the shown rows. */
void list_mark_others(struct list *list);
void list_unmark(struct list *list);
size_t list_marked(const struct list *list);
/* Identities of the marked rows, else of the selected one. */
void list_chosen(const struct list *list, struct strlist *ids);
/* Sets the number of rows of the window. */
void list_window(struct list *list, size_t rows);
/* The row at that line of the window; count if there is none. */
size_t list_at(const struct list *list, size_t line);
/* The columns of each cell for this width of the list, with a blank after each. */
void list_layout(const struct list *list, int width, int widths[LIST_COLUMNS]);

#endif
