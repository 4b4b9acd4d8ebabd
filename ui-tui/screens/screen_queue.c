/*
 * Queue: waiting outgoing mail, and its actions.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "message/msgid.h"
#include "ui-tui/command/queue_entry.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/pace.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/undo.h"
#include "ui-tui/verbs/verbs.h"

#include <stdlib.h>

#define REFRESH_MS 2000
#define ALL_STATES ((1u << QUEUE_STATES) - 1)

static const struct list_column columns[] = {
    {N_("STATE"), 10, false},
    {N_("SINCE"), 16, false},
    {N_("SIZE"), 8, true},
    {N_("FROM"), 0, false},
    {N_("TO"), 0, false},
    {N_("SUBJECT"), 0, false},
    {N_("LAST REPLY"), 0, false},
};

struct queue_screen {
	struct list list;
	struct pace pace;
};

static void *queue_open(struct tui *tui)
{
	struct queue_screen *screen = xcalloc(1, sizeof(*screen));

	(void)tui;
	list_init(&screen->list, columns, ARRAY_LEN(columns));
	return screen;
}

static void queue_close(void *state)
{
	struct queue_screen *screen = state;

	list_clear(&screen->list);
	free(screen);
}

static struct list *queue_list_of(void *state)
{
	return &((struct queue_screen *)state)->list;
}

static void add_row(struct list *list, const struct queue_entry *entry)
{
	static const enum term_style styles[] = {[QUEUE_ACTIVE] = STYLE_NORMAL,
	    [QUEUE_DEFERRED] = STYLE_WARNING,
	    [QUEUE_HOLD] = STYLE_DIM,
	    [QUEUE_CORRUPT] = STYLE_BAD};
	const struct envelope *envelope = &entry->envelope;
	const struct place *first = queue_entry_first(envelope);
	char *recipients = queue_entry_recipients(entry);
	char time[32], size[32];

	list_add(list, entry->item->id.text, styles[entry->state]);
	list_cell(list, queue_state_word(entry->state));
	list_cell(list, entry->has_envelope ? tui_text_time(time, sizeof(time), envelope->time) : "-");
	list_number(list, envelope->time);
	list_cell(list, i18n_size(size, sizeof(size), entry->size));
	list_number(list, (int64_t)entry->size);
	list_cell(list, queue_entry_sender(entry));
	list_cell(list, recipients);
	list_cell(list, entry->summary.subject);
	list_cell(list, first == NULL ? "" : PHRASE_SAID(first->reply));
	free(recipients);
}

static void queue_refresh(struct tui *tui, void *state, bool now)
{
	struct queue_screen *screen = state;
	const struct spool *spool = SPOOL_OF(tui->conf);
	struct error error = ERROR_INIT;
	struct queue_items items;

	if (!now && !pace_is_due(&screen->pace, REFRESH_MS))
		return;
	pace_begin(&screen->pace);
	if (queue_list(spool, ALL_STATES, &items, &error) != 0) {
		tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
		return;
	}
	list_begin(&screen->list);
	for (size_t i = 0; i < items.count; i++) {
		struct queue_entry entry;

		queue_entry_read(spool, &items.items[i], &entry);
		add_row(&screen->list, &entry);
		queue_entry_clear(&entry);
	}
	list_end(&screen->list);
	queue_items_clear(&items);
	pace_end(&screen->pace);
}

static void queue_draw(struct tui *tui, void *state, struct rect area)
{
	struct queue_screen *screen = state;

	tui_list_draw_with_row(tui, &screen->list, area);
	if (screen->list.count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_GOOD, _("The queue is empty: "
		    "all messages were sent."));
}

/* --- actions */

static bool is_held(const struct tui *tui, const char *id)
{
	enum queue_state now;
	struct error error = ERROR_INIT;
	struct msgid msgid = {""};

	if (!msgid_is(slice_of(id)))
		return false;
	memcpy(msgid.text, id, MSGID_LEN);
	return queue_find(SPOOL_OF(tui->conf), &msgid, &now, &error) == 1 && now == QUEUE_HOLD;
}

/* Those of the chosen messages that are held, or not held. */
static void choose(const struct tui *tui, const struct list *list, bool held, struct strlist *ids)
{
	struct strlist chosen = {NULL, 0};

	list_chosen(list, &chosen);
	for (size_t i = 0; i < chosen.count; i++)
		if (is_held(tui, chosen.items[i]) == held)
			strlist_add(ids, chosen.items[i]);
	strlist_clear(&chosen);
}

/* Holds or releases; the opposite action is its undo, for the changed messages. */
static void hold(struct tui *tui, struct queue_screen *screen, bool release)
{
	struct strlist ids = {NULL, 0};
	int (*run)(struct cli *cli) = release ? cmd_queue_release : cmd_queue_hold;
	int (*undo)(struct cli *cli) = release ? cmd_queue_hold : cmd_queue_release;

	choose(tui, &screen->list, release, &ids);
	if (ids.count == 0 && screen->list.count > 0)
		tui_say(tui, STYLE_NORMAL, "%s", release ? _("the message is not on hold") : _("the "
		    "message is already on hold"));
	else if (ids.count > 0 && dialog_quiet_verb(tui, run, &ids, NULL, NULL) == CLI_DONE) {
		undo_add_verb(tui, undo, &ids,
		    release ? _n("%zu message released", "%zu messages released", ids.count)
			    : _n("%zu message held", "%zu messages held", ids.count),
		    ids.count);
		list_unmark(&screen->list);
	}
	strlist_clear(&ids);
	tui_changed(tui);
}

/* Runs a verb that cannot be undone. */
static void change(struct tui *tui, struct queue_screen *screen, int (*run)(struct cli *cli))
{
	struct strlist ids = {NULL, 0};

	list_chosen(&screen->list, &ids);
	if (ids.count > 0 && dialog_quiet_verb(tui, run, &ids, NULL, NULL) == CLI_DONE)
		list_unmark(&screen->list);
	strlist_clear(&ids);
	tui_changed(tui);
}

static void do_show(struct tui *tui, void *state)
{
	section_list_show(tui, queue_list_of(state), _("Message in the queue"), cmd_queue_show);
}

static void do_hold(struct tui *tui, void *state)
{
	hold(tui, state, false);
}

static void do_release(struct tui *tui, void *state)
{
	hold(tui, state, true);
}

static void do_retry(struct tui *tui, void *state)
{
	change(tui, state, cmd_queue_retry);
}

static void do_delete(struct tui *tui, void *state)
{
	struct strlist ids = {NULL, 0};
	size_t count;
	char *text;

	list_chosen(queue_list_of(state), &ids);
	count = ids.count;
	strlist_clear(&ids);
	if (count == 0)
		return;
	text = xasprintf(_n("Permanently delete %zu message? This cannot be undone, and neither the "
	    "sender nor the recipients are notified. To postpone it, press h to put it on hold.",
			     "Permanently delete %zu messages? This cannot be undone, and neither "
			     "the senders nor the recipients are notified. To postpone them, press "
			     "h to put them on hold.",
			     count),
	    count);
	if (dialog_confirm(tui, _("Delete"), text, _("Yes, permanently delete")))
		change(tui, state, cmd_queue_delete);
	free(text);
}

static void do_flush(struct tui *tui, void *state)
{
	struct strlist words = {NULL, 0};

	(void)state;
	dialog_verb(tui, _("Sending the queue"), cmd_queue_flush, &words);
	tui_changed(tui);
}

static void do_trace(struct tui *tui, void *state)
{
	section_list_show(tui, queue_list_of(state), _("History of this message"), cmd_trace);
}

static void do_quarantine(struct tui *tui, void *state)
{
	(void)state;
	tui_go(tui, SCREEN_QUARANTINE, NULL);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Show"), N_("show the message, its recipients and the replies of the servers"), do_show, 3},
    {'h', N_("Hold"), N_("put the marked messages on hold until they are released"), do_hold, 0},
    {'r', N_("Release"), N_("release the marked messages"), do_release, 0},
    {'y', N_("Retry"), N_("retry in the next session"), do_retry, 2},
    {'d', N_("Delete"), N_("permanently delete; nobody is notified"), do_delete, 0},
    {'s', N_("Send all"), N_("send queued messages now"), do_flush, 1},
    {'w', NULL, N_("the history of the message so far"), do_trace, 0},
    {'0', N_("Quarantine"), N_("messages that the filter keeps; 0 works on every screen"), do_quarantine, 4},
};

const struct tui_screen screen_queue = {
    .title = N_("Queue"),
    .help = N_("Messages that wait to be sent. A deferred message was refused temporarily and is "
        "retried automatically; the last reply says why."),
    .undo = N_("Hold and release can be undone. Retry and delete cannot."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = queue_open,
    .close = queue_close,
    .refresh = queue_refresh,
    .draw = queue_draw,
    .list = queue_list_of,
};
