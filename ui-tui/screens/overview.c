#include "ui-tui/screens/overview.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "spool/event.h"
#include "ui-tui/widgets/text_width.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

#define BAR 20
#define NAME_COLUMNS 17
#define STATE_COLUMNS 12

/* --- events */

static void add_event(void *context, const struct journal_message *message, const struct journal_event *event)
{
	struct overview_events *events = context;
	char where[PHRASE_MAX], time[32];

	if (events->count == OVERVIEW_EVENTS)
		return;
	events->items[events->count++] = (struct overview_event){
	    .text = xasprintf("%s  %s  %s%s%s  %s", tui_text_time(time, sizeof(time), event->time_us / 1000000),
		event_word(event->event), message->sender, message->subject[0] == '\0' ? "" : ": ", message->subject,
		PHRASE_SAID(event_where(where, sizeof(where), event->event, event->place, event->detail))),
	    .style = STYLE_NORMAL,
	};
}

void overview_events_read(struct tui *tui, struct overview_events *events)
{
	struct state *state = tui_state(tui);
	struct error error;

	overview_events_clear(events);
	if (state != NULL)
		state_journal_last(state, OVERVIEW_EVENTS, add_event, events, &error);
}

void overview_events_clear(struct overview_events *events)
{
	for (size_t i = 0; i < events->count; i++)
		free(events->items[i].text);
	events->count = 0;
}

/* --- rows */

static void append_padded(struct buf *text, const char *word, size_t columns)
{
	size_t width = text_width(word);

	buf_append_text(text, word);
	for (; width < columns; width++)
		buf_append_text(text, " ");
}

static void add_bar(struct list *list, const struct progress_row *row)
{
	bool failed = strcmp(row->state, "failed") == 0;
	int64_t full = progress_share(row, BAR);
	struct buf text = BUF_INIT(8192);
	char *id = row->name[0] == '\0' ? xstrdup("queue") : xasprintf("account %s", row->name);

	append_padded(&text, progress_title(row), NAME_COLUMNS);
	for (int i = 0; i < BAR; i++)
		buf_append_text(&text, i < full ? "█" : "░");
	buf_append_text(&text, " ");
	progress_figures(row, &text);
	list_add(list, id, failed ? STYLE_BAD : STYLE_NORMAL);
	list_cell(list, buf_text(&text));
	list_cell(list, "");
	free(id);
	buf_clear(&text);
}

static void add_session(const struct tui *tui, struct list *list)
{
	const struct progress *progress = &tui->link.progress;

	if (progress->count == 0)
		return;
	list_heading(list, tui->link.session_runs ? _("This session") : _("The session that has just ended"));
	for (size_t i = 0; i < progress->count; i++)
		add_bar(list, &progress->rows[i]);
}

static void add_problems(struct list *list, const struct tui_problems *problems)
{
	if (problems->count == 0)
		return;
	list_heading(list, _("Problems (Enter: what to do)"));
	for (size_t i = 0; i < problems->count; i++) {
		const struct tui_problem *problem = &problems->items[i];
		char *id = xasprintf("problem %s", problem->text);

		list_add(list, id, problem->style);
		list_cell(list, problem->text);
		if (problem->place == SCREEN_OVERVIEW)
			list_cell(list, _("press b to start it"));
		else
			list_cellf(list, "F%d", problem->place + 2);
		free(id);
	}
}

static void add_account(struct list *list, const json_t *account)
{
	const char *name = json_string_value(json_object_get(account, "name"));
	const char *error = json_string_value(json_object_get(account, "error"));
	int64_t last = json_integer_value(json_object_get(account, "last_time"));
	bool rests = !json_is_true(json_object_get(account, "enabled")), failed = error != NULL && error[0] != '\0';
	char *id = xasprintf("account %s", name == NULL ? "" : name), time[32];
	struct buf text = BUF_INIT(8192);

	append_padded(&text, name == NULL ? "" : name, NAME_COLUMNS);
	append_padded(&text, last == 0 ? "-" : tui_text_time(time, sizeof(time), last), STATE_COLUMNS);
	buf_append_text(&text, rests ? _("off") : failed ? error : last == 0 ? _("not fetched yet") : _("good"));
	if (!rests && !failed && last != 0)
		buf_printf(&text, _(", fetched %lld"), (long long)json_integer_value(json_object_get(account, "last_fetched")));
	list_add(list, id, rests ? STYLE_DIM : failed ? STYLE_BAD : STYLE_NORMAL);
	list_cell(list, buf_text(&text));
	list_cell(list, "F4");
	buf_clear(&text);
	free(id);
}

/* The rows of the session show the same. */
static void add_accounts(const struct tui *tui, struct list *list, size_t room)
{
	const json_t *accounts = json_object_get(tui->link.status, "accounts");
	size_t count = json_array_size(accounts);

	if (count == 0 || tui->link.session_runs || list->count + count + 1 > room)
		return;
	list_heading(list, _("Accounts"));
	for (size_t i = 0; i < count; i++)
		add_account(list, json_array_get(accounts, i));
}

/* The newest first. */
static void add_events(struct list *list, const struct overview_events *events, size_t room)
{
	if (events->count == 0 || list->count + 2 > room)
		return;
	list_heading(list, _("Last events"));
	for (size_t i = events->count; i > 0 && list->count < room; i--) {
		char id[32];

		snprintf(id, sizeof(id), "event %zu", i);
		list_add(list, id, events->items[i - 1].style);
		list_cell(list, events->items[i - 1].text);
		list_cell(list, "F8");
	}
}

void overview_fill(const struct tui *tui, struct list *list, const struct tui_problems *problems,
    const struct overview_events *events, size_t room)
{
	list_begin(list);
	if (tui->link.session_runs)
		add_session(tui, list);
	add_problems(list, problems);
	if (!tui->link.session_runs)
		add_session(tui, list);
	add_accounts(tui, list, room);
	add_events(list, events, room);
	list_end(list);
}

size_t overview_rows(const struct tui *tui, const struct tui_problems *problems)
{
	size_t session = tui->link.progress.count;

	return session + (session > 0) + problems->count + (problems->count > 0);
}
