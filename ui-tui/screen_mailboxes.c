/*
 * Mailboxes: how full they are, and the letters in one of them.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "mail/maildir.h"
#include "mail/msgid.h"
#include "ui-tui/letter.h"
#include "ui-tui/tui_dialog.h"
#include "ui-tui/tui_pace.h"
#include "ui-tui/tui_rows.h"
#include "ui-tui/tui_text.h"

#include <stdlib.h>

#define REFRESH_MS 5000
#define LETTERS 1000 /* that are shown of a mailbox, the newest */

static const struct list_column box_columns[] = {
    {N_("MAILBOX"), 24, false},
    {N_("LETTERS"), 10, true},
    {N_("SIZE"), 10, true},
    {N_("FULL NAME"), 0, false},
};
static const struct list_column letter_columns[] = {
    {N_("ARRIVED"), 14, false},
    {N_("SIZE"), 8, true},
    {N_("FROM"), 0, false},
    {N_("SUBJECT"), 0, false},
};

struct mailboxes {
	struct list boxes, letters;
	char *user; /* whose letters are shown, NULL: the mailboxes are */
	struct pace pace;
};

static void *mailboxes_open(struct tui *tui)
{
	struct mailboxes *mailboxes = xcalloc(1, sizeof(*mailboxes));

	(void)tui;
	list_init(&mailboxes->boxes, box_columns, ARRAY_LEN(box_columns));
	list_init(&mailboxes->letters, letter_columns, ARRAY_LEN(letter_columns));
	return mailboxes;
}

static void mailboxes_close(void *state)
{
	struct mailboxes *mailboxes = state;

	list_clear(&mailboxes->boxes);
	list_clear(&mailboxes->letters);
	free(mailboxes->user);
	free(mailboxes);
}

static struct list *mailboxes_list(void *state)
{
	struct mailboxes *mailboxes = state;

	return mailboxes->user == NULL ? &mailboxes->boxes : &mailboxes->letters;
}

/* --- filling */

static void add_box(const struct tui *tui, struct list *list, const char *user, const char *full_name)
{
	struct error error;
	uint64_t bytes = 0;
	size_t messages = 0;
	char size[32];

	list_add(list, user, STYLE_NORMAL);
	list_cell(list, user);
	if (maildir_bytes(tui->conf->gateway.spool, user, &bytes, &messages, &error) != 0) {
		list_cell(list, "?");
		list_cell(list, "?");
	} else {
		list_cellf(list, "%zu", messages);
		list_number(list, (int64_t)messages);
		list_cell(list, i18n_size(size, sizeof(size), bytes));
		list_number(list, (int64_t)bytes);
	}
	list_cell(list, full_name);
}

static void fill_boxes(const struct tui *tui, struct list *list)
{
	list_begin(list);
	add_box(tui, list, CONF_POSTMASTER, _("reports, and what nobody gets"));
	for (size_t i = 0; i < tui->conf->user_count; i++)
		if (strcmp(tui->conf->users[i].name, CONF_POSTMASTER) != 0)
			add_box(tui, list, tui->conf->users[i].name, tui->conf->users[i].full_name);
	list_end(list);
}

static void add_letter(const char *spool, const char *user, struct maildir_message *message, struct list *list)
{
	struct letter letter;
	char time[32], size[32];

	if (!letter_find(spool, user, message, &letter))
		return;
	list_add(list, message->uidl, STYLE_NORMAL);
	list_cell(list, tui_text_time(time, sizeof(time), message->time));
	list_number(list, message->time);
	list_cell(list, i18n_size(size, sizeof(size), message->size));
	list_number(list, (int64_t)message->size);
	list_cell(list, letter.from);
	list_cell(list, letter.subject);
	letter_clear(&letter);
}

/* The newest first. */
static void fill_letters(struct tui *tui, struct mailboxes *mailboxes)
{
	const char *spool = tui->conf->gateway.spool;
	struct maildir_list messages;
	struct error error;

	if (maildir_list(spool, mailboxes->user, &messages, &error) != 0) {
		tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
		return;
	}
	list_begin(&mailboxes->letters);
	for (size_t i = messages.count; i > 0 && messages.count - i < LETTERS; i--)
		add_letter(spool, mailboxes->user, &messages.items[i - 1], &mailboxes->letters);
	list_end(&mailboxes->letters);
	maildir_list_clear(&messages);
}

static void mailboxes_refresh(struct tui *tui, void *state, bool now)
{
	struct mailboxes *mailboxes = state;

	if (!now && !pace_is_due(&mailboxes->pace, REFRESH_MS))
		return;
	pace_begin(&mailboxes->pace);
	if (mailboxes->user == NULL)
		fill_boxes(tui, &mailboxes->boxes);
	else
		fill_letters(tui, mailboxes);
	pace_end(&mailboxes->pace);
}

static void mailboxes_draw(struct tui *tui, void *state, struct rect area)
{
	struct mailboxes *mailboxes = state;

	if (mailboxes->user == NULL) {
		tui_draw_list_and_row(tui, &mailboxes->boxes, area);
		return;
	}
	term_putf(area.y, area.x + 1, area.width - 2, STYLE_STRONG, _("Mailbox %s"), mailboxes->user);
	tui_draw_list_and_row(tui, &mailboxes->letters, (struct rect){area.y + 1, area.x, area.height - 1, area.width});
	if (mailboxes->letters.count == 0)
		term_put(area.y + 3, area.x + 2, area.width - 4, STYLE_DIM, _("No letters lie here."));
}

/* --- what it does */

static void do_enter(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	const struct list_row *row = list_selected(mailboxes_list(state));

	if (row == NULL)
		return;
	if (mailboxes->user == NULL) {
		mailboxes->user = xstrdup(row->id);
		list_filter(&mailboxes->letters, "");
		mailboxes_refresh(tui, state, true);
		list_key(&mailboxes->letters, TERM_HOME);
		return;
	}
	if (!msgid_is(slice_of(row->id))) {
		tui_say(tui, STYLE_NORMAL, "%s", _("another program has put this letter here: nothing is known about it"));
		return;
	}
	rows_show(tui, &mailboxes->letters, _("The way of a letter"), cmd_trace);
}

static void do_back(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	struct list *list = mailboxes_list(state);

	if (list->filter[0] != '\0' || list_marked(list) > 0) {
		list_filter(list, "");
		list_unmark(list);
		return;
	}
	free(mailboxes->user);
	mailboxes->user = NULL;
	mailboxes_refresh(tui, state, true);
}

/* The mailbox that is open, else those that are marked or selected. */
static void chosen_boxes(const struct mailboxes *mailboxes, struct strlist *users)
{
	if (mailboxes->user != NULL)
		strlist_add(users, mailboxes->user);
	else
		list_chosen(&mailboxes->boxes, users);
}

/* Asks for an age until it is one. Returns new memory, NULL for Esc; *plan: what would go by it, new memory. */
static char *ask_age(struct tui *tui, const struct strlist *users, char **plan)
{
	char *age = xstrdup("90d");

	for (;;) {
		char *typed = dialog_ask(tui, _("Remove old messages"),
		    _("Older than (a number with m, h, d or w: 90d is 90 days):"), age);
		struct cli_given given[] = {{"--older", typed}, {"--dry-run", ""}};

		free(age);
		age = typed;
		if (age == NULL)
			return NULL;
		*plan = dialog_output_of(tui, cmd_mailbox_purge, users, given, ARRAY_LEN(given));
		if (*plan != NULL)
			return age;
	}
}

static void do_purge(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	struct strlist users = {NULL, 0};
	char *age, *plan = NULL, *text;

	chosen_boxes(mailboxes, &users);
	age = users.count == 0 ? NULL : ask_age(tui, &users, &plan);
	if (age != NULL) {
		text = xasprintf(_("%s\nThis cannot be undone."), plan);
		if (dialog_confirm(tui, _("Remove old messages"), text, _("Yes, remove them for good"))) {
			dialog_quiet_each(tui, cmd_mailbox_purge, &users, "--older", age);
			list_unmark(&mailboxes->boxes);
		}
		mailboxes_refresh(tui, state, true);
		free(text);
	}
	strlist_clear(&users);
	free(plan);
	free(age);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Open"), N_("the letters of a mailbox; in it: the way of a letter"), do_enter, 1},
    {TERM_ESCAPE, N_("Back"), N_("back to the mailboxes"), do_back, 0},
    {TERM_BACKSPACE, NULL, N_("the same"), do_back, 0},
    {'w', NULL, N_("in a mailbox: the way of a letter"), do_enter, 0},
    {'d', N_("Remove old"), N_("remove the messages that are older than an age"), do_purge, 0},
};

const struct tui_screen screen_mailboxes = {
    .title = N_("Mailboxes"),
    .help = N_("What lies in the mailboxes here until the mail programs fetch it. The letters themselves are not shown: they "
	       "belong to their users."),
    .undo = N_("Messages that were removed are gone."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = mailboxes_open,
    .close = mailboxes_close,
    .refresh = mailboxes_refresh,
    .draw = mailboxes_draw,
    .list = mailboxes_list,
};
