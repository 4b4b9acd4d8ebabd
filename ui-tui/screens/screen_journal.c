/*
 * Journal: live events of messages.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "spool/event.h"
#include "message/msgid.h"
#include "ui-tui/screens/tui.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/pace.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/verbs/verbs.h"

#include <stdlib.h>

#define REFRESH_MS 1000
#define EVENTS 2000

static const struct list_column columns[] = {
    {N_("TIME"), 11, false},
    {N_("WHAT"), 16, false},
    {N_("FROM"), 0, false},
    {N_("SUBJECT"), 0, false},
    {N_("WHERE AND WHY"), 0, false},
};

struct journal_screen {
	struct list list;
	struct pace pace;
};

static void *journal_open(struct tui *tui)
{
	struct journal_screen *screen = xcalloc(1, sizeof(*screen));

	(void)tui;
	list_init(&screen->list, columns, ARRAY_LEN(columns));
	screen->list.follow = true;
	return screen;
}

static void journal_close(void *state)
{
	struct journal_screen *screen = state;

	list_clear(&screen->list);
	free(screen);
}

static struct list *journal_list(void *state)
{
	return &((struct journal_screen *)state)->list;
}

static enum term_style style_of(const char *event)
{
	static const enum term_style styles[EVENT_COUNT] = {
	    [EVENT_ACCEPTED] = STYLE_DIM,
	    [EVENT_DELIVERED] = STYLE_GOOD,
	    [EVENT_SENT] = STYLE_GOOD,
	    [EVENT_REFUSED] = STYLE_BAD,
	    [EVENT_DELIVERY_FAILED] = STYLE_BAD,
	    [EVENT_DAMAGED] = STYLE_BAD,
	    [EVENT_LOG_DAMAGED] = STYLE_BAD,
	    [EVENT_IN_DOUBT] = STYLE_WARNING,
	    [EVENT_UNSIGNED] = STYLE_WARNING,
	    [EVENT_DEFERRED] = STYLE_WARNING,
	    [EVENT_HELD] = STYLE_WARNING,
	    [EVENT_DELETED] = STYLE_WARNING,
	    [EVENT_DROPPED] = STYLE_WARNING,
	    [EVENT_REMOVED] = STYLE_DIM,
	    [EVENT_LINE] = STYLE_DIM,
	};
	enum event what = event_find(event);

	return what == EVENT_COUNT ? STYLE_NORMAL : styles[what];
}

static void add_event(void *context, const struct journal_message *message, const struct journal_event *event)
{
	struct list *list = context;
	char where[PHRASE_MAX];
	char time[32];
	char *id = xasprintf("%s %lld %s %s", event->id, (long long)event->time_us, event->event, event->place);

	list_add(list, id, style_of(event->event));
	list_cell(list, tui_text_time(time, sizeof(time), event->time_us / 1000000));
	list_number(list, event->time_us);
	list_cell(list, event_word(event->event));
	list_cell(list, message->sender);
	list_cell(list, message->subject);
	list_cell(list, PHRASE_SAID(event_where(where, sizeof(where), event->event, event->place, event->detail)));
	free(id);
}

static void journal_refresh(struct tui *tui, void *state, bool now)
{
	struct journal_screen *screen = state;
	struct state *journal = tui_state(tui);
	struct error error = ERROR_INIT;

	if (!now && !pace_is_due(&screen->pace, REFRESH_MS))
		return;
	pace_begin(&screen->pace);
	list_begin(&screen->list);
	if (journal != NULL && state_journal_last(journal, EVENTS, add_event, &screen->list, &error) != 0)
		tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
	list_end(&screen->list);
	pace_end(&screen->pace);
}

static void journal_draw(struct tui *tui, void *state, struct rect area)
{
	struct journal_screen *screen = state;

	tui_list_draw_with_row(tui, &screen->list, area);
	if (screen->list.count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_DIM, _("Nothing has happened yet."));
}

/* --- actions */

static void trace(struct tui *tui, const char *query)
{
	struct strlist words = {NULL, 0};

	strlist_add(&words, query);
	dialog_verb(tui, _("History of this message"), cmd_trace, &words);
	strlist_clear(&words);
}

static void do_trace(struct tui *tui, void *state)
{
	struct strlist rows = {NULL, 0}, ids = {NULL, 0};

	list_chosen(journal_list(state), &rows);
	for (size_t i = 0; i < rows.count; i++) {
		char *id = xstrndup(rows.items[i], MSGID_LEN); /* one of several events of a message is enough */

		if (!strlist_has(&ids, id))
			strlist_add(&ids, id);
		free(id);
	}
	if (ids.count > 0)
		dialog_verb(tui, _("History of this message"), cmd_trace, &ids);
	strlist_clear(&rows);
	strlist_clear(&ids);
}

static void do_search(struct tui *tui, void *state)
{
	char *query = dialog_ask(tui, _("Find a message"),
	    _("An address, words of the subject, a Message-ID or an id:"), "");

	(void)state;
	if (query != NULL && query[0] != '\0')
		trace(tui, query);
	free(query);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("History"), N_("everything that happened to this message"), do_trace, 1},
    {'w', NULL, N_("the same"), do_trace, 0},
    {'f', N_("Find"), N_("find a message in the whole journal, including older ones"), do_search, 0},
};

const struct tui_screen screen_journal = {
    .title = N_("Journal"),
    .help = N_("What happens to messages, live. The newest event is at the bottom; the list follows "
        "while its last row is selected. Filter it by an address, a subject, a user or a rule."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = journal_open,
    .close = journal_close,
    .refresh = journal_refresh,
    .draw = journal_draw,
    .list = journal_list,
};
