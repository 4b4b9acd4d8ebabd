/*
 * Settings: all keys of the configuration except those of users, accounts and rules, in groups.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/remote_test.h"
#include "ui-tui/screens/tui.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/undo.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define HELP_ROWS 3

static const struct list_column columns[] = {
    {N_("SETTING"), 33, false},
    {N_("VALUE"), 0, false},
    {N_("IN THE FILE"), 24, false},
};

/* In the order of setting up an office. */
static const struct {
	const char *kind, *title; /* N_() */
} groups[] = {
    {"gateway", N_("Gateway")},
    {"smarthost", N_("Server for outgoing mail")},
    {"line", N_("Line")},
    {"schedule", N_("Schedule")},
    {"lan", N_("LAN access")},
    {"limits", N_("Limits")},
    {"sorter", N_("Sorting")},
    {"group", N_("Groups of users")},
    {"mailbox", N_("Shared mailboxes")},
    {"log", N_("Log")},
};

struct settings {
	struct list list;
	unsigned conf_number;
};

static void *settings_open(struct tui *tui)
{
	struct settings *settings = xcalloc(1, sizeof(*settings));

	(void)tui;
	list_init(&settings->list, columns, ARRAY_LEN(columns));
	return settings;
}

static void settings_close(void *state)
{
	struct settings *settings = state;

	list_clear(&settings->list);
	free(settings);
}

static struct list *settings_list(void *state)
{
	return &((struct settings *)state)->list;
}

/* --- filling. A row's identity is "kind|name|key" */

static void add_value(struct list *list, const struct schema_key *key, const char *value)
{
	if (value != NULL && value[0] != '\0' && value_is_secret(key->type))
		list_cell(list, "********");
	else if (value != NULL && value[0] != '\0')
		list_cell(list, value);
	else if (key->value != NULL && key->value[0] != '\0')
		list_cellf(list, "(%s)", key->value);
	else
		list_cellf(list, "(%s)", key->stands == NULL ? "" : _(key->stands));
}

static void add_keys(struct list *list, const struct schema_section *schema, const struct ini_section *section,
    const char *name)
{
	for (size_t i = 0; i < schema->key_count; i++) {
		const struct schema_key *key = &schema->keys[i];
		const char *value = section_value(section, key->name);
		bool is_given = value != NULL && value[0] != '\0';
		char *id = xasprintf("%s|%s|%s", schema->kind, name, key->name);

		list_add(list, id, is_given ? STYLE_NORMAL : STYLE_DIM);
		list_cell(list, schema_label(schema, key));
		add_value(list, key, value);
		list_cell(list, key->name);
		free(id);
	}
}

static void add_group(struct list *list, const struct ini *ini, size_t group)
{
	const struct schema_section *schema = schema_find(groups[group].kind);
	char *heading;

	if (schema->example == NULL) {
		heading = xasprintf("%s: %s", _(groups[group].title), _(schema->help));
		list_heading(list, heading);
		free(heading);
		add_keys(list, schema, section_find(ini, schema->kind, ""), "");
	}
	for (size_t i = 0; i < ini->count; i++) {
		const struct ini_section *section = &ini->sections[i];

		if (strcmp(section->kind, schema->kind) != 0 || (schema->example == NULL && section->name[0] == '\0'))
			continue;
		heading = xasprintf("%s: %s", _(groups[group].title), section->name);
		list_heading(list, heading);
		free(heading);
		add_keys(list, schema_find_named(schema->kind, section->name), section, section->name);
	}
}

static void settings_refresh(struct tui *tui, void *state, bool now)
{
	struct settings *settings = state;
	struct ini ini;

	if (!now && settings->conf_number == tui->conf_number)
		return;
	settings->conf_number = tui->conf_number;
	section_read_all(tui, &ini);
	list_begin(&settings->list);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		add_group(&settings->list, &ini, i);
	list_end(&settings->list);
	ini_clear(&ini);
}

/* The parts of a row's identity; false if no row is selected. Free *copy. */
static bool selected_key(void *state, char **copy, const char **kind, const char **name, const char **key)
{
	const struct list_row *row = list_selected(settings_list(state));
	char *rest;

	*copy = NULL;
	if (row == NULL)
		return false;
	*copy = rest = xstrdup(row->id);
	*kind = strsep(&rest, "|");
	*name = strsep(&rest, "|");
	*key = rest;
	return rest != NULL;
}

/* The selected setting in full, and its help. */
static void add_help(void *state, struct buf *text)
{
	const struct list_row *row = list_selected(settings_list(state));
	const char *kind, *name, *key;
	char *copy;

	if (selected_key(state, &copy, &kind, &name, &key)) {
		const struct schema_key *schema = schema_find_key(schema_find_named(kind, name), key);

		buf_printf(text, "[%s%s%s] %s = %s\n%s", kind, name[0] == '\0' ? "" : " ", name, key, row->cells[1],
		    schema == NULL ? "" : _(schema->help));
	}
	free(copy);
}

static const struct conf_problem *first_error(const struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!problems->items[i].is_warning)
			return &problems->items[i];
	return NULL;
}

/* Draws lines from the top of the area; returns how many. */
static int draw_lines(struct rect area, enum term_style style, const struct strlist *lines)
{
	int count = (int)lines->count < area.height ? (int)lines->count : area.height;

	for (int i = 0; i < count; i++)
		term_put(area.y + i, area.x + 1, area.width - 2, style, lines->items[i]);
	return count;
}

/* The first error in the files above the list. Returns its lines. */
static int draw_error(const struct tui *tui, struct rect area)
{
	const struct conf_problem *wrong = first_error(&tui->problems);
	struct strlist lines = {NULL, 0};
	struct error error;
	int used;

	if (wrong == NULL)
		return 0;
	conf_problem_error(wrong, &error);
	tui_text_wrap(ERROR_SAID(&error), (size_t)area.width - 2, &lines);
	used = draw_lines((struct rect){area.y, area.x, area.height / 3, area.width}, STYLE_BAD, &lines);
	strlist_clear(&lines);
	return used;
}

static void settings_draw(struct tui *tui, void *state, struct rect area)
{
	struct settings *settings = state;
	struct strlist lines = {NULL, 0};
	struct buf text = BUF_INIT(8192);
	int used = draw_error(tui, area), help;

	add_help(state, &text);
	tui_text_wrap(buf_text(&text), (size_t)area.width - 2, &lines);
	help = (int)lines.count > HELP_ROWS ? (int)lines.count : HELP_ROWS;
	if (help > area.height / 3)
		help = area.height / 3;
	tui_list_draw(tui, &settings->list,
	    (struct rect){area.y + used, area.x, area.height - used - help - 1, area.width});
	term_line(area.y + area.height - help - 1, area.x, area.width);
	draw_lines((struct rect){area.y + area.height - help, area.x, help, area.width}, STYLE_NORMAL, &lines);
	strlist_clear(&lines);
	buf_clear(&text);
}

/* --- actions */

static void do_edit(struct tui *tui, void *state)
{
	const char *kind, *name, *key;
	char *copy;
	struct section_form section = {0};

	if (selected_key(state, &copy, &kind, &name, &key)) {
		char *title = xasprintf("[%s%s%s] %s", kind, name[0] == '\0' ? "" : " ", name, key);

		section = (struct section_form){.kind = kind, .name = name, .only = key, .title = title};
		if (section_form_run(tui, &section))
			free(section.saved_name);
		free(title);
	}
	free(copy);
}

static void do_section(struct tui *tui, void *state)
{
	const char *kind, *name, *key;
	char *copy;
	struct section_form section = {0};

	if (selected_key(state, &copy, &kind, &name, &key)) {
		char *title = xasprintf("[%s%s%s]", kind, name[0] == '\0' ? "" : " ", name);

		section = (struct section_form){.kind = kind, .name = name, .title = title, .about = _(schema_find_named(kind, name)->help)};
		if (section_form_run(tui, &section))
			free(section.saved_name);
		free(title);
	}
	free(copy);
}

static void do_add(struct tui *tui, void *state)
{
	static const char *const kinds[] = {"smarthost", "group", "mailbox", "line"};
	const char *const choices[] = {_("A server for outgoing mail (smarthost)"), _("A group of users"), _("A shared mailbox"), _("A line to the internet, one of several")};
	int chosen = dialog_choose(tui, _("New section"), _("What do you want to add?"), choices, ARRAY_LEN(choices));
	struct section_form section = {.kind = kinds[chosen < 0 ? 0 : chosen],
	    .title = _("New section"),
	    .about = chosen < 0 ? "" : choices[chosen]};
	char *id;

	if (chosen < 0 || !section_form_run(tui, &section))
		return;
	id = xasprintf("%s|%s|%s", section.kind, section.saved_name, schema_find_named(section.kind, section.saved_name)->keys[0].name);
	list_select(settings_list(state), id);
	free(id);
	free(section.saved_name);
}

/* The section of an action. */
struct target {
	struct cli *cli;
	const char *kind, *name;
};

/* The file that has a section which can be removed; NULL: there is none. */
static const char *file_of(const struct conf *conf, const char *kind, const char *name)
{
	const struct conf_smarthost *smarthost = strcmp(kind, "smarthost") == 0 ? conf_find_smarthost(conf, name) : NULL;
	const struct conf_group *group = strcmp(kind, "group") == 0 ? conf_find_group(conf, name) : NULL;
	const struct conf_shared *shared = strcmp(kind, "mailbox") == 0 ? conf_find_shared(conf, name) : NULL;
	const struct conf_way *way = strcmp(kind, "line") == 0 ? conf_find_way(conf, name) : NULL;

	if (smarthost != NULL)
		return smarthost->place.file;
	if (way != NULL)
		return way->place.file;
	return group != NULL ? group->place.file : shared != NULL ? shared->place.file : NULL;
}

static int run_removal(void *context)
{
	const struct target *removal = context;
	struct conf *conf = cli_gateway_conf(removal->cli);
	struct config_edit edit;
	int result = CLI_FAILED;
	const char *file = NULL;

	if (conf == NULL)
		return CLI_FAILED;
	file = file_of(conf, removal->kind, removal->name);
	if (file != NULL && config_edit_begin(&edit, removal->cli, conf, file)) {
		result = config_edit_remove(&edit, removal->kind, removal->name);
		config_edit_clear(&edit);
	}
	if (result == CLI_DONE)
		printf(_("[%s %s] was removed\n"), removal->kind, removal->name);
	conf_free(conf);
	return result;
}

static void remove_section(struct tui *tui, struct target *removal)
{
	undo_files_begin(tui);
	dialog_quiet_job(tui, run_removal, removal, NULL);
	undo_files_end(tui, _("%s removed"), removal->name);
}

static void do_remove(struct tui *tui, void *state)
{
	struct target removal = {.cli = tui->cli};
	const char *key;
	char *copy, *text;

	if (selected_key(state, &copy, &removal.kind, &removal.name, &key) && removal.name[0] != '\0') {
		text = xasprintf(_("Remove the section [%s %s] with all its settings?"), removal.kind, removal.name);
		if (dialog_confirm(tui, _("Remove"), text, _("Yes, remove the section")))
			remove_section(tui, &removal);
		tui_changed(tui);
		free(text);
	} else if (copy != NULL) {
		tui_say(tui, STYLE_NORMAL, "%s", _("this section cannot be removed; an empty setting means its default"));
	}
	free(copy);
}

static int run_test(void *context)
{
	const struct target *test = context;
	struct conf *conf = cli_conf(test->cli);
	const struct conf_smarthost *smarthost = conf == NULL ? NULL : conf_find_smarthost(conf, test->name);
	int result = smarthost == NULL ? CLI_FAILED : remote_test_smarthost(conf, smarthost, NULL);

	conf_free(conf);
	return result;
}

static void do_test(struct tui *tui, void *state)
{
	struct target test = {.cli = tui->cli};
	const char *key;
	char *copy;

	if (selected_key(state, &copy, &test.kind, &test.name, &key) && strcmp(test.kind, "smarthost") == 0)
		dialog_job(tui, _("Test of the smarthost"), run_test, &test, NULL);
	else
		tui_say(tui, STYLE_NORMAL, "%s", _("select a setting of a smarthost first"));
	free(copy);
}

static void do_login(struct tui *tui, void *state)
{
	struct strlist names = {NULL, 0};
	const char *kind, *name, *key;
	char *copy;

	if (selected_key(state, &copy, &kind, &name, &key) && strcmp(kind, "smarthost") == 0) {
		strlist_add(&names, name);
		dialog_verb(tui, _("Sign-in at the provider"), cmd_smarthost_login, &names);
		strlist_clear(&names);
	} else {
		tui_say(tui, STYLE_NORMAL, "%s", _("select a setting of a smarthost first"));
	}
	free(copy);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Edit"), N_("change the setting; empty: the default, shown in brackets"), do_edit, 1},
    {'e', N_("Section"), N_("open the whole section in a form"), do_section, 0},
    {'a', N_("Add"), N_("add a server for outgoing mail, a group of users, a shared mailbox or a line"), do_add, 0},
    {'t', N_("Test"), N_("test the selected smarthost; sends nothing"), do_test, 0},
    {'l', N_("Sign in"), N_("sign in at the provider of the selected smarthost with oauth2, by a code"), do_login, 2},
    {'d', N_("Remove"), N_("remove a smarthost, a group, a shared mailbox or one of several lines"), do_remove, 0},
};

const struct tui_screen screen_settings = {
    .title = N_("Settings"),
    .help = N_("Every setting of the gateway with its value; defaults are in brackets. A change is "
        "checked as you type and as a whole, and is written to the file with all comments kept; the "
        "gateway uses it at once."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = settings_open,
    .close = settings_close,
    .refresh = settings_refresh,
    .draw = settings_draw,
    .list = settings_list,
};
