/*
 * Quarantine: messages that the filter keeps; they are released or deleted.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "mail/filter/kept.h"
#include "spool/mailbox_name.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/widgets/pace.h"
#include "ui-tui/widgets/tui_text.h"

#include <stdlib.h>

#define REFRESH_MS 3000

static const struct list_column columns[] = {
    {N_("SINCE"), 16, false},
    {N_("SIZE"), 8, true},
    {N_("WHY"), 0, false},
    {N_("FROM"), 0, false},
    {N_("TO"), 0, false},
    {N_("SUBJECT"), 0, false},
};

struct quarantine_screen {
	struct list list;
	struct pace pace;
};

static void *quarantine_open(struct tui *tui)
{
	struct quarantine_screen *screen = xcalloc(1, sizeof(*screen));

	(void)tui;
	list_init(&screen->list, columns, ARRAY_LEN(columns));
	return screen;
}

static void quarantine_close(void *state)
{
	struct quarantine_screen *screen = state;

	list_clear(&screen->list);
	free(screen);
}

static struct list *quarantine_list_of(void *state)
{
	return &((struct quarantine_screen *)state)->list;
}

static void add_row(struct list *list, const struct kept *kept)
{
	struct buf recipients = BUF_INIT(ENVELOPE_TEXT_MAX);
	struct message_summary summary;
	char time[32], size[32];

	for (size_t i = 0; i < kept->envelope.place_count; i++)
		buf_printf(&recipients, "%s%s", i == 0 ? "" : ", ", kept->envelope.places[i].name);
	message_summary_read(kept->bytes, &summary);
	list_add(list, kept->message->uidl, kept_kind_of(kept) == KEPT_VIRUS ? STYLE_BAD : STYLE_WARNING);
	list_cell(list, tui_text_time(time, sizeof(time), kept->message->time));
	list_number(list, kept->message->time);
	list_cell(list, i18n_size(size, sizeof(size), kept->bytes.len));
	list_number(list, (int64_t)kept->bytes.len);
	list_cell(list, PHRASE_SAID(kept->why));
	list_cell(list, summary.from);
	list_cell(list, buf_text(&recipients));
	list_cell(list, summary.subject);
	message_summary_clear(&summary);
	buf_clear(&recipients);
}

static void quarantine_refresh(struct tui *tui, void *state, bool now)
{
	struct quarantine_screen *screen = state;
	const struct spool *spool = SPOOL_OF(tui->conf);
	struct mailbox_list messages;
	struct error error = ERROR_INIT;

	if (!now && !pace_is_due(&screen->pace, REFRESH_MS))
		return;
	pace_begin(&screen->pace);
	if (mailbox_list(spool, MAILBOX_QUARANTINE, &messages, &error) != 0) {
		tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
		return;
	}
	list_begin(&screen->list);
	for (size_t i = 0; i < messages.count; i++) {
		struct kept kept;

		if (!kept_open(spool, &messages.items[i], &kept))
			continue;
		add_row(&screen->list, &kept);
		kept_close(&kept);
	}
	list_end(&screen->list);
	mailbox_list_clear(&messages);
	pace_end(&screen->pace);
}

static void quarantine_draw(struct tui *tui, void *state, struct rect area)
{
	struct quarantine_screen *screen = state;

	tui_list_draw_with_row(tui, &screen->list, area);
	if (screen->list.count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_GOOD, _("the quarantine is empty"));
}

/* --- actions */

/* Asks, then runs a verb that cannot be undone. */
static void change(struct tui *tui, struct quarantine_screen *screen, const char *title, const char *text, const char *yes, int (*run)(struct cli *cli))
{
	struct strlist ids = {NULL, 0};

	list_chosen(&screen->list, &ids);
	if (ids.count > 0 && dialog_confirm(tui, title, text, yes) && dialog_quiet_verb(tui, run, &ids, NULL, NULL) == CLI_DONE)
		list_unmark(&screen->list);
	strlist_clear(&ids);
	tui_changed(tui);
}

static size_t count_chosen(struct list *list)
{
	struct strlist ids = {NULL, 0};
	size_t count;

	list_chosen(list, &ids);
	count = ids.count;
	strlist_clear(&ids);
	return count;
}

static void do_show(struct tui *tui, void *state)
{
	section_list_show(tui, quarantine_list_of(state), _("Message in the quarantine"), cmd_quarantine_show);
}

static void do_release(struct tui *tui, void *state)
{
	size_t count = count_chosen(quarantine_list_of(state));
	char *text = xasprintf(_n("Deliver %zu message to its recipients?", "Deliver %zu messages to their recipients?", count), count);

	change(tui, state, _("Release"), text, _("Yes, deliver"), cmd_quarantine_release);
	free(text);
}

static void do_delete(struct tui *tui, void *state)
{
	size_t count = count_chosen(quarantine_list_of(state));
	char *text = xasprintf(_n("Permanently delete %zu message from the quarantine?", "Permanently delete %zu messages from the quarantine?", count),
	    count);

	change(tui, state, _("Delete"), text, _("Yes, permanently delete"), cmd_quarantine_delete);
	free(text);
}

static void do_trace(struct tui *tui, void *state)
{
	section_list_show(tui, quarantine_list_of(state), _("History of this message"), cmd_trace);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Show"), N_("show what is known of the message"), do_show, 1},
    {'r', N_("Release"), N_("deliver the marked messages to their recipients"), do_release, 0},
    {'d', N_("Delete"), N_("permanently delete; nobody is notified"), do_delete, 0},
    {'w', N_("History"), N_("the history of the message so far"), do_trace, 2},
};

const struct tui_screen screen_quarantine = {
    .title = N_("Quarantine"),
    .help = N_("Messages that the filter keeps, and why. Red: with a virus, or not scanned for viruses."),
    .undo = N_("Release and delete cannot be undone."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = quarantine_open,
    .close = quarantine_close,
    .refresh = quarantine_refresh,
    .draw = quarantine_draw,
    .list = quarantine_list_of,
};
