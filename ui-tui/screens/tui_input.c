#include "ui-tui/screens/tui_input.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/tui_frame.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/undo.h"

#include <stdlib.h>

#define MESSAGE_SEEN_MS 1000 /* a key removes a message that was shown for this long */

static struct list *current_list(struct tui *tui)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);

	return screen->list == NULL ? NULL : screen->list(tui->states[tui->here]);
}

/* --- help */

static void tell_undo(const struct tui *tui, struct buf *text)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);

	if (undo_what(tui) != NULL)
		buf_printf(text, _("Press u to undo: %s"), undo_what(tui));
	else
		buf_append_text(text, _("There is nothing to undo."));
	if (screen->undo != NULL)
		buf_printf(text, " %s", _(screen->undo));
	buf_append_text(text, "\n");
}

static void show_help(struct tui *tui)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);
	struct buf text = BUF_INIT(16384);
	char name[16];

	buf_printf(&text, "%s\n\n", _(screen->help));
	for (size_t i = 0; i < screen->action_count; i++)
		buf_printf(&text, "  %-9s %s\n", keys_name(screen->actions[i].key, name, sizeof(name)),
		    _(screen->actions[i].help));
	buf_append_text(&text, "\n");
	tell_undo(tui, &text);
	buf_append_text(&text, _("\n"
	    "Everywhere:\n  F2-F9     or 2-9: the screens; Tab goes to the next group of rows or "
	    "the next screen\n  j k g G   down, up, to the first row, to the last; Ctrl-D and "
	    "Ctrl-U a page\n  /         show only the rows that contain a text; Esc shows all rows "
	    "again\n  n N       the next row with the last filter text, the previous one\n  o O       "
	    "sort by the next column; reverse the order\n  Space *   mark a row; invert the marks. "
	    "An action applies to all marked rows\n  v         the selected row in full\n  u         "
	    "undo the last change\n  M         release the mouse to the terminal, to copy text (or "
	    "hold Shift)\n  Ctrl-L    redraw the screen; Ctrl-Z: suspend lanpost\n  F1        or ?: "
	    "this help\n  F10       or q: quit; the gateway keeps running\n"
	    "Letter keys also work with a Cyrillic keyboard layout. The mouse works on rows, on the "
	    "screens above and on the keys below."));
	dialog_text(tui, _(screen->title), buf_text(&text));
	buf_clear(&text);
}

/* --- the filter */

static void filter_key(struct tui *tui, int key)
{
	struct list *list = current_list(tui);
	char *text;

	if (key == TERM_ENTER || key == TERM_ESCAPE) {
		tui->filtering = false;
		if (key == TERM_ESCAPE)
			list_filter(list, "");
		return;
	}
	if (!tui_line_key(&tui->filter, key)) {
		list_key(list, key);
		return;
	}
	text = tui_line_text(&tui->filter);
	list_filter(list, text);
	free(text);
}

static void find(struct tui *tui, struct list *list, bool forward)
{
	if (list->wanted[0] == '\0')
		tui_say(tui, STYLE_NORMAL, "%s", _("press / and enter a text first; then n goes to "
		    "the next row with it"));
	else if (!list_find(list, forward))
		tui_say(tui, STYLE_NORMAL, _("no row has `%s`"), list->wanted);
}

/* --- keys */

static bool run_action(struct tui *tui, int key)
{
	const struct tui_screen *screen = tui_screen_of(tui->here);

	for (size_t i = 0; i < screen->action_count; i++)
		if (screen->actions[i].key == key) {
			tui->message[0] = '\0';
			screen->actions[i].run(tui, tui->states[tui->here]);
			return true;
		}
	return false;
}

static void click(struct tui *tui)
{
	struct list *list = current_list(tui);
	const struct rect *area = &tui->list_area;
	int key = tui_frame_key_at(tui, tui->mouse);
	size_t row;

	if (key != TERM_NONE) {
		tui_take_key(tui, key);
		return;
	}
	if (list == NULL || tui->mouse.y < area->y || tui->mouse.y >= area->y + area->height)
		return;
	row = list_at(list, (size_t)(tui->mouse.y - area->y));
	if (row >= list->count || list->rows[row].is_heading)
		return;
	if (row == list->selected)
		run_action(tui, TERM_ENTER);
	else
		list->selected = row;
}

static void free_mouse(struct tui *tui)
{
	tui->mouse_is_free = !tui->mouse_is_free;
	term_take_mouse(!tui->mouse_is_free);
	tui_say(tui, STYLE_NORMAL, "%s",
	    tui->mouse_is_free ? _("the terminal has the mouse, to copy text; press M to take it back")
			       : _("the mouse works on the screens again"));
}

static void view_row(struct tui *tui, const struct list *list)
{
	struct buf text = BUF_INIT(65536);

	tui_list_text(list, &text);
	if (text.len > 0)
		dialog_text(tui, _("The selected row"), buf_text(&text));
	buf_clear(&text);
}

static void go_to_next_screen(struct tui *tui, bool forward)
{
	enum tui_place here = tui->here == SCREEN_QUARANTINE ? SCREEN_QUEUE : tui->here;

	tui_go(tui, (enum tui_place)((here + (forward ? 1 : SCREENS_WITH_TAB - 1)) % SCREENS_WITH_TAB), NULL);
}

/* Keys of a list on every screen. */
static bool list_habit(struct tui *tui, struct list *list, int key)
{
	if (list_key(list, list_motion(key)))
		return true;
	switch (key) {
	case '/':
		tui->filtering = true;
		tui_line_set(&tui->filter, list->filter);
		return true;
	case TERM_ESCAPE:
		list_filter(list, "");
		list_unmark(list);
		return true;
	case 'n':
	case 'N':
		find(tui, list, key == 'n');
		return true;
	case 'o':
		list_sort_next(list);
		return true;
	case 'O':
		list_sort_reverse(list);
		return true;
	case ' ':
		list_mark(list);
		return true;
	case '*':
		list_mark_others(list);
		return true;
	case 'v':
		view_row(tui, list);
		return true;
	default:
		return (key == TERM_TAB || key == TERM_BACK_TAB) && list_next_group(list, key == TERM_TAB);
	}
}

static bool frame_key(struct tui *tui, int key)
{
	struct list *list = current_list(tui);
	int digit = key > TERM_F + 1 && key < TERM_F + 10 ? key - TERM_F : key >= '2' && key <= '9' ? key - '0' : 0;

	if (digit != 0)
		tui_go(tui, (enum tui_place)(digit - 2), NULL);
	else if (key == '0')
		tui_go(tui, SCREEN_QUARANTINE, NULL);
	else if (list != NULL && list_habit(tui, list, key))
		return true;
	else if (key == TERM_TAB || key == TERM_BACK_TAB)
		go_to_next_screen(tui, key == TERM_TAB);
	else if (key == 'u')
		undo_last(tui);
	else if (key == 'M')
		free_mouse(tui);
	else if (key == '?' || key == TERM_F + 1)
		show_help(tui);
	else if (key == 'q' || key == TERM_F + 10 || key == TERM_CTRL('Q'))
		tui->quit = true;
	else
		return false;
	return true;
}

/* The equivalents of a key: on a Cyrillic keyboard, and in upper case. */
static bool take_letter(struct tui *tui, int key)
{
	return run_action(tui, key) || frame_key(tui, key);
}

static int lower(int key)
{
	return key >= 'A' && key <= 'Z' ? key + 32 : key;
}

void tui_take_key(struct tui *tui, int key)
{
	int latin = tui_text_latin(key);

	if (key != TERM_TICK && key != TERM_RESIZE && clock_now_ms() - tui->message_said >= MESSAGE_SEEN_MS)
		tui->message[0] = '\0';
	if (key == TERM_CLICK)
		click(tui);
	else if (tui->filtering)
		filter_key(tui, key);
	else if (!take_letter(tui, key) && (latin == key || !take_letter(tui, latin)) && lower(latin) != latin)
		take_letter(tui, lower(latin));
}
