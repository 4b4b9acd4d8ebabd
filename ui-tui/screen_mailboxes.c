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
		list_cell(list, i18n_size(size, sizeof(size), bytes));
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
	list_cell(list, i18n_size(size, sizeof(size), message->size));
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
		tui_draw_list(tui, &mailboxes->boxes, area);
		return;
	}
	term_putf(area.y, area.x + 1, area.width - 2, STYLE_STRONG, _("Mailbox %s"), mailboxes->user);
	tui_draw_list(tui, &mailboxes->letters, (struct rect){area.y + 1, area.x, area.height - 1, area.width});
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

	if (list->filter[0] != '\0') {
		list_filter(list, "");
		return;
	}
	free(mailboxes->user);
	mailboxes->user = NULL;
	mailboxes_refresh(tui, state, true);
}

static void do_purge(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	const struct list_row *row = list_selected(&mailboxes->boxes);
	char *user = mailboxes->user != NULL ? xstrdup(mailboxes->user) : row == NULL ? NULL : xstrdup(row->id);
	char *age = NULL, *text = NULL;
	struct strlist words = {NULL, 0};

	if (user != NULL)
		age = dialog_ask(tui, _("Remove old letters"), _("Those that are older than (such as 90d):"), "90d");
	if (age != NULL) {
		text = xasprintf(_("Remove all letters from mailbox %s that are older than %s, for good?"), user, age);
		strlist_add(&words, user);
		if (dialog_confirm(tui, _("Remove old letters"), text, _("Yes, remove them")))
			dialog_quiet_verb(tui, cmd_mailbox_purge, &words, "--older", age);
		mailboxes_refresh(tui, state, true);
	}
	strlist_clear(&words);
	free(text);
	free(age);
	free(user);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Open"), N_("the letters of a mailbox; in it: the way of a letter"), do_enter},
    {TERM_ESCAPE, N_("Back"), N_("back to the mailboxes"), do_back},
    {TERM_BACKSPACE, NULL, N_("the same"), do_back},
    {'p', N_("Remove old"), N_("remove letters that are older than some days"), do_purge},
};

const struct tui_screen screen_mailboxes = {
    .title = N_("Mailboxes"),
    .help = N_("What lies in the mailboxes here until the mail programs fetch it. The letters themselves are not shown: they "
	       "belong to their users."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = mailboxes_open,
    .close = mailboxes_close,
    .refresh = mailboxes_refresh,
    .draw = mailboxes_draw,
    .list = mailboxes_list,
};
