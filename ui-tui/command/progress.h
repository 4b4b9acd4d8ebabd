/*
 * The progress of a session: one bar per account on a terminal, plain lines otherwise.
 */
#ifndef LANPOST_UI_TUI_PROGRESS_H
#define LANPOST_UI_TUI_PROGRESS_H

#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress_row {
	char *name;  /* of the account; "" for the queue */
	char *state; /* "connecting", "fetching", "sending", "done", "failed" */
	char *error; /* "" if none */
	int64_t done, total, bytes, bytes_total;
	int64_t rate, seconds_left; /* bytes a second; 0: not known */
};

struct progress {
	bool on_terminal;
	size_t width; /* of the terminal */
	struct progress_row *rows;
	size_t count, drawn; /* drawn: rows on the screen */
};

void progress_init(struct progress *progress);
void progress_clear(struct progress *progress);
/* Processes an event without showing it. Returns its row, NULL if it concerns none. */
struct progress_row *progress_take(struct progress *progress, const json_t *event);
/* "branch", "outgoing"; "fetching"; further details: "3/7 12 KB"; translated. */
const char *progress_title(const struct progress_row *row);
void progress_figures(const struct progress_row *row, struct buf *line);
/* The number of full cells of a bar with this many cells. */
int64_t progress_share(const struct progress_row *row, int64_t cells);
/* A control_client_event_fn; context is the progress. */
void progress_event(void *context, const json_t *event);
/* Prints the final answer of a session. Returns true if nothing failed in it. */
bool progress_summary(const struct progress *progress, const json_t *answer);

#endif
