/*
 * The day as a plot: counts by hour, drawn with eighths of a character. No I/O.
 */
#ifndef LANPOST_UI_TUI_PLOT_H
#define LANPOST_UI_TUI_PLOT_H

#include <stdint.h>

struct state;

struct plot {
	unsigned in[24], out[24]; /* messages fetched, recipients sent to */
	unsigned in_total, out_total, largest;
	int hour; /* now */
};

/* Counts one event of the journal, given the beginning and end of its day in local time. */
void plot_count(struct plot *plot, int64_t midnight, int64_t time, const char *event, const char *detail);
/* The character in that row (0 is the lowest) of a column `rows` high. */
const char *plot_cell(unsigned value, unsigned largest, int rows, int row);
/* Today's counts from the journal; all 0 without one. */
void plot_today(struct plot *plot, struct state *state);

#endif
