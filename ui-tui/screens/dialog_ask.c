/* Boxes that ask: a question with buttons, a line of text, a choice from a list. */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

/* --- choices */

#define CHOICE_WIDTH 64

struct chooser {
	const char *title, *text;
	const char *const *choices;
	size_t count, at;
	bool is_question;  /* no and yes, in this order */
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

/* 1: yes, 0: no, -1: neither; in either language. */
static int answer_of(int key)
{
	return key == 'y' || key == L'д' ? 1 : key == 'n' || key == L'н' ? 0 : -1;
}

/* Returns true if the key closes the box. */
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
	else if (chooser->is_question && answer_of(key) >= 0) {
		chooser->at = (size_t)answer_of(key);
		return true;
	}
	return key == TERM_ENTER;
}

static int choose(struct tui *tui, struct chooser chooser)
{
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

int dialog_choose(struct tui *tui, const char *title, const char *text, const char *const *choices, size_t count)
{
	return choose(tui, (struct chooser){.title = title, .text = text, .choices = choices, .count = count});
}

bool dialog_question(struct tui *tui, const char *title, const char *text, const char *no, const char *yes)
{
	const char *const choices[] = {no, yes};

	return choose(tui, (struct chooser){
			       .title = title, .text = text, .choices = choices, .count = 2, .is_question = true}) == 1;
}

bool dialog_confirm(struct tui *tui, const char *title, const char *text, const char *yes)
{
	return dialog_question(tui, title, text, _("No"), yes);
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
	term_put(area.y + 4, area.x + 2, area.width - 4, STYLE_DIM, _("Enter: continue   Esc: cancel"));
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
	asker->line.is_proposal = text[0] != '\0';
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
	tui_list_draw(tui, &picker->list, (struct rect){area.y + 3, area.x + 1, area.height - 4, area.width - 2});
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
