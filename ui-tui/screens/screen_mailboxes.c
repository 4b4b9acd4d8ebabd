/*
 * Mailboxes: their sizes, the folders of one of them, and the messages in one folder. The headers of a large one are read in small portions, the
 * newest first, so that the screen does not freeze.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/i18n.h"
#include "base/map.h"
#include "message/msgid.h"
#include "ui-tui/command/message_summary.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/pace.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/verbs/verbs.h"

#include <stdlib.h>

#define REFRESH_MS 5000
#define READ_MS 100 /* of each turn of the screens */

static const struct list_column box_columns[] = {
    {N_("MAILBOX"), 24, false},
    {N_("MESSAGES"), 10, true},
    {N_("SIZE"), 10, true},
    {N_("FULL NAME"), 0, false},
};
static const struct list_column folder_columns[] = {
    {N_("FOLDER"), 0, false},
    {N_("MESSAGES"), 10, true},
    {N_("SIZE"), 10, true},
};
static const struct list_column message_columns[] = {
    {N_("ARRIVED"), 14, false},
    {N_("SIZE"), 8, true},
    {N_("WHOLE"), 8, true},
    {N_("FROM"), 0, false},
    {N_("SUBJECT"), 0, false},
};

/* The displayed data of a message, read once. */
struct head {
	struct message_summary summary;
	uint64_t size;
	bool is_gone;
};

struct mailboxes {
	struct list boxes, folders, message_list;
	char *user;    /* the user whose folders or messages are shown; NULL: the list of mailboxes */
	char *mailbox; /* the mailbox or folder whose messages are shown ("ivan/Sent"); NULL: a list of one of the others */
	struct mailbox_list messages;
	struct map heads; /* uidl -> struct head */
	size_t read;	  /* of messages */
	struct pace pace;
};

static void *mailboxes_open(struct tui *tui)
{
	struct mailboxes *mailboxes = xcalloc(1, sizeof(*mailboxes));

	(void)tui;
	list_init(&mailboxes->boxes, box_columns, ARRAY_LEN(box_columns));
	list_init(&mailboxes->folders, folder_columns, ARRAY_LEN(folder_columns));
	list_init(&mailboxes->message_list, message_columns, ARRAY_LEN(message_columns));
	return mailboxes;
}

static void close_messages(struct mailboxes *mailboxes)
{
	struct slice uidl;
	size_t at = 0;
	void *value;

	while (map_next(&mailboxes->heads, &at, &uidl, &value)) {
		struct head *head = value;

		message_summary_clear(&head->summary);
		free(head);
	}
	map_clear(&mailboxes->heads);
	mailbox_list_clear(&mailboxes->messages);
	free(mailboxes->mailbox);
	mailboxes->mailbox = NULL;
	mailboxes->read = 0;
}

static void close_user(struct mailboxes *mailboxes)
{
	close_messages(mailboxes);
	free(mailboxes->user);
	mailboxes->user = NULL;
}

static void mailboxes_close(void *state)
{
	struct mailboxes *mailboxes = state;

	close_user(mailboxes);
	list_clear(&mailboxes->boxes);
	list_clear(&mailboxes->folders);
	list_clear(&mailboxes->message_list);
	free(mailboxes);
}

static struct list *mailboxes_list(void *state)
{
	struct mailboxes *mailboxes = state;

	if (mailboxes->mailbox != NULL)
		return &mailboxes->message_list;
	return mailboxes->user != NULL ? &mailboxes->folders : &mailboxes->boxes;
}

/* --- filling */

struct amount {
	uint64_t bytes;
	size_t messages;
	bool is_known;
};

static struct amount amount_of(const struct tui *tui, const char *mailbox)
{
	struct amount amount = {0, 0, false};
	struct error error;

	amount.is_known = mailbox_bytes(SPOOL_OF(tui->conf), mailbox, &amount.bytes, &amount.messages, &error) == 0;
	return amount;
}

static void add_amount(struct list *list, const struct amount *amount)
{
	char size[32];

	if (!amount->is_known) {
		list_cell(list, "?");
		list_cell(list, "?");
		return;
	}
	list_cellf(list, "%zu", amount->messages);
	list_number(list, (int64_t)amount->messages);
	list_cell(list, i18n_size(size, sizeof(size), amount->bytes));
	list_number(list, (int64_t)amount->bytes);
}

static void add_box(const struct tui *tui, struct list *list, const char *user, const char *full_name, bool has_user)
{
	const struct amount amount = amount_of(tui, user);

	list_add(list, user, has_user ? STYLE_NORMAL : STYLE_DIM);
	list_cellf(list, has_user ? "%s" : _("%s (no such user)"), user);
	add_amount(list, &amount);
	list_cell(list, full_name);
}

static void fill_boxes(const struct tui *tui, struct list *list)
{
	const struct conf *conf = tui->conf;
	struct strlist names = {NULL, 0};

	list_begin(list);
	add_box(tui, list, CONF_POSTMASTER, _("reports and unsorted mail"), true);
	for (size_t i = 0; i < conf->user_count; i++)
		if (strcmp(conf->users[i].name, CONF_POSTMASTER) != 0)
			add_box(tui, list, conf->users[i].name, conf->users[i].full_name, true);
	for (size_t i = 0; i < conf->shared_count; i++)
		add_box(tui, list, conf->shareds[i].name, _("shared mailbox"), true);
	mailbox_users(SPOOL_OF(conf), &names);
	for (size_t i = 0; i < names.count; i++)
		if (!conf_has_mailbox(conf, names.items[i]))
			add_box(tui, list, names.items[i], _("user removed"), false);
	strlist_clear(&names);
	list_end(list);
}

static void add_folder(struct list *list, const char *mailbox, const char *label, const struct amount *amount)
{
	list_add(list, mailbox, STYLE_NORMAL);
	list_cell(list, label);
	add_amount(list, amount);
}

/* The Inbox has what is in no other folder: the size of a user's mailbox is that of all. */
static void fill_folders(const struct tui *tui, struct list *list, const char *user, const struct strlist *names)
{
	struct amount inbox = amount_of(tui, user), *amounts = xcalloc(names->count, sizeof(*amounts));

	for (size_t i = 1; i < names->count; i++) {
		amounts[i] = amount_of(tui, names->items[i]);
		inbox.messages -= amounts[i].messages < inbox.messages ? amounts[i].messages : inbox.messages;
		inbox.bytes -= amounts[i].bytes < inbox.bytes ? amounts[i].bytes : inbox.bytes;
	}
	list_begin(list);
	add_folder(list, user, _("Inbox"), &inbox);
	for (size_t i = 1; i < names->count; i++)
		add_folder(list, names->items[i], names->items[i] + strlen(user) + 1, &amounts[i]);
	list_end(list);
	free(amounts);
}

/* Returns whether there are folders beside the Inbox. */
static bool refresh_folders(struct tui *tui, struct mailboxes *mailboxes)
{
	struct strlist names = {NULL, 0};
	struct error error;
	bool has_folders;

	if (mailbox_names(SPOOL_OF(tui->conf), mailboxes->user, &names, &error) != 0)
		tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
	has_folders = names.count > 1;
	if (has_folders)
		fill_folders(tui, &mailboxes->folders, mailboxes->user, &names);
	strlist_clear(&names);
	return has_folders;
}

static void add_message(const struct mailbox_message *message, const struct head *head, struct list *list)
{
	uint64_t whole = head->summary.whole;
	char time[32], size[32];

	list_add(list, message->uidl, whole == 0 ? STYLE_NORMAL : STYLE_WARNING);
	list_cell(list, tui_text_time(time, sizeof(time), message->time));
	list_number(list, message->time);
	list_cell(list, i18n_size(size, sizeof(size), head->size));
	list_number(list, (int64_t)head->size);
	list_cell(list, whole == 0 ? "" : i18n_size(size, sizeof(size), whole));
	list_number(list, (int64_t)whole);
	list_cell(list, head->summary.from);
	list_cell(list, head->summary.subject);
}

/* The newest first, as far as they are read. */
static void fill_messages(struct mailboxes *mailboxes)
{
	list_begin(&mailboxes->message_list);
	for (size_t i = mailboxes->messages.count; i > 0; i--) {
		const struct mailbox_message *message = &mailboxes->messages.items[i - 1];
		const struct head *head = map_get(&mailboxes->heads, slice_of(message->uidl));

		if (head != NULL && !head->is_gone)
			add_message(message, head, &mailboxes->message_list);
	}
	list_end(&mailboxes->message_list);
}

static void read_head(const struct spool *spool, struct mailboxes *mailboxes, struct mailbox_message *message)
{
	struct head *head = xcalloc(1, sizeof(*head));

	head->is_gone = !message_summary_find(spool, mailboxes->mailbox, message, &head->summary);
	head->size = message->size;
	map_put(&mailboxes->heads, slice_of(message->uidl), head);
}

/* Reads missing headers, the newest first, for a limited time. Returns whether there were any. */
static bool read_heads(const struct spool *spool, struct mailboxes *mailboxes)
{
	int64_t deadline = clock_now_ms() + READ_MS;
	size_t known = 0, begun = mailboxes->read;

	mailboxes->read = 0;
	for (size_t i = mailboxes->messages.count; i > 0; i--) {
		struct mailbox_message *message = &mailboxes->messages.items[i - 1];

		if (map_get(&mailboxes->heads, slice_of(message->uidl)) == NULL) {
			if (clock_left_ms(deadline) <= 0)
				break;
			read_head(spool, mailboxes, message);
			known++;
		}
		mailboxes->read++;
	}
	return known > 0 || mailboxes->read != begun;
}

static void refresh_messages(struct tui *tui, struct mailboxes *mailboxes, bool is_due)
{
	const struct spool *spool = SPOOL_OF(tui->conf);
	struct mailbox_list messages;
	struct error error;

	if (is_due) {
		pace_begin(&mailboxes->pace);
		if (mailbox_list(spool, mailboxes->mailbox, &messages, &error) != 0) {
			tui_say(tui, STYLE_BAD, "%s", ERROR_SAID(&error));
			return;
		}
		mailbox_list_clear(&mailboxes->messages);
		mailboxes->messages = messages;
		pace_end(&mailboxes->pace);
	}
	if (is_due || mailboxes->read < mailboxes->messages.count)
		if (read_heads(spool, mailboxes) || is_due)
			fill_messages(mailboxes);
}

static void mailboxes_refresh(struct tui *tui, void *state, bool now)
{
	struct mailboxes *mailboxes = state;
	bool is_due = now || pace_is_due(&mailboxes->pace, REFRESH_MS);

	if (mailboxes->mailbox != NULL) {
		refresh_messages(tui, mailboxes, is_due);
	} else if (is_due) {
		pace_begin(&mailboxes->pace);
		if (mailboxes->user != NULL)
			refresh_folders(tui, mailboxes);
		else
			fill_boxes(tui, &mailboxes->boxes);
		pace_end(&mailboxes->pace);
	}
}

static void draw_title(const struct mailboxes *mailboxes, struct rect area)
{
	size_t all = mailboxes->messages.count;
	int x = area.x + 1;

	x += term_putf(area.y, x, area.width - 2, STYLE_STRONG, _("Mailbox %s"), mailboxes->mailbox) + 2;
	if (mailboxes->read < all)
		term_putf(area.y, x, area.width - x, STYLE_WARNING, _("%zu of %zu messages loaded"), mailboxes->read, all);
	else
		term_putf(area.y, x, area.width - x, STYLE_DIM, _n("%zu message", "%zu messages", all), all);
}

static void mailboxes_draw(struct tui *tui, void *state, struct rect area)
{
	struct mailboxes *mailboxes = state;

	if (mailboxes->user == NULL) {
		tui_list_draw_with_row(tui, &mailboxes->boxes, area);
		return;
	}
	if (mailboxes->mailbox == NULL) {
		term_putf(area.y, area.x + 1, area.width - 2, STYLE_STRONG, _("Mailbox %s"), mailboxes->user);
		tui_list_draw_with_row(tui, &mailboxes->folders, (struct rect){area.y + 1, area.x, area.height - 1, area.width});
		return;
	}
	draw_title(mailboxes, area);
	tui_list_draw_with_row(tui, &mailboxes->message_list, (struct rect){area.y + 1, area.x, area.height - 1, area.width});
	if (mailboxes->messages.count == 0)
		term_put(area.y + 3, area.x + 2, area.width - 4, STYLE_DIM, _("There are no messages in this mailbox."));
}

/* --- actions */

static void open_messages(struct tui *tui, struct mailboxes *mailboxes, const char *mailbox)
{
	mailboxes->mailbox = xstrdup(mailbox);
	list_filter(&mailboxes->message_list, "");
	mailboxes_refresh(tui, mailboxes, true);
	list_key(&mailboxes->message_list, TERM_HOME);
}

/* Without folders, its messages at once. */
static void open_user(struct tui *tui, struct mailboxes *mailboxes, const char *user)
{
	mailboxes->user = xstrdup(user);
	list_filter(&mailboxes->folders, "");
	if (refresh_folders(tui, mailboxes))
		list_key(&mailboxes->folders, TERM_HOME);
	else
		open_messages(tui, mailboxes, mailboxes->user);
}

static void do_enter(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	const struct list_row *row = list_selected(mailboxes_list(state));

	if (row == NULL)
		return;
	if (mailboxes->mailbox == NULL) {
		if (mailboxes->user == NULL)
			open_user(tui, mailboxes, row->id);
		else
			open_messages(tui, mailboxes, row->id);
		return;
	}
	if (!msgid_is(slice_of(row->id))) {
		tui_say(tui, STYLE_NORMAL, "%s", _("another program delivered this message: the journal has nothing about it"));
		return;
	}
	section_list_show(tui, &mailboxes->message_list, _("History of this message"), cmd_trace);
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
	if (mailboxes->mailbox != NULL) {
		close_messages(mailboxes);
		if (!refresh_folders(tui, mailboxes))
			close_user(mailboxes);
	} else {
		close_user(mailboxes);
	}
	mailboxes_refresh(tui, state, true);
}

/* The open mailbox or folder, else the marked or selected ones. */
static void chosen_boxes(const struct mailboxes *mailboxes, struct strlist *users)
{
	if (mailboxes->mailbox != NULL)
		strlist_add(users, mailboxes->mailbox);
	else
		list_chosen(mailboxes->user != NULL ? &mailboxes->folders : &mailboxes->boxes, users);
}

/* Asks for an age until it is valid. Returns new memory, NULL for Esc; *plan: the messages to be removed,
 * new memory. */
static char *ask_age(struct tui *tui, const struct strlist *users, char **plan)
{
	char *age = xstrdup("90d");

	for (;;) {
		char *typed = dialog_ask(tui, _("Remove old messages"), _("Older than (a number with m, h, d or w: 90d is 90 days):"), age);
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
		if (dialog_confirm(tui, _("Remove old messages"), text, _("Yes, remove them permanently"))) {
			dialog_quiet_each(tui, cmd_mailbox_purge, &users, "--older", age);
			list_unmark(mailboxes_list(state));
		}
		mailboxes_refresh(tui, state, true);
		free(text);
	}
	strlist_clear(&users);
	free(plan);
	free(age);
}

/* Of the marked or selected stubs; the session runs meanwhile. */
static void do_fetch(struct tui *tui, void *state)
{
	struct mailboxes *mailboxes = state;
	struct strlist words = {NULL, 0};

	if (mailboxes->mailbox == NULL) {
		tui_say(tui, STYLE_NORMAL, "%s", _("open a mailbox first: whole messages are fetched in place of their stubs"));
		return;
	}
	strlist_add(&words, mailboxes->mailbox);
	list_chosen(&mailboxes->message_list, &words);
	if (words.count > 1 && dialog_quiet_verb(tui, cmd_mailbox_fetch, &words, "--no-wait", "") == CLI_DONE)
		list_unmark(&mailboxes->message_list);
	strlist_clear(&words);
	tui_changed(tui);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Open"), N_("open a mailbox or a folder; in a folder: the history of a message"), do_enter, 1},
    {TERM_ESCAPE, N_("Back"), N_("back to the folders and the mailboxes"), do_back, 0},
    {TERM_BACKSPACE, NULL, N_("the same"), do_back, 0},
    {'w', NULL, N_("in a folder: the history of a message"), do_enter, 0},
    {'f', N_("Fetch whole"), N_("in a folder: fetch the whole messages of the marked stubs (yellow)"), do_fetch, 2},
    {'d', N_("Remove old"), N_("remove messages older than an age that you enter"), do_purge, 0},
};

const struct tui_screen screen_mailboxes = {
    .title = N_("Mailboxes"),
    .help = N_("The mailboxes with all their folders, and the messages in each folder. Their texts are "
        "not shown: they belong to the users."),
    .undo = N_("Removed messages cannot be restored."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = mailboxes_open,
    .close = mailboxes_close,
    .refresh = mailboxes_refresh,
    .draw = mailboxes_draw,
    .list = mailboxes_list,
};
