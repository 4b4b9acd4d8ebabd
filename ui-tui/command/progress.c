#include "ui-tui/command/progress.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "base/phrase.h"
#include "ui-tui/widgets/text_width.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR 24
#define NAME_COLUMNS 16
#define NAME_MAX_COLUMNS 30 /* longer names are cut */
#define WIDTH_MIN 50
#define WIDTH_MAX 110

void progress_init(struct progress *progress)
{
	struct winsize size;

	*progress = (struct progress){.on_terminal = isatty(STDOUT_FILENO) == 1, .width = 79};
	if (progress->on_terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
	    size.ws_col >= WIDTH_MIN)
		progress->width = size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col - 1u;
}

static void clear_row(struct progress_row *row)
{
	free(row->name);
	free(row->state);
	free(row->error);
}

void progress_clear(struct progress *progress)
{
	for (size_t i = 0; i < progress->count; i++)
		clear_row(&progress->rows[i]);
	free(progress->rows);
	*progress = (struct progress){0};
}

/* --- reading events */

/* New memory: the text of a member, safe on a terminal; "" if it is missing or null. */
static char *safe_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	size_t size = text == NULL ? 1 : strlen(text) * 4 + PHRASE_TEXT_MAX;

	return phrase_show(xmalloc(size), size, text == NULL ? "" : text, NULL);
}

static int64_t number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static struct progress_row *row_of(struct progress *progress, char *name)
{
	for (size_t i = 0; i < progress->count; i++) {
		if (strcmp(progress->rows[i].name, name) != 0)
			continue;
		free(name);
		return &progress->rows[i];
	}
	ARRAY_GROW(progress->rows, progress->count);
	progress->rows[progress->count] =
	    (struct progress_row){.name = name, .state = xstrdup(""), .error = xstrdup("")};
	return &progress->rows[progress->count++];
}

static const char *progress_state(const struct progress_row *row)
{
	static const struct {
		const char *word, *shown;
	} states[] = {
	    {"connecting", N_("connecting")},
	    {"fetching", N_("fetching")},
	    {"sending", N_("sending")},
	    {"done", N_("done")},
	    {"failed", N_("failed")},
	};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(row->state, states[i].word) == 0)
			return _(states[i].shown);
	return row->state;
}

const char *progress_title(const struct progress_row *row)
{
	return row->name[0] == '\0' ? _("outgoing") : row->name;
}

/* --- drawing */

/* A server may claim any size. */
static int64_t share(int64_t done, int64_t total, int64_t cells)
{
	return done <= 0 ? 0 : done >= total ? cells : (int64_t)((double)done / (double)total * (double)cells);
}

int64_t progress_share(const struct progress_row *row, int64_t cells)
{
	if (strcmp(row->state, "done") == 0)
		return cells;
	if (row->bytes_total > 0)
		return share(row->bytes, row->bytes_total, cells);
	return row->total > 0 ? share(row->done, row->total, cells) : 0;
}

static void append_bar(struct buf *line, const struct progress_row *row)
{
	int64_t filled = progress_share(row, BAR);

	for (int64_t i = 0; i < BAR; i++)
		buf_append_text(line, i < filled ? "█" : "░");
}

static void append_padded(struct buf *line, const char *text, size_t width)
{
	size_t used = text_width(text);

	buf_printf(line, "%s%*s", text, used < width ? (int)(width - used) : 0, "");
}

/* Drops characters at the end until the line fits: a wrapped line would break the redrawing. */
static void cut(struct buf *line, size_t width)
{
	while (line->len > 0 && text_width(buf_text(line)) > width) {
		do
			line->len--;
		while (line->len > 0 && ((unsigned char)line->ptr[line->len] & 0xC0) == 0x80);
	}
}

void progress_figures(const struct progress_row *row, struct buf *line)
{
	char size[32];

	buf_append_text(line, progress_state(row));
	if (row->total > 0 || row->done > 0)
		buf_printf(line, " %lld/%lld", (long long)row->done, (long long)row->total);
	if (row->bytes > 0)
		buf_printf(line, " %s", i18n_size(size, sizeof(size), (unsigned long long)row->bytes));
	if (row->rate > 0) /* TRANSLATORS: bytes, kilobytes, ... per second */
		buf_printf(line, _(" %s/s"), i18n_size(size, sizeof(size), (unsigned long long)row->rate));
	if (row->seconds_left > 0 && strcmp(row->state, "fetching") == 0)
		buf_printf(line, _(", %lld:%02lld left"), (long long)row->seconds_left / 60,
		    (long long)row->seconds_left % 60);
	if (row->error[0] != '\0')
		buf_printf(line, ": %s", row->error);
}

/* All names in one column. */
static size_t name_columns(const struct progress *progress)
{
	size_t columns = NAME_COLUMNS;

	for (size_t i = 0; i < progress->count; i++) {
		size_t width = text_width(progress_title(&progress->rows[i]));

		columns = width > columns ? width : columns;
	}
	return columns < NAME_MAX_COLUMNS ? columns : NAME_MAX_COLUMNS;
}

static void write_row(const struct progress *progress, const struct progress_row *row,
    struct buf *line)
{
	char *title = text_cut(progress_title(row), NAME_MAX_COLUMNS);

	buf_append_text(line, "  ");
	append_padded(line, title, name_columns(progress));
	free(title);
	buf_append_byte(line, ' ');
	if (progress->on_terminal)
		append_bar(line, row);
	buf_append_byte(line, ' ');
	progress_figures(row, line);
	if (progress->on_terminal)
		cut(line, progress->width);
}

static void print_row(const struct progress *progress, const struct progress_row *row)
{
	struct buf line = BUF_INIT(16384);

	write_row(progress, row, &line);
	printf("%s%s\n", progress->on_terminal ? "\r\033[K" : "", buf_text(&line));
	buf_clear(&line);
}

static void redraw(struct progress *progress)
{
	if (progress->drawn > 0)
		printf("\033[%zuA", progress->drawn);
	for (size_t i = 0; i < progress->count; i++)
		print_row(progress, &progress->rows[i]);
	progress->drawn = progress->count;
	fflush(stdout);
}

static bool is_end(const char *state)
{
	return strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
}

struct progress_row *progress_take(struct progress *progress, const json_t *event)
{
	const char *kind = json_string_value(json_object_get(event, "event"));
	struct progress_row *row;

	if (kind == NULL || (strcmp(kind, "account") != 0 && strcmp(kind, "queue") != 0))
		return NULL;
	row = row_of(progress, safe_text(event, "account"));
	free(row->state);
	free(row->error);
	row->state = safe_text(event, "state");
	row->error = safe_text(event, "error");
	row->done = number(event, "done");
	row->total = number(event, "total");
	row->bytes = number(event, "bytes");
	row->bytes_total = number(event, "bytes_total");
	row->rate = number(event, "rate");
	row->seconds_left = number(event, "seconds_left");
	return row;
}

static void show(struct progress *progress, const struct progress_row *row)
{
	if (progress->on_terminal)
		redraw(progress);
	else if (is_end(row->state))
		print_row(progress, row);
	fflush(stdout);
}

void progress_event(void *context, const json_t *event)
{
	struct progress *progress = context;
	const char *kind = json_string_value(json_object_get(event, "event"));
	const struct progress_row *row = progress_take(progress, event);
	char *text;

	if (row != NULL) {
		show(progress, row);
	} else if (kind != NULL && strcmp(kind, "note") == 0) {
		text = safe_text(event, "text");
		printf("%s\n", text);
		free(text);
		progress->drawn = 0; /* the bars are redrawn below the note */
		fflush(stdout);
	}
}

/* --- the end */

/* Prints messages without an event (an account without a row, the line, the queue), and texts
 * that did not fit into a bar. */
static void print_problem(const char *what, const json_t *object, const char *member)
{
	char *text = safe_text(object, member);

	if (text[0] != '\0')
		printf(_("%s: failed: %s\n"), what, text);
	free(text);
}

static bool has_row(const struct progress *progress, const char *name)
{
	for (size_t i = 0; i < progress->count; i++)
		if (strcmp(progress->rows[i].name, name) == 0)
			return true;
	return false;
}

static void print_while_up(const json_t *ran)
{
	if (json_is_object(ran) && json_is_null(json_object_get(ran, "error")))
		printf(_("command while connected: done in %lld s\n"), (long long)number(ran, "seconds"));
	else if (json_is_object(ran))
		print_problem(_("command while connected"), ran, "error");
}

static void print_note(const json_t *answer, const char *field)
{
	char *note;

	if (!json_is_string(json_object_get(answer, field)))
		return;
	note = safe_text(answer, field);
	puts(note);
	free(note);
}

bool progress_summary(const struct progress *progress, const json_t *answer)
{
	int64_t fetched = 0, skipped = 0;
	const json_t *accounts = json_object_get(answer, "accounts");

	for (size_t i = 0; i < json_array_size(accounts); i++) {
		const json_t *account = json_array_get(accounts, i);
		char *name = safe_text(account, "name");

		fetched += number(account, "fetched");
		skipped += number(account, "left");
		if (progress->on_terminal || !has_row(progress, name))
			print_problem(name, account, "error");
		free(name);
	}
	print_problem(_("line"), answer, "line_error");
	if (progress->on_terminal || !has_row(progress, ""))
		print_problem(_("outgoing"), answer, "queue_error");
	print_while_up(json_object_get(answer, "while_up"));
	print_note(answer, "note");
	print_note(answer, "send_note");
	printf(_("fetched %lld, left on the server %lld, sent %lld, refused %lld, deferred %lld\n"),
	    (long long)fetched, (long long)skipped, (long long)number(answer, "sent"),
	    (long long)number(answer, "refused"), (long long)number(answer, "deferred"));
	return !json_is_true(json_object_get(answer, "failed"));
}
