/*
 * Users: the list of users, with changes in place; and the connected clients.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/password.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/screens/section.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/verbs/verbs.h"
#include "ui-tui/command/who.h"

#include <stdio.h>
#include <stdlib.h>

static const struct list_column columns[] = {
    {N_("USER"), 20, false},
    {N_("FULL NAME"), 0, false},
    {N_("EXTERNAL"), 0, false},
    {N_("PASSWORD"), 10, false},
    {N_("MESSAGES"), 8, true},
    {N_("SIZE"), 8, true},
    {N_("LAST LOGIN"), 0, false},
    {N_("ALIASES"), 0, false},
};
static const struct list_column client_columns[] = {
    {N_("USER"), 20, false},
    {N_("PROTOCOL"), 14, false},
    {N_("ADDRESS"), 0, false},
    {N_("CONNECTED"), 14, false},
    {N_("IDLE"), 8, true},
    {N_("DOES"), 0, false},
};

struct users {
	struct section_list rows;
	struct list clients;
	bool shows_clients;
	unsigned clients_number;
};

static void *users_open(struct tui *tui)
{
	struct users *users = xcalloc(1, sizeof(*users));

	(void)tui;
	list_init(&users->rows.list, columns, ARRAY_LEN(columns));
	list_init(&users->clients, client_columns, ARRAY_LEN(client_columns));
	return users;
}

static void users_close(void *state)
{
	struct users *users = state;

	list_clear(&users->clients);
	list_clear(&users->rows.list);
	free(users);
}

static struct list *users_list(void *state)
{
	struct users *users = state;

	return users->shows_clients ? &users->clients : &users->rows.list;
}

/* --- filling */

static void add_size(struct list *list, const json_t *mailboxes, const char *user)
{
	char size[32];

	for (size_t i = 0; i < json_array_size(mailboxes); i++) {
		const json_t *mailbox = json_array_get(mailboxes, i);
		const char *name = json_string_value(json_object_get(mailbox, "user"));

		if (name == NULL || strcmp(name, user) != 0)
			continue;
		list_cellf(list, "%lld", (long long)json_integer_value(json_object_get(mailbox, "messages")));
		list_number(list, json_integer_value(json_object_get(mailbox, "messages")));
		list_cell(list, i18n_size(size, sizeof(size),
				    (unsigned long long)json_integer_value(json_object_get(mailbox, "bytes"))));
		list_number(list, json_integer_value(json_object_get(mailbox, "bytes")));
		return;
	}
	list_cell(list, "");
	list_cell(list, "");
}

static void add_login(struct list *list, const struct last_login *login)
{
	char time[32];

	if (login->time == 0)
		list_cell(list, "-");
	else
		list_cellf(list, "%s %s %s", tui_text_time(time, sizeof(time), login->time), login->protocol, login->address);
	list_number(list, login->time);
}

static void add_row(struct tui *tui, struct list *list, const struct conf_user *user)
{
	struct last_login login;
	struct buf aliases = BUF_INIT(65536);

	last_login_get(tui_state(tui), user->name, &login);
	for (size_t i = 0; i < user->aliases.count; i++)
		buf_printf(&aliases, "%s%s", i > 0 ? ", " : "", user->aliases.items[i]);
	list_add(list, user->name, STYLE_NORMAL);
	list_cell(list, user->name);
	list_cell(list, user->full_name);
	list_cell(list, user->external_alias);
	list_cell(list, user->password[0] != '\0' ? _("yes") : _("none"));
	add_size(list, json_object_get(tui->link.status, "mailboxes"), user->name);
	add_login(list, &login);
	list_cell(list, buf_text(&aliases));
	buf_clear(&aliases);
}

/* Its identity distinguishes connections: two from one address may begin at the same time. */
static void add_client(struct list *list, const json_t *client, size_t number)
{
	char protocol[32], time[32], idle[32], does[128], id[256];
	int64_t since = json_integer_value(json_object_get(client, "since"));
	const char *user = json_string_value(json_object_get(client, "user"));
	const char *address = who_address(client);

	snprintf(id, sizeof(id), "%lld %s %zu", (long long)since, address, number);
	list_add(list, id, user == NULL || user[0] == '\0' ? STYLE_DIM : STYLE_NORMAL);
	list_cell(list, who_user(client));
	list_cell(list, who_protocol(client, protocol, sizeof(protocol)));
	list_cell(list, address);
	list_cell(list, tui_text_time(time, sizeof(time), since));
	list_number(list, since);
	list_cell(list, who_idle(client, idle, sizeof(idle)));
	list_number(list, json_integer_value(json_object_get(client, "idle")));
	list_cell(list, who_activity(client, does, sizeof(does)));
}

static void refresh_clients(struct tui *tui, struct users *users, bool now)
{
	const json_t *clients = tui->link.is_up ? tui->link.clients : NULL;

	tui_link_ask_clients(&tui->link, tui->conf);
	if (!now && tui->link.is_up && users->clients_number == tui->link.clients_number)
		return;
	users->clients_number = tui->link.clients_number;
	list_begin(&users->clients);
	for (size_t i = 0; i < json_array_size(clients); i++)
		add_client(&users->clients, json_array_get(clients, i), i);
	list_end(&users->clients);
}

static void users_refresh(struct tui *tui, void *state, bool now)
{
	struct list *list = section_list_list(state);
	struct users *users = state;

	if (users->shows_clients)
		refresh_clients(tui, users, now);
	if (!section_list_are_stale(tui, state, now))
		return;
	list_begin(list);
	for (size_t i = 0; i < tui->conf->user_count; i++)
		add_row(tui, list, &tui->conf->users[i]);
	list_end(list);
}

static void draw_clients(struct tui *tui, struct users *users, struct rect area)
{
	term_putf(area.y, area.x + 1, area.width - 2, STYLE_STRONG,
	    _("Connected mail programs: %zu (Esc: users)"), users->clients.count);
	tui_list_draw_with_row(tui, &users->clients, (struct rect){area.y + 1, area.x, area.height - 1, area.width});
	if (users->clients.count == 0)
		term_put(area.y + 3, area.x + 2, area.width - 4, STYLE_DIM, _("No mail program is connected."));
}

static void users_draw(struct tui *tui, void *state, struct rect area)
{
	struct users *users = state;

	if (users->shows_clients) {
		draw_clients(tui, users, area);
		return;
	}
	tui_list_draw_with_row(tui, section_list_list(state), area);
	if (section_list_list(state)->count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_WARNING, _("There are no "
		    "users yet. Press a to add one."));
}

/* --- the password in a form */

static void add_password(struct form *form, const char *help)
{
	struct form_field *password = form_add(form, "*password", _("Password"), FORM_SECRET, "");
	struct form_field *again = form_add(form, "*again", _("Password again"), FORM_SECRET, "");

	password->help = help;
	again->help = _("Enter the password again, because it is not shown.");
}

static char *name_in(const struct section_form *section)
{
	const struct form_field *name = form_find(&section->form, "");

	return section->name != NULL ? xstrdup(section->name) : form_text(name);
}

static void judge_password(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;
	struct form_field *password = form_find(dialog->form, "*password"), *again = form_find(dialog->form, "*again");
	char *first = form_text(password), *second = form_text(again), *name = name_in(section);
	const char *weakness = password_weakness(first, name);

	(void)tui;
	snprintf(password->note, sizeof(password->note), "%s", weakness != NULL ? weakness : _("Strong "
	    "password."));
	again->error[0] = '\0';
	if (strncmp(first, second, strlen(second)) != 0)
		snprintf(again->error, sizeof(again->error), "%s", _("the two passwords differ"));
	free(name);
	conf_secret_free(first);
	conf_secret_free(second);
}

static bool is_weak_user(const struct tui *tui, const char *name)
{
	const struct conf_user *user = conf_find_user(tui->conf, name);

	return user != NULL && user->allow_weak_auth;
}

static bool set_secret(const struct tui *tui, struct config_edit *edit, const char *name, const char *password)
{
	struct password secret = {NULL, NULL, NULL};
	struct error error = ERROR_INIT;
	bool done = password_make(password, &secret, &error) == 0;

	if (!done)
		cli_fail_error(&error);
	done = done && config_edit_set(edit, "user", name, "password", secret.hash) &&
	       config_edit_set(edit, "user", name, "scram_sha256", secret.scram) &&
	       (!is_weak_user(tui, name) || config_edit_set(edit, "user", name, "clear_password", secret.clear));
	password_clear(&secret);
	return done;
}

static bool check_name(const struct section_form *section, const char *name)
{
	if (section->name != NULL)
		return true;
	if (strcmp(name, CONF_DAEMON) == 0)
		cli_fail(CLI_FAILED, _("daemon is reserved for the gateway and cannot be a user"));
	else if (!conf_is_mailbox_name(slice_of(name)))
		cli_fail(CLI_FAILED,
		    _("`%s` is not a valid user name: use 1 to 64 characters of a-z 0-9 . _ -, "
		       "beginning with a letter or digit"), name);
	else
		return true;
	return false;
}

static bool apply_password(struct tui *tui, struct form_dialog *dialog, struct config_edit *edit, const char *name)
{
	struct section_form *section = dialog->context;
	char *first = form_text(form_find(dialog->form, "*password"));
	char *second = form_text(form_find(dialog->form, "*again"));
	bool done = check_name(section, name), needed;

	if (done && strcmp(first, second) != 0) {
		cli_fail(CLI_FAILED, "%s", _("the two passwords differ"));
		form_focus(dialog->form, form_find(dialog->form, "*again"));
		done = false;
	}
	needed = section->name == NULL || section->only != NULL;
	if (done && needed && first[0] == '\0')
		done = dialog_confirm(tui, _("No password"), _("Without a password everybody on the LAN can read this mailbox."),
		    _("Yes, without a password"));
	if (done && (needed || first[0] != '\0'))
		done = set_secret(tui, edit, name, first);
	conf_secret_free(first);
	conf_secret_free(second);
	return done;
}

static bool is_secret(const struct schema_key *key)
{
	return value_is_secret(key->type);
}

static void prepare_new(struct tui *tui, struct section_form *section, struct form *form)
{
	(void)tui;
	(void)section;
	add_password(form, _("The password that the user enters in the mail program. It may be "
	    "empty on a trusted LAN."));
}

static void prepare_known(struct tui *tui, struct section_form *section, struct form *form)
{
	(void)tui;
	(void)section;
	add_password(form, _("A new password; empty: keep the old one."));
}

/* --- actions */

static void show_clients(struct tui *tui, struct users *users, bool shown)
{
	users->shows_clients = shown;
	users_refresh(tui, users, true);
}

static void do_clients(struct tui *tui, void *state)
{
	struct users *users = state;

	show_clients(tui, users, !users->shows_clients);
}

static void do_back(struct tui *tui, void *state)
{
	struct list *list = users_list(state);

	if (list->filter[0] == '\0' && list_marked(list) == 0)
		show_clients(tui, state, false);
	list_filter(list, "");
	list_unmark(list);
}

/* The selected user; for a connection the user of its login. New memory, NULL if there is none. */
static char *chosen_user(void *state)
{
	const struct users *users = state;
	const struct list_row *row = list_selected(users_list(state));

	if (row == NULL || (users->shows_clients && row->style == STYLE_DIM))
		return NULL;
	return xstrdup(users->shows_clients ? row->cells[0] : row->id);
}

static void do_add(struct tui *tui, void *state)
{
	struct section_form section = {.kind = "user",
	    .file = CONF_FILE_USERS,
	    .title = _("New user"),
	    .prepare = prepare_new,
	    .is_hidden = is_secret,
	    .changed = judge_password,
	    .apply = apply_password};

	show_clients(tui, state, false);
	if (!section_form_run(tui, &section))
		return;
	list_select(section_list_list(state), section.saved_name);
	section_list_show(tui, section_list_list(state), _("Settings of the mail program"), cmd_client_setup);
	free(section.saved_name);
}

static void edit_user(struct tui *tui, const char *name, const char *only, const char *title)
{
	struct section_form section = {.kind = "user",
	    .name = name,
	    .only = only,
	    .title = title,
	    .prepare = prepare_known,
	    .is_hidden = is_secret,
	    .changed = judge_password,
	    .apply = apply_password};

	if (section_form_run(tui, &section))
		free(section.saved_name);
}

static void do_edit(struct tui *tui, void *state)
{
	char *name = chosen_user(state), *title;

	if (name == NULL)
		return;
	title = xasprintf(_("User %s"), name);
	edit_user(tui, name, NULL, title);
	free(title);
	free(name);
}

static void do_password(struct tui *tui, void *state)
{
	char *name = chosen_user(state), *title;

	if (name == NULL)
		return;
	title = xasprintf(_("Password of %s"), name);
	edit_user(tui, name, "", title); /* no other field */
	free(title);
	free(name);
}

static void do_remove(struct tui *tui, void *state)
{
	struct users *users = state;

	if (users->shows_clients) {
		tui_say(tui, STYLE_NORMAL, "%s", _("press Esc first: users are removed in the list of users"));
		return;
	}
	section_list_remove(tui, section_list_list(state), _("Remove the user %s? The mailbox with its messages "
	    "stays on the disk."), _("Yes, remove"),
	    cmd_user_remove);
}

static void do_settings(struct tui *tui, void *state)
{
	struct users *users = state;
	char *name = chosen_user(state);

	if (users->shows_clients && name != NULL)
		list_select(section_list_list(state), name);
	if (name != NULL)
		section_list_show(tui, section_list_list(state), _("Settings of the mail program"), cmd_client_setup);
	free(name);
}

static void do_mailbox(struct tui *tui, void *state)
{
	char *name = chosen_user(state);

	if (name != NULL)
		tui_go(tui, SCREEN_MAILBOXES, name);
	free(name);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Edit"), N_("change the user: names, forwarding, password"), do_edit, 1},
    {'a', N_("Add"), N_("add a user, then show the settings for the mail program"), do_add, 0},
    {'p', N_("Password"), N_("set a new password"), do_password, 0},
    {'d', N_("Remove"), N_("remove the user; the mailbox stays"), do_remove, 0},
    {'i', N_("Mail program"), N_("show the settings for the mail program of the user"), do_settings, 2},
    {'m', N_("Mailbox"), N_("the messages in the mailbox"), do_mailbox, 3},
    {'c', N_("Connected"), N_("show the connected mail programs, and go back"), do_clients, 0},
    {TERM_ESCAPE, NULL, N_("back to the users"), do_back, 0},
};

const struct tui_screen screen_users = {
    .title = N_("Users"),
    .help = N_("The people of the office. Each has a mailbox here, a login name, and optionally an "
        "external address for outgoing mail."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = users_open,
    .close = users_close,
    .refresh = users_refresh,
    .draw = users_draw,
    .list = users_list,
};
