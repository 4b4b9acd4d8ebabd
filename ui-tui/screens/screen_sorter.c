/*
 * Sorter: the rules in their order, and a test of a rule with the last messages while it is
 * edited.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "ui-tui/command/recent_mail.h"
#include "ui-tui/command/rule_text.h"
#include "ui-tui/screens/dialog.h"
#include "ui-tui/screens/section_list.h"
#include "ui-tui/screens/section.h"
#include "ui-tui/screens/tui_list.h"
#include "ui-tui/widgets/tui_text.h"
#include "ui-tui/screens/undo.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define LETTERS 200
#define PREVIEW_ROWS 6

static const struct list_column columns[] = {
    {"", 4, true},
    {N_("RULE"), 20, false},
    {N_("WHEN"), 0, false},
    {N_("DOES"), 0, false},
};

static void *rules_open(struct tui *tui)
{
	(void)tui;
	return section_list_open(columns, ARRAY_LEN(columns));
}

static void rules_refresh(struct tui *tui, void *state, bool now)
{
	struct list *list = section_list_list(state);

	if (!section_list_are_stale(tui, state, now))
		return;
	list_begin(list);
	for (size_t i = 0; i < tui->conf->rule_count; i++) {
		const struct conf_rule *rule = &tui->conf->rules[i];
		struct buf does = BUF_INIT(65536);

		rule_actions(rule, &does);
		list_add(list, rule->name, STYLE_NORMAL);
		list_cellf(list, "%zu", i + 1);
		list_number(list, (int64_t)i + 1);
		list_cell(list, rule->name);
		list_cell(list, rule->when);
		list_cell(list, buf_text(&does));
		buf_clear(&does);
	}
	list_end(list);
}

static void rules_draw(struct tui *tui, void *state, struct rect area)
{
	tui_list_draw_with_row(tui, section_list_list(state), area);
	if (section_list_list(state)->count == 0)
		term_put(area.y + 2, area.x + 2, area.width - 4, STYLE_DIM,
		    _("There are no rules: messages are sorted by their addresses, the rest goes to "
		       "postmaster."));
}

/* --- a rule as a form */

static const char *const headers[] = {"subject", "from", "to", "cc", "recipient", "anyheader", "body", "attachment",
    "account", "list", NULL};
static const char *const operators[] = {"contains", "is", "begins", "ends", "matches", "regex", NULL};

/* The same for people, in this order. */
static const char *const header_names[] = {N_("the subject"), N_("the sender (From)"), N_("To"), N_("Cc"),
    N_("all recipients"), N_("the whole header"), N_("the text"), N_("the names of attachments"), N_("the account"),
    N_("the mailing list")};
static const char *const operator_names[] = {N_("contains"), N_("is"), N_("begins with"), N_("ends with"),
    N_("matches a pattern"), N_("matches a regular expression")};

struct preview {
	struct recent_mail recent;
	bool is_stale;
	char error[256];
};

static void prepare(struct tui *tui, struct section_form *section, struct form *form)
{
	struct form_field *header = form_add(form, "*header", _("Look in"), FORM_CHOICE, "");
	struct form_field *relation = form_add(form, "*operator", _("Comparison"), FORM_CHOICE, "");
	struct form_field *text = form_add(form, "*text", _("Text"), FORM_TEXT, "");

	(void)tui;
	(void)section;
	header->words = headers;
	header->shown = header_names;
	header->help = _("These three fields make up a simple condition below. Press Space for the "
	    "next choice.");
	relation->words = operators;
	relation->shown = operator_names;
	relation->help = _("How to compare the text; case does not matter. In a pattern * matches "
	    "any characters and ? one character.");
	text->help = _("The text to search for.");
}

/* A condition from the three fields; quotes inside the text are doubled. */
static void make_condition(struct form *form)
{
	char *header = form_text(form_find(form, "*header")), *relation = form_text(form_find(form, "*operator"));
	char *text = form_text(form_find(form, "*text"));
	struct buf when = BUF_INIT(8192);

	buf_printf(&when, "%s %s \"", header[0] == '\0' ? headers[0] : header, relation[0] == '\0' ? operators[0] : relation);
	for (const char *at = text; *at != '\0'; at++)
		buf_printf(&when, *at == '"' ? "\"\"" : "%c", *at);
	buf_append_text(&when, "\"");
	if (text[0] != '\0')
		tui_line_set(&form_find(form, "when")->line, buf_text(&when));
	buf_clear(&when);
	free(header);
	free(relation);
	free(text);
}

static void rule_changed(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;
	struct preview *preview = section->context;
	const char *key = dialog->form->at < dialog->form->count ? dialog->form->fields[dialog->form->at]->key : "";

	(void)tui;
	if (key[0] == '*')
		make_condition(dialog->form);
	preview->is_stale = true;
}

static void try_rule(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;
	struct preview *preview = section->context;
	struct form_field *field = form_find(dialog->form, "when");
	char *when = form_text(field);
	struct error error = ERROR_INIT;

	preview->is_stale = false;
	field->error[0] = preview->error[0] = '\0';
	if (when[0] == '\0')
		preview->recent.caught = 0;
	for (size_t i = 0; when[0] == '\0' && i < preview->recent.count; i++)
		preview->recent.items[i].caught = false;
	if (when[0] != '\0' && recent_mail_try(tui->conf, when, &preview->recent, &error) != 0) {
		snprintf(field->error, sizeof(field->error), "%s", ERROR_SAID(&error));
		snprintf(preview->error, sizeof(preview->error), "%s", ERROR_SAID(&error));
	}
	free(when);
}

static void rule_idle(struct tui *tui, struct form_dialog *dialog)
{
	struct section_form *section = dialog->context;

	if (((struct preview *)section->context)->is_stale)
		try_rule(tui, dialog);
}

static void draw_preview(struct tui *tui, struct form_dialog *dialog, struct rect area)
{
	const struct section_form *section = dialog->context;
	const struct preview *preview = section->context;
	const struct recent_mail *recent = &preview->recent;
	int y = area.y;

	(void)tui;
	term_line(y, area.x, area.width);
	if (preview->error[0] != '\0')
		term_putf(y++, area.x + 2, area.width - 4, STYLE_BAD, " %s ", preview->error);
	else
		term_putf(y++, area.x + 2, area.width - 4, STYLE_STRONG, _(" matches %zu of the "
		    "last %zu messages "),
		    recent->caught, recent->count);
	for (size_t i = 0; preview->error[0] == '\0' && i < recent->count && y < area.y + area.height; i++) {
		const struct recent_message *message = &recent->items[i];
		char time[32];

		if (!message->caught)
			continue;
		term_put(y, area.x + 1, 11, STYLE_DIM, tui_text_time(time, sizeof(time), message->time));
		term_put(y, area.x + 13, area.width / 3, STYLE_NORMAL, message->from);
		term_put(y, area.x + 14 + area.width / 3, area.width - area.width / 3 - 14, STYLE_NORMAL, message->subject);
		y++;
	}
}

/* Returns the saved name in new memory; NULL if cancelled. */
static char *rule_form(struct tui *tui, const char *name, const char *title)
{
	struct preview preview = {.is_stale = true};
	struct section_form section = {.kind = "rule",
	    .name = name,
	    .file = CONF_FILE_RULES,
	    .title = title,
	    .context = &preview,
	    .prepare = prepare,
	    .changed = rule_changed,
	    .idle = rule_idle,
	    .draw_below = draw_preview,
	    .rows_below = PREVIEW_ROWS};

	recent_mail_read(tui->conf, LETTERS, &preview.recent);
	section_form_run(tui, &section);
	recent_mail_clear(&preview.recent);
	return section.saved_name;
}

/* --- actions */

static void do_add(struct tui *tui, void *state)
{
	char *name = rule_form(tui, NULL, _("New rule"));

	if (name != NULL)
		list_select(section_list_list(state), name);
	free(name);
}

static void do_edit(struct tui *tui, void *state)
{
	char *name = section_list_selected(section_list_list(state)), *title;

	if (name == NULL)
		return;
	title = xasprintf(_("Rule %s"), name);
	free(rule_form(tui, name, title));
	free(title);
	free(name);
}

static void do_remove(struct tui *tui, void *state)
{
	section_list_remove(tui, section_list_list(state), _("Remove the rule %s?"), _("Yes, remove"), cmd_rule_remove);
}

/* By one position in the order of the rules, independent of the sorting of the list. */
static void move(struct tui *tui, void *state, int by)
{
	const struct list_row *row = list_selected(section_list_list(state));
	long to = row == NULL ? 0 : (long)row->numbers[0] + by;
	struct strlist words = {NULL, 0};
	char *place;

	if (to < 1 || to > (long)tui->conf->rule_count)
		return;
	place = xasprintf("%ld", to);
	strlist_add(&words, row->id);
	strlist_add(&words, place);
	undo_files_begin(tui);
	dialog_quiet_verb(tui, cmd_rule_move, &words, NULL, NULL);
	undo_files_end(tui, _("rule %s moved"), words.items[0]);
	tui_changed(tui);
	strlist_clear(&words);
	free(place);
}

static void do_up(struct tui *tui, void *state)
{
	move(tui, state, -1);
}

static void do_down(struct tui *tui, void *state)
{
	move(tui, state, 1);
}

static void do_test(struct tui *tui, void *state)
{
	section_list_show(tui, section_list_list(state), _("Mail of the last 7 days under the current rules"), cmd_rule_test);
}

static const struct tui_action actions[] = {
    {TERM_ENTER, N_("Edit"), N_("change the rule and see at once which messages it would match"), do_edit, 1},
    {'a', N_("Add"), N_("add a rule as the last one"), do_add, 0},
    {'K', N_("Up"), N_("move the rule up: it is checked earlier"), do_up, 0},
    {'J', N_("Down"), N_("move the rule down"), do_down, 0},
    {'t', N_("Test"), N_("show recent mail that this rule would deliver differently"), do_test, 0},
    {'d', N_("Remove"), N_("remove the rule"), do_remove, 0},
};

const struct tui_screen screen_sorter = {
    .title = N_("Sorter"),
    .help = N_("Who gets a fetched message. The rules are checked from the top; each one that "
        "matches adds its recipients, until one with stop = yes. Then the addresses in the message "
        "are checked; messages without a recipient go to postmaster."),
    .actions = actions,
    .action_count = ARRAY_LEN(actions),
    .open = rules_open,
    .close = section_list_close,
    .refresh = rules_refresh,
    .draw = rules_draw,
    .list = section_list_list,
};
