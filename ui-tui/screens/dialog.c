#include "ui-tui/screens/dialog.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/widgets/qr.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

struct rect dialog_area(int height, int width)
{
	struct rect all = term_size();

	if (height > all.height - 2)
		height = all.height - 2;
	if (width > all.width - 2)
		width = all.width - 2;
	return (struct rect){(all.height - height) / 2, (all.width - width) / 2, height, width};
}

/* --- a text, perhaps of a running job */

#define TEXT_WIDTH 96
#define LINES_BELOW_QR 3
#define OUR_NAME "lanpost: " /* the prefix of the messages of verbs */

struct reader {
	const char *title, *text;
	struct job *job; /* NULL: a fixed text */
	size_t top, lines, page;
	bool follow;
	char *wanted;	   /* the search text, NULL */
	ssize_t found;	   /* the line with the match, -1 */
};

static struct buf *printed(struct reader *reader)
{
	return &reader->job->output;
}

static const char *reader_text(struct reader *reader)
{
	return reader->job == NULL ? reader->text : buf_text(printed(reader));
}

/* The source of the message is clear here. */
static const char *without_name(const char *line)
{
	return strncmp(line, OUR_NAME, strlen(OUR_NAME)) == 0 ? line + strlen(OUR_NAME) : line;
}

static void clamp(struct reader *reader)
{
	size_t last = reader->lines > reader->page ? reader->lines - reader->page : 0;

	if (reader->top > last || reader->follow)
		reader->top = last;
}

static int reader_width(void)
{
	return term_size().width - 2 < TEXT_WIDTH ? term_size().width - 2 : TEXT_WIDTH;
}

/* The lines of the box, whatever its text has. */
static size_t reader_page(int height)
{
	return height > 4 ? (size_t)height - 4 : 1;
}

static bool is_qr(struct slice line)
{
	return qr_cells_of(line).ptr != NULL;
}

/* Takes the lines of a QR code. It must be seen together with what is above it and with what a verb says when it is done, without scrolling;
 * if the box has no room for that, there is a line that says what is needed. */
static void add_qr(struct slice *text, size_t width, struct strlist *lines)
{
	size_t first = lines->count, height, needed;
	char *cells = NULL;

	while (text->len > 0) {
		struct slice rest = *text, line = slice_cut(&rest, '\n');
		char *copy;

		if (!is_qr(line))
			break;
		copy = slice_dup(line);
		strlist_add(lines, copy);
		free(copy);
		free(cells);
		cells = slice_dup(qr_cells_of(line));
		*text = rest;
	}
	height = lines->count + LINES_BELOW_QR;
	needed = text_width(cells);
	free(cells);
	if (needed <= width && height <= reader_page(term_size().height - 2))
		return;
	while (lines->count > first)
		free(lines->items[--lines->count]);
	cells = xasprintf(_("(A window of %zu lines and %zu columns shows a QR code here.)"), height + 6, needed + 6);
	tui_text_wrap(cells, width, lines);
	free(cells);
}

/* Lines of a QR code have their colours, for is_qr(). */
static void wrap_reader(struct reader *reader, size_t width, struct strlist *lines)
{
	struct slice text = slice_of(reader_text(reader));

	while (text.len > 0) {
		struct slice rest = text, line = slice_cut(&rest, '\n');
		char *copy;

		if (is_qr(line)) {
			add_qr(&text, width, lines);
			continue;
		}
		copy = slice_dup(line);
		tui_text_wrap(copy, width, lines);
		free(copy);
		text = rest;
	}
}

static void put_line(int y, int x, int width, enum term_style style, const char *line)
{
	struct slice cells = qr_cells_of(slice_of(line));
	char *copy = cells.ptr == NULL ? NULL : slice_dup(cells);

	if (copy != NULL)
		term_put(y, x, width, STYLE_PAPER, copy);
	else
		term_put(y, x, width, style, without_name(line));
	free(copy);
}

static void draw_keys(const struct reader *reader, struct rect line)
{
	bool works = reader->job != NULL && reader->job->fd >= 0, has_more = reader->lines > reader->page;
	size_t last = reader->top + reader->page > reader->lines ? reader->lines : reader->top + reader->page;
	enum term_style style = works ? STYLE_WARNING : STYLE_DIM;

	if (works && has_more)
		term_putf(line.y, line.x, line.width, style, _("working ... (Esc: stop)   lines %zu to %zu of %zu"), reader->top + 1, last, reader->lines);
	else if (works)
		term_put(line.y, line.x, line.width, style, _("working ... (Esc: stop)"));
	else if (has_more)
		term_putf(line.y, line.x, line.width, style, _("lines %zu to %zu of %zu   /: find   Esc: close"), reader->top + 1, last, reader->lines);
	else
		term_put(line.y, line.x, line.width, style, _("Esc: close"));
}

static void draw_reader(struct tui *tui, void *context)
{
	struct reader *reader = context;
	struct strlist lines = {NULL, 0};
	struct rect area;
	int width;

	(void)tui;
	width = reader_width();
	wrap_reader(reader, (size_t)(width - 4), &lines);
	if (lines.count > 0 && lines.items[lines.count - 1][0] == '\0')
		free(lines.items[--lines.count]);
	area = dialog_area((int)lines.count + 4, width);
	reader->lines = lines.count;
	reader->page = reader_page(area.height);
	clamp(reader);
	term_box(area, reader->title);
	for (size_t i = 0; i < reader->page && reader->top + i < lines.count; i++)
		put_line(area.y + 1 + (int)i, area.x + 2, area.width - 4,
		    (ssize_t)(reader->top + i) == reader->found ? STYLE_SELECTED : STYLE_NORMAL, lines.items[reader->top + i]);
	draw_keys(reader, (struct rect){area.y + area.height - 2, area.x + 2, 1, area.width - 4});
	strlist_clear(&lines);
}

static void scroll(struct reader *reader, int typed)
{
	int key = list_motion(typed);

	reader->follow = false;
	if (key == TERM_UP || key == TERM_WHEEL_UP)
		reader->top -= reader->top > 0;
	else if (key == TERM_DOWN || key == TERM_WHEEL_DOWN)
		reader->top++;
	else if (key == TERM_PAGE_UP)
		reader->top -= reader->top > reader->page ? reader->page : reader->top;
	else if (key == TERM_PAGE_DOWN || key == ' ')
		reader->top += reader->page;
	else if (key == TERM_HOME)
		reader->top = 0;
	else if (key == TERM_END)
		reader->top = reader->lines;
	clamp(reader);
}

/* Goes to the next or previous line with a match, with wrap-around. */
static void find_line(struct tui *tui, struct reader *reader, bool forward)
{
	struct strlist lines = {NULL, 0};
	size_t from = reader->found < 0 ? 0 : (size_t)reader->found;
	bool found = false;

	wrap_reader(reader, (size_t)(reader_width() - 4), &lines);
	if (reader->found < 0)
		from = forward && lines.count > 0 ? lines.count - 1 : 0;
	for (size_t i = 1; !found && i <= lines.count; i++) {
		size_t at = (from + (forward ? i : lines.count - i)) % lines.count;

		found = tui_text_has(lines.items[at], reader->wanted);
		if (found) {
			reader->found = (ssize_t)at;
			reader->top = at;
			reader->follow = false;
		}
	}
	if (!found)
		tui_say(tui, STYLE_NORMAL, _("no line has `%s`"), reader->wanted);
	strlist_clear(&lines);
	clamp(reader);
}

static void search(struct tui *tui, struct reader *reader, int key)
{
	if (key == '/') {
		char *wanted = dialog_ask(tui, _("Find"), _("Find:"), reader->wanted == NULL ? "" : reader->wanted);

		if (wanted == NULL)
			return;
		free(reader->wanted);
		reader->wanted = wanted;
		reader->found = -1;
	}
	if (reader->wanted != NULL && reader->wanted[0] != '\0')
		find_line(tui, reader, key != 'N');
}

static void read_on(struct tui *tui, struct reader *reader)
{
	struct tui_overlay overlay = {draw_reader, reader, NULL};
	int key;

	tui_overlay_push(tui, &overlay);
	do {
		key = tui_key(tui);
		if (key == '/' || key == 'n' || key == 'N')
			search(tui, reader, key);
		else if (key != TERM_TICK)
			scroll(reader, key);
	} while (key != TERM_ESCAPE && key != 'q' && !(key == TERM_ENTER && (reader->job == NULL || reader->job->fd < 0)));
	tui_overlay_pop(tui);
	free(reader->wanted);
}

void dialog_text(struct tui *tui, const char *title, const char *text)
{
	struct reader reader = {.title = title, .text = text, .page = 1, .found = -1};

	read_on(tui, &reader);
}

int dialog_job(struct tui *tui, const char *title, int (*fn)(void *context), void *context, const char *input)
{
	struct reader reader = {.title = title, .page = 1, .found = -1};
	int result;

	tui_state_close(tui);
	tui->job = reader.job = job_start(fn, context, input);
	if (tui->job == NULL) {
		tui_say(tui, STYLE_BAD, "%s", _("cannot start a process"));
		return CLI_FAILED;
	}
	read_on(tui, &reader);
	result = tui->job->fd >= 0 ? CLI_FAILED : tui->job->exit;
	job_free(tui->job);
	tui->job = NULL;
	return result;
}

/* --- a job with one line of output */

static void draw_working(struct tui *tui, void *context)
{
	struct rect all = term_size();

	(void)tui;
	(void)context;
	term_put(all.height - 2, 0, all.width, STYLE_WARNING, _("working ... (Esc: stop)"));
}

/* Without the name of the program: the last line on success, everything on failure. */
static void say_output(struct tui *tui, struct job *job)
{
	struct slice text = slice_trim(buf_slice(&job->output));

	for (ptrdiff_t end; job->exit == CLI_DONE && (end = slice_find(text, '\n')) >= 0;)
		text = slice_from(text, (size_t)end + 1);
	if (slice_begins_nocase(text, OUR_NAME))
		text = slice_from(text, strlen(OUR_NAME));
	tui_say(tui, job->exit == CLI_DONE ? STYLE_GOOD : STYLE_BAD, "%.*s", SLICE_PRINT(text));
}

/* Returns the job when it has ended or was stopped, NULL after a message. */
static struct job *run_quietly(struct tui *tui, int (*fn)(void *context), void *context, const char *input)
{
	struct tui_overlay overlay = {draw_working, NULL, NULL};
	struct job *job;
	int key;

	tui_state_close(tui);
	tui->job = job = job_start(fn, context, input);
	if (job == NULL) {
		tui_say(tui, STYLE_BAD, "%s", _("cannot start a process"));
		return NULL;
	}
	tui_overlay_push(tui, &overlay);
	while (job->fd >= 0 && (key = tui_key(tui)) != TERM_ESCAPE)
		tui_keep_key(tui, key);
	tui_overlay_pop(tui);
	tui->job = NULL;
	return job;
}

static int exit_of(struct job *job)
{
	return job == NULL || job->fd >= 0 ? CLI_FAILED : job->exit;
}

int dialog_quiet_job(struct tui *tui, int (*fn)(void *context), void *context, const char *input)
{
	struct job *job = run_quietly(tui, fn, context, input);
	int result = exit_of(job);

	if (job != NULL)
		say_output(tui, job);
	job_free(job);
	return result;
}

/* --- verbs */

static struct job_verb verb_of(const struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words)
{
	return (struct job_verb){.cli = {.config = tui->cli->config,
				     .program = tui->cli->program,
				     .words = words->items,
				     .count = (int)words->count,
				     .is_on_screen = true},
	    .run = run};
}

int dialog_verb(struct tui *tui, const char *title, int (*run)(struct cli *cli), const struct strlist *words)
{
	struct job_verb verb = verb_of(tui, run, words);

	verb.each = words->count > 0;
	return dialog_job(tui, title, job_run_verb, &verb, NULL);
}

static int run_quiet_verb(struct tui *tui, struct job_verb *verb, const char *option, const char *value)
{
	struct cli_given given[] = {{"--yes", ""}, {option, value}}; /* the user was already asked on the screen */

	verb->cli.given = given;
	verb->cli.given_count = option == NULL ? 1 : 2;
	return dialog_quiet_job(tui, job_run_verb, verb, NULL);
}

int dialog_quiet_verb(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value)
{
	struct job_verb verb = verb_of(tui, run, words);

	return run_quiet_verb(tui, &verb, option, value);
}

int dialog_quiet_each(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value)
{
	struct job_verb verb = verb_of(tui, run, words);

	verb.each = true;
	return run_quiet_verb(tui, &verb, option, value);
}

char *dialog_output_of(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words,
    const struct cli_given given[], size_t given_count)
{
	struct job_verb verb = verb_of(tui, run, words);
	struct cli_given *copy = xcalloc(given_count + 1, sizeof(*copy));
	struct job *job;
	char *text = NULL;

	memcpy(copy, given, given_count * sizeof(*copy));
	verb.cli.given = copy;
	verb.cli.given_count = given_count;
	verb.each = true;
	job = run_quietly(tui, job_run_verb, &verb, NULL);
	if (exit_of(job) == CLI_DONE)
		text = xstrdup(buf_text(&job->output));
	else if (job != NULL)
		say_output(tui, job);
	job_free(job);
	free(copy);
	return text;
}
