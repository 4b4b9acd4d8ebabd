#include "ui-tui/cli.h"

#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

size_t text_width(const char *text)
{
	size_t width = 0;
	mbstate_t state = {0};
	size_t left = strlen(text);

	while (left > 0) {
		wchar_t character;
		size_t len = mbrtowc(&character, text, left, &state);
		int columns;

		if (len == 0 || len > left) { /* no locale for it: count bytes */
			len = 1;
			memset(&state, 0, sizeof(state));
			columns = 1;
		} else {
			columns = wcwidth(character);
		}
		width += columns > 0 ? (size_t)columns : 0;
		text += len;
		left -= len;
	}
	return width;
}

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

static void print_cell(const char *cell, size_t width, char alignment, bool is_last)
{
	int blanks = (int)(width - text_width(cell));

	if (alignment == 'r')
		printf("%*s%s", blanks, "", cell);
	else
		printf("%s%*s", cell, is_last ? 0 : blanks, "");
	fputs(is_last ? "\n" : "  ", stdout);
}

void table_print(struct table *table)
{
	size_t *widths = xcalloc(table->columns, sizeof(*widths));

	for (size_t i = 0; i < table->count; i++) {
		size_t width = text_width(table->cells[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->columns;

		print_cell(table->cells[i], widths[column], table->alignment[column],
		    column + 1 == table->columns);
	}
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
