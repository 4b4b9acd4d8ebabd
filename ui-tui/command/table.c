#include "ui-tui/command/table.h"

#include "base/alloc.h"
#include "base/str.h"
#include "ui-tui/widgets/text_width.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP 2	  /* between columns */
#define NARROW 10 /* a flexible column is not made narrower */

void table_add(struct table *table, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	char *cell = xmalloc(size);

	ARRAY_GROW(table->cells, table->count);
	table->cells[table->count++] = str_printable(cell, size, slice_of(text));
}

void table_addf(struct table *table, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = xvasprintf(format, args);
	va_end(args);
	table_add(table, text);
	free(text);
}

/* --- fitting a terminal */

/* Columns of the terminal on standard output; 0 if it is not a terminal: then nothing is cut. */
static size_t terminal_width(void)
{
	struct winsize size = {0};

	if (isatty(STDOUT_FILENO) != 1)
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static bool is_flexible(const struct table *table, size_t column)
{
	return table->alignment[column] == 'L' || table->alignment[column] == 'W';
}

static size_t total_width(const struct table *table, const size_t *widths)
{
	size_t total = 0;

	for (size_t i = 0; i < table->columns; i++)
		if (widths[i] > 0)
			total += widths[i] + (total > 0 ? GAP : 0);
	return total;
}

/* The widest flexible column that can still be made narrower; table->columns if there is none. */
static size_t widest(const struct table *table, const size_t *widths)
{
	size_t best = table->columns;

	for (size_t i = 0; i < table->columns; i++)
		if (is_flexible(table, i) && widths[i] > NARROW && (best == table->columns || widths[i] > widths[best]))
			best = i;
	return best;
}

/* The least important column that is still shown; table->columns if all have to stay. */
static size_t least(const struct table *table, const size_t *widths)
{
	size_t best = table->columns;

	for (size_t i = 0; table->spare != NULL && i < table->columns; i++)
		if (widths[i] > 0 && table->spare[i] > '0' && (best == table->columns || table->spare[i] > table->spare[best]))
			best = i;
	return best;
}

/* Columns are narrowed as far as possible; then the least important one is removed (its width becomes 0), and the
 * others get its room. */
static void fit(const struct table *table, size_t *widths, size_t room)
{
	size_t *full = xcalloc(table->columns, sizeof(*full));
	size_t column;

	memcpy(full, widths, table->columns * sizeof(*full));
	while (room > 0 && total_width(table, widths) > room) {
		column = widest(table, widths);
		if (column < table->columns) {
			widths[column]--;
			continue;
		}
		column = least(table, widths);
		if (column == table->columns)
			break;
		full[column] = 0;
		memcpy(widths, full, table->columns * sizeof(*full));
	}
	free(full);
}

/* --- printing */

static void print_cell(const char *cell, size_t width, char alignment, bool is_last)
{
	size_t used = text_width(cell);
	int blanks = used < width ? (int)(width - used) : 0;

	if (alignment == 'r')
		printf("%*s%s", blanks, "", cell);
	else
		printf("%s%*s", cell, is_last ? 0 : blanks, "");
	fputs(is_last ? "\n" : "  ", stdout);
}

/* The text in lines of limited width, broken at blanks if there are any; the second and later lines are indented. */
static void print_wrapped(const char *text, size_t width, size_t indent)
{
	size_t len, at, used;

	while (text[len = text_fit(text, width, &used)] != '\0' && len > 0) {
		at = len;
		while (at > 0 && text[at] != ' ')
			at--;
		len = at > 0 ? at : len;
		printf("%.*s\n%*s", (int)len, text, (int)indent, "");
		text += len + strspn(text + len, " ");
	}
	puts(text);
}

static void print_row(const struct table *table, char *const *cells, const size_t *widths, size_t last, bool wraps)
{
	size_t indent = 0;

	for (size_t i = 0; i <= last; i++) {
		char *shown;

		if (widths[i] == 0)
			continue;
		if (i == last && wraps) {
			print_wrapped(cells[i], widths[i], indent);
			continue;
		}
		shown = text_cut(cells[i], widths[i]);
		print_cell(shown, widths[i], table->alignment[i], i == last);
		free(shown);
		indent += widths[i] + GAP;
	}
}

void table_print(struct table *table)
{
	size_t *widths = xcalloc(table->columns, sizeof(*widths)), last = table->columns - 1;
	size_t room = terminal_width();

	for (size_t i = 0; i < table->count; i++) {
		size_t width = text_width(table->cells[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	fit(table, widths, room);
	while (last > 0 && widths[last] == 0)
		last--;
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		print_row(table, table->cells + i, widths, last, room > 0 && table->alignment[last] == 'W');
	free(widths);
	table_clear(table);
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
}
