#include "ui-tui/tui_dialog.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/tui_text.h"

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

/* --- a text, perhaps of a job that goes on */

#define TEXT_WIDTH 96
#define OUR_NAME "lanpost: " /* with which messages of verbs begin */

struct reader {
	const char *title, *text;
	struct job *job; /* NULL: a text that stands */
	size_t top, lines, page;
	bool follow;
};

static struct buf *printed(struct reader *reader)
{
	return &reader->job->output;
}

static const char *reader_text(struct reader *reader)
{
	return reader->job == NULL ? reader->text : buf_text(printed(reader));
}

/* Who says it is clear here. */
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

static void draw_reader(struct tui *tui, void *context)
{
	struct reader *reader = context;
	struct strlist lines = {NULL, 0};
	struct rect area;
	int width;

	(void)tui;
	width = term_size().width - 2 < TEXT_WIDTH ? term_size().width - 2 : TEXT_WIDTH;
	tui_text_wrap(reader_text(reader), (size_t)(width - 4), &lines);
	if (lines.count > 0 && lines.items[lines.count - 1][0] == '\0')
		free(lines.items[--lines.count]);
	area = dialog_area((int)lines.count + 4, width);
	reader->lines = lines.count;
	reader->page = area.height > 4 ? (size_t)area.height - 4 : 1;
	clamp(reader);
	term_box(area, reader->title);
	for (size_t i = 0; i < reader->page && reader->top + i < lines.count; i++)
		term_put(area.y + 1 + (int)i, area.x + 2, area.width - 4, STYLE_NORMAL,
		    without_name(lines.items[reader->top + i]));
	if (reader->job != NULL && reader->job->fd >= 0)
		term_put(area.y + area.height - 2, area.x + 2, area.width - 4, STYLE_WARNING,
		    _("working ... (Esc stops it)"));
	else if (reader->lines > reader->page)
		term_putf(area.y + area.height - 2, area.x + 2, area.width - 4, STYLE_DIM,
		    _("lines %zu to %zu of %zu; Esc closes"), reader->top + 1,
		    reader->top + reader->page > lines.count ? lines.count : reader->top + reader->page, lines.count);
	else
		term_put(area.y + area.height - 2, area.x + 2, area.width - 4, STYLE_DIM, _("Esc closes"));
	strlist_clear(&lines);
}

static void scroll(struct reader *reader, int key)
{
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

static void read_on(struct tui *tui, struct reader *reader)
{
	struct tui_overlay overlay = {draw_reader, reader, NULL};
	int key;

	tui_overlay_push(tui, &overlay);
	do {
		key = tui_key(tui);
		if (key != TERM_TICK)
			scroll(reader, key);
	} while (key != TERM_ESCAPE && key != 'q' && !(key == TERM_ENTER && (reader->job == NULL || reader->job->fd < 0)));
	tui_overlay_pop(tui);
}

void dialog_text(struct tui *tui, const char *title, const char *text)
{
	struct reader reader = {.title = title, .text = text, .page = 1};

	read_on(tui, &reader);
}

int dialog_job(struct tui *tui, const char *title, int (*fn)(void *context), void *context, const char *input)
{
	struct reader reader = {.title = title, .page = 1};
	int result;

	tui_state_close(tui);
	tui->job = reader.job = job_start(fn, context, input);
	if (tui->job == NULL) {
		tui_say(tui, STYLE_BAD, "%s", _("no process can be started"));
		return CLI_FAILED;
	}
	read_on(tui, &reader);
	result = tui->job->fd >= 0 ? CLI_FAILED : tui->job->exit;
	job_free(tui->job);
	tui->job = NULL;
	return result;
}

/* --- a job that says one line */

static void draw_working(struct tui *tui, void *context)
{
	struct rect all = term_size();

	(void)tui;
	(void)context;
	term_put(all.height - 2, 0, all.width, STYLE_WARNING, _("working ... (Esc stops it)"));
}

/* The last line that is not empty, without the name of the program. */
static void say_last_line(struct tui *tui, struct job *job)
{
	struct slice text = slice_trim(buf_slice(&job->output));

	for (ptrdiff_t end; (end = slice_find(text, '\n')) >= 0;)
		text = slice_from(text, (size_t)end + 1);
	if (slice_begins_nocase(text, OUR_NAME))
		text = slice_from(text, strlen(OUR_NAME));
	tui_say(tui, job->exit == CLI_DONE ? STYLE_GOOD : STYLE_BAD, "%.*s", SLICE_PRINT(text));
}

int dialog_quiet_job(struct tui *tui, int (*fn)(void *context), void *context, const char *input)
{
	struct tui_overlay overlay = {draw_working, NULL, NULL};
	int result, key;

	tui_state_close(tui);
	tui->job = job_start(fn, context, input);
	if (tui->job == NULL) {
		tui_say(tui, STYLE_BAD, "%s", _("no process can be started"));
		return CLI_FAILED;
	}
	tui_overlay_push(tui, &overlay);
	while (tui->job->fd >= 0 && (key = tui_key(tui)) != TERM_ESCAPE)
		tui_keep_key(tui, key);
	tui_overlay_pop(tui);
	result = tui->job->fd >= 0 ? CLI_FAILED : tui->job->exit;
	say_last_line(tui, tui->job);
	job_free(tui->job);
	tui->job = NULL;
	return result;
}

static struct job_verb *verb_new(const struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words)
{
	struct job_verb *verb = xcalloc(1, sizeof(*verb));

	verb->cli = (struct cli){.config = tui->cli->config,
	    .program = tui->cli->program,
	    .words = words->items,
	    .count = (int)words->count};
	verb->run = run;
	return verb;
}

int dialog_verb(struct tui *tui, const char *title, int (*run)(struct cli *cli), const struct strlist *words)
{
	struct job_verb *verb = verb_new(tui, run, words);
	int result = dialog_job(tui, title, job_run_verb, verb, NULL);

	free(verb);
	return result;
}

int dialog_quiet_verb(struct tui *tui, int (*run)(struct cli *cli), const struct strlist *words, const char *option,
    const char *value)
{
	struct job_verb *verb = verb_new(tui, run, words);
	struct cli_given given[] = {{"--yes", ""}, {option, value}}; /* who sits at the screens was asked there */
	int result;

	verb->cli.given = given;
	verb->cli.given_count = option == NULL ? 1 : 2;
	result = dialog_quiet_job(tui, job_run_verb, verb, NULL);
	free(verb);
	return result;
}

/* --- choices */

#define CHOICE_WIDTH 64

struct chooser {
	const char *title, *text;
	const char *const *choices;
	size_t count, at;
	struct rect where; /* of the choices */
};

static void draw_chooser(struct tui *tui, void *context)
{
	struct chooser *chooser = context;
	struct strlist lines = {NULL, 0};
	struct rect area;
	int y;

	(void)tui;
	area = dialog_area(99, CHOICE_WIDTH);
	tui_text_wrap(chooser->text, (size_t)(area.width - 4), &lines);
	area = dialog_area((int)(lines.count + chooser->count) + 3, CHOICE_WIDTH);
	term_box(area, chooser->title);
	y = area.y + 1;
	for (size_t i = 0; i < lines.count; i++)
		term_put(y++, area.x + 2, area.width - 4, STYLE_NORMAL, lines.items[i]);
	y++;
	chooser->where = (struct rect){y, area.x, (int)chooser->count, area.width};
	for (size_t i = 0; i < chooser->count; i++, y++) {
		enum term_style style = i == chooser->at ? STYLE_SELECTED : STYLE_NORMAL;

		term_fill((struct rect){y, area.x + 1, 1, area.width - 2}, style);
		term_put(y, area.x + 3, area.width - 6, style, chooser->choices[i]);
	}
	strlist_clear(&lines);
}

/* True if it closes the box. */
static bool chooser_key(struct tui *tui, struct chooser *chooser, int key)
{
	int line = tui->mouse.y - chooser->where.y;

	if (key == TERM_UP || key == TERM_BACK_TAB)
		chooser->at = (chooser->at + chooser->count - 1) % chooser->count;
	else if (key == TERM_DOWN || key == TERM_TAB)
		chooser->at = (chooser->at + 1) % chooser->count;
	else if (key == TERM_CLICK && line >= 0 && line < chooser->where.height) {
		chooser->at = (size_t)line;
		return true;
	}
	return key == TERM_ENTER;
}

int dialog_choose(struct tui *tui, const char *title, const char *text, const char *const *choices, size_t count)
{
	struct chooser chooser = {.title = title, .text = text, .choices = choices, .count = count};
	struct tui_overlay overlay = {draw_chooser, &chooser, NULL};
	int result = -1;
	int key;

	tui_overlay_push(tui, &overlay);
	while ((key = tui_key(tui)) != TERM_ESCAPE)
		if (chooser_key(tui, &chooser, key)) {
			result = (int)chooser.at;
			break;
		}
	tui_overlay_pop(tui);
	return result;
}

bool dialog_confirm(struct tui *tui, const char *title, const char *text, const char *yes)
{
	const char *const choices[] = {_("No, leave it as it is"), yes};

	return dialog_choose(tui, title, text, choices, ARRAY_LEN(choices)) == 1;
}

/* --- one line */

#define ASK_WIDTH 70

struct asker {
	const char *title, *label;
	struct tui_line line;
};

static void draw_asker(struct tui *tui, void *context)
{
	struct asker *asker = context;
	struct rect area = dialog_area(6, ASK_WIDTH);
	size_t cursor;
	char *view = tui_line_view(&asker->line, (size_t)area.width - 5, false, &cursor);

	(void)tui;
	term_box(area, asker->title);
	term_put(area.y + 1, area.x + 2, area.width - 4, STYLE_NORMAL, asker->label);
	term_fill((struct rect){area.y + 2, area.x + 2, 1, area.width - 4}, STYLE_FIELD);
	term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_FIELD, view);
	term_put(area.y + 4, area.x + 2, area.width - 4, STYLE_DIM, _("Enter: go on; Esc: leave it"));
	term_cursor(area.y + 2, area.x + 2 + (int)cursor);
	free(view);
}

char *dialog_ask(struct tui *tui, const char *title, const char *label, const char *text)
{
	struct asker *asker = xcalloc(1, sizeof(*asker));
	struct tui_overlay overlay = {draw_asker, asker, NULL};
	char *answer = NULL;
	int key;

	asker->title = title;
	asker->label = label;
	tui_line_set(&asker->line, text);
	tui_overlay_push(tui, &overlay);
	while ((key = tui_key(tui)) != TERM_ESCAPE && key != TERM_ENTER)
		tui_line_key(&asker->line, key);
	tui_overlay_pop(tui);
	if (key == TERM_ENTER && !tui->quit)
		answer = tui_line_text(&asker->line);
	free(asker);
	return answer;
}

/* --- one of many */

#define PICK_HEIGHT 18
#define PICK_WIDTH 44

static const struct list_column pick_columns[] = {{"", 0, false}};

struct picker {
	const char *title;
	struct list list;
	struct tui_line line;
};

static void draw_picker(struct tui *tui, void *context)
{
	struct picker *picker = context;
	struct rect area = dialog_area(PICK_HEIGHT, PICK_WIDTH);
	size_t cursor;
	char *view = tui_line_view(&picker->line, (size_t)area.width - 5, false, &cursor);

	term_box(area, picker->title);
	term_fill((struct rect){area.y + 1, area.x + 2, 1, area.width - 4}, STYLE_FIELD);
	term_put(area.y + 1, area.x + 2, area.width - 4, STYLE_FIELD, view);
	tui_draw_list(tui, &picker->list, (struct rect){area.y + 3, area.x + 1, area.height - 4, area.width - 2});
	term_cursor(area.y + 1, area.x + 2 + (int)cursor);
	free(view);
}

static void picker_key(struct picker *picker, int key)
{
	char *text;

	if (list_key(&picker->list, key) || !tui_line_key(&picker->line, key))
		return;
	text = tui_line_text(&picker->line);
	list_filter(&picker->list, text);
	free(text);
}

char *dialog_pick(struct tui *tui, const char *title, const struct strlist *names)
{
	struct picker *picker = xcalloc(1, sizeof(*picker));
	struct tui_overlay overlay = {draw_picker, picker, NULL};
	const struct list_row *row;
	char *picked = NULL;
	int key;

	picker->title = title;
	list_init(&picker->list, pick_columns, ARRAY_LEN(pick_columns));
	list_begin(&picker->list);
	for (size_t i = 0; i < names->count; i++) {
		list_add(&picker->list, names->items[i], STYLE_NORMAL);
		list_cell(&picker->list, names->items[i]);
	}
	list_end(&picker->list);
	tui_overlay_push(tui, &overlay);
	while ((key = tui_key(tui)) != TERM_ESCAPE && key != TERM_ENTER)
		picker_key(picker, key);
	tui_overlay_pop(tui);
	row = list_selected(&picker->list);
	if (key == TERM_ENTER && row != NULL)
		picked = xstrdup(row->id);
	list_clear(&picker->list);
	free(picker);
	return picked;
}
