/*
 * Tables on standard output: columns are aligned by their width on a terminal, not by bytes. On a terminal they fit
 * its width; otherwise nothing is cut.
 */
#ifndef LANPOST_UI_TUI_TABLE_H
#define LANPOST_UI_TUI_TABLE_H

#include <stddef.h>

struct table {
	size_t columns, count; /* count: of cells */
	char **cells;	       /* row by row; made printable */
	/* A letter for each column: 'l' and 'r' are never cut, 'L' is cut if there is no room, 'W' (the last one)
	 * continues in more lines. */
	const char *alignment;
	const char *spare; /* a digit for each column: the highest is omitted first, 0 never; NULL: all 0 */
};
#define TABLE_INIT(letters) {.columns = sizeof(letters) - 1, .alignment = (letters)}
#define TABLE_SPARE(letters, digits) {.columns = sizeof(letters) - 1, .alignment = (letters), .spare = (digits)}
void table_add(struct table *table, const char *text); /* the next cell */
void table_addf(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints all rows, the first one being the heads; frees the cells. */
void table_print(struct table *table);
void table_clear(struct table *table);

#endif
