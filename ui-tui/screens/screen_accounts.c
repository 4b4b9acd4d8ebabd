/*
 * Accounts: mailboxes at providers, from which mail is fetched.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "upstream/provider_hint.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/wizard/provider.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/screens/section.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

static const struct list_column columns[] = {
    {N_("ACCOUNT"), 20, false},
    {N_("SERVER"), 0, false},
    {N_("LOGIN"), 0, false},
    {N_("SESSION"), 14, false},
    {N_("FETCHED"), 8, true},
    {N_("STATE"), 0, false},
};

static void *accounts_open(struct tui *tui)
{
	(void)tui;
	return section_list_open(columns, ARRAY_LEN(columns));
}

/* The gateway's status of the account, NULL if none. */
static const json_t *status_of(const struct tui *tui, const char *name)
{
	const json_t *list = json_object_get(tui->link.status, "accounts");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_object_get(json_array_get(list, i), "name"));

		if (text != NULL && strcmp(text, name) == 0)
			return json_array_get(list, i);
	}
	return NULL;
}

/* On a line that is always up. */
static bool is_watched(const json_t *watch)
{
	const char *state = json_string_value(json_object_get(watch, "state"));

	return state != NULL && strcmp(state, "watching") == 0;
}

static void add_row(const struct tui *tui, struct list *list, const struct conf_account *account)
{
	const json_t *status = status_of(tui, account->name);
	const char *error = json_string_value(json_object_get(status, "error"));
	long long last = json_integer_value(json_object_get(status, "last_time"));
	bool failed = error != NULL && error[0] != '\0';
	char time[32];

	list_add(list, account->name, !account->enabled ? STYLE_DIM : failed ? STYLE_BAD : STYLE_NORMAL);
	list_cell(list, account->name);
	list_cell(list, account->remote.url);
	list_cell(list, account->remote.user);
	list_cell(list, last == 0 ? "-" : tui_text_time(time, sizeof(time), last));
	list_number(list, last);
	list_cellf(list, "%lld", (long long)json_integer_value(json_object_get(status, "last_fetched")));
	list_number(list, json_integer_value(json_object_get(status, "last_fetched")));
	if (!account->enabled)
		list_cell(list, _("off"));
	else if (!failed && json_integer_value(json_object_get(status, "left")) > 0)
		list_cellf(list, _("good; %lld left on the server"),
		    (long long)json_integer_value(json_object_get(status, "left")));
	else if (!failed && is_watched(json_object_get(status, "watch")))
		list_cell(list, _("good; new mail comes at once"));
	else
		list_cell(list, failed ? error : last == 0 ? "" : _("good"));
}

static void accounts_refresh(struct tui *tui, void *state, bool now)
{
	struct list *list = section_list_list(state);

	if (!section_list_are_stale(tui, state, now))
		return;
	list_begin(list);
	for (size_t i = 0; i < tui->conf->account_count; i++)
		add_row(tui, list, &tui->conf->accounts[i]);
	list_end(list);
}

static void accounts_draw(struct tui *tui, void *state, struct rect area)
{
	tui_list_draw_with_row(tui, section_list_list(state), area);
	if (section_list_list(state)->count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_WARNING,
		    _("There are no accounts yet. Press a to add one; the mail address is enough to "
		       "begin with."));
}

/* --- the form */

static void prepare(struct tui *tui, struct section_form *section, struct form *form)
{
	(void)tui;
	form_button(form, _("Test"));
	if (section->name == NULL) {
		struct form_field *address = form_add(form, "*address", _("Mail address"), FORM_TEXT, "");

		address->help = _("The address at the provider. For Gmail, Yandex, Mail.ru, "
		    "Rambler, Outlook.com, iCloud, GMX, WEB.DE and Yahoo the rest is filled in from "
		    "it.");
		form->at = form->count - 1;
	}
}

/* The provider's requirements are shown at each field that they concern. */
static void note_provider(const struct form *form, const char *note)
{
	static const char *const keys[] = {"*address", "url", "user", "password", "oauth2", "oauth2_client_id"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct form_field *field = form_find(form, keys[i]);

		if (field != NULL)
			snprintf(field->note, sizeof(field->note), "%s", note);
	}
}

static void note_hint(const struct form *form, const char *name, const char *url)
{
	const char *hint = provider_hint(url, "");
	char *note = hint == NULL ? xstrdup(name) : xasprintf("%s%s%s", name, name[0] == '\0' ? "" : ". ", hint);

	note_provider(form, note);
	free(note);
}

static void prepared(struct tui *tui, struct section_form *section, struct form *form)
{
	const struct conf_account *account = section->name == NULL ? NULL : conf_find_account(tui->conf, section->name);

	if (account != NULL)
		note_hint(form, "", account->remote.url);
}

/* "sales@example.ru" is account sales. */
static char *name_for(struct slice address)
{
	char *name = slice_dup(slice_cut(&address, '@'));

	str_lower_ascii(name);
	for (char *at = name; *at != '\0'; at++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789._-", *at) == NULL)
			*at = '-';
	return name;
}

static void fill_in(struct tui *tui, struct form_dialog *dialog)
{
	struct form_field *field = form_find(dialog->form, "*address");
	char *text = field == NULL ? NULL : form_text(field), *name, *guess, *url;
	struct slice address;
	const struct provider *provider;

	(void)tui;
	if (text == NULL)
		return;
	address = slice_trim(slice_of(text));
	provider = provider_of(address);
	name = name_for(address);
	guess = provider_guess(address, "pop3s://pop", 995);
	form_suggest(form_find(dialog->form, ""), name);
	form_suggest(form_find(dialog->form, "user"), text);
	form_suggest(form_find(dialog->form, "url"), provider != NULL ? provider->fetch : guess != NULL ? guess : "");
	url = form_text(form_find(dialog->form, "url")); /* perhaps another one that was typed */
	form_suggest(form_find(dialog->form, "oauth2"), provider_hint_oauth2(url) != NULL ? provider_hint_oauth2(url) : "");
	note_hint(dialog->form, provider != NULL ? provider->name : "", url);
	free(url);
	free(name);
	free(guess);
	free(text);
}

/* --- the test, with the typed or the saved values */

struct test {
	const char *config, *file, *name;
	struct slice text; /* text of the file; ptr NULL: unchanged */
};

static int run_test(void *context)
{
	const struct test *test = context;
	struct conf_problems problems = {0};
	struct conf *conf = conf_load_edited(test->config, test->file, test->text, &problems);
	const struct conf_account *account = conf == NULL ? NULL : conf_find_account(conf, test->name);
	int result = CLI_FAILED;

	for (size_t i = 0; conf == NULL && i < problems.count; i++)
		if (!problems.items[i].is_warning)
			puts(PHRASE_SAID(problems.items[i].phrase));
	if (account != NULL)
		result = remote_test_account(conf, account, NULL);
	conf_free(conf);
	conf_problems_clear(&problems);
	return result;
}

static void test_typed(struct tui *tui, struct form_dialog *dialog, struct config_edit *edit, const char *name)
{
	struct test test = {tui->cli->config, edit->file, name, buf_slice(&edit->text)};

	(void)dialog;
	dialog_job(tui, _("Test of the account"), run_test, &test, NULL);
}

/* --- actions */

static void do_test(struct tui *tui, void *state)
{
	section_list_show(tui, section_list_list(state), _("Test of the account"), cmd_account_test);
}

static void do_login(struct tui *tui, void *state)
{
	section_list_show(tui, section_list_list(state), _("Sign-in at the provider"), cmd_account_login);
}

static void do_add(struct tui *tui, void *state)
{
	struct section_form section = {.kind = "account",
	    .file = CONF_FILE_ACCOUNTS,
	    .title = _("New account"),
	    .prepare = prepare,
	    .changed = fill_in,
	    .pressed = test_typed};

	if (!section_form_run(tui, &section))
		return;
	list_select(section_list_list(state), section.saved_name);
	free(section.saved_name);
}

static void do_edit(struct tui *tui, void *state)
{
	char *name = section_list_selected(section_list_list(state)), *title;
	struct section_form section = {.kind = "account", .name = name, .prepare = prepare, .prepared = prepared, .pressed = test_typed};

	if (name == NULL)
		return;
	section.title = title = xasprintf(_("Account %s"), name);
	if (section_form_run(tui, &section))
		free(section.saved_name);
	free(title);
	free(name);
}

static void do_remove(struct tui *tui, void *state)
{
	section_list_remove(tui, section_list_list(state), _("Remove the account %s? The mailbox at the provider is "
	    "not changed."),
	    _("Yes, remove"), cmd_account_remove);
}

static void do_fetch(struct tui *tui, void *state)
{
	struct strlist ids = {NULL, 0};
	json_t *names = json_array();

	list_chosen(section_list_list(state), &ids);
	for (size_t i = 0; i < ids.count; i++)
		json_array_append_new(names, json_string(ids.items[i]));
	if (ids.count > 0 &&
	    section_list_ask_gateway(tui,
		json_pack("{s:s, s:O, s:b, s:b}", "verb", "session", "accounts", names, "send", 0, "wait", 0),
		_("session started")) == CLI_DONE)
		list_unmark(section_list_list(state));
	json_decref(names);
	strlist_clear(&ids);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Edit"), N_("change the account; it can be tested before it is saved"), do_edit, 1},
    {'a', N_("Add"), N_("add an account: enter its address, and the rest is filled in"), do_add, 0},
    {'t', N_("Test"), N_("test the account step by step; nothing is fetched"), do_test, 0},
    {'l', N_("Sign in"), N_("sign in at the provider of an account with oauth2, by a code"), do_login, 0},
    {'s', N_("Fetch"), N_("fetch from the marked accounts now, or from this one"), do_fetch, 0},
    {'d', N_("Remove"), N_("remove the account; the mailbox at the provider is not changed"), do_remove, 0},
};

const struct tui_screen screen_accounts = {
    .title = N_("Accounts"),
    .help = N_("Mailboxes at providers. Each session fetches from all of them in parallel and sorts "
        "the messages to the users."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = accounts_open,
    .close = section_list_close,
    .refresh = accounts_refresh,
    .draw = accounts_draw,
    .list = section_list_list,
};
