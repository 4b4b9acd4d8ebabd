#include "ui-tui/command/cli_help.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/conf_reference.h"
#include "ui-tui/command/cli_options.h"
#include "ui-tui/widgets/text_width.h"

#include <stdio.h>
#include <stdlib.h>

#define LEFT 26 /* of the left column */
#define WIDTH 79

/* The purpose of the groups of verbs, and their heading in the full help. */
static const struct {
	const char *heading, *words; /* first words of verbs */
} headings[] = {
    {N_("Mail"), "status session who trace queue mailbox quarantine learn"},
    {N_("Configuration"), "setup check user account smarthost rule scanner client-setup dkim config-reference"},
    {N_("Dry runs"), "sort decode demo"},
    {N_("The gateway"), "reload stop backup restore completion"},
};
static const struct {
	const char *name, *about;
} groups[] = {
    {"user", N_("users of the office")},
    {"account", N_("mailboxes at providers")},
    {"smarthost", N_("servers for outgoing mail")},
    {"rule", N_("rules of the sorter")},
    {"queue", N_("outgoing mail in the queue")},
    {"scanner", N_("scanners for viruses and spam")},
    {"quarantine", N_("mail in quarantine")},
    {"mailbox", N_("mailboxes, shared or not, and their messages")},
};
static const struct {
	const char *command, *about;
} examples[] = {
    {"lanpost session", N_("fetch and send now")},
    {"lanpost trace anna@bank.example", N_("the history of messages from or to this address")},
    {"lanpost user add ivan --full-name 'Ivan Petrov'", N_("asks for the password")},
    {"lanpost account disable sales", N_("stop fetching this account for now")},
    {"lanpost mailbox purge boss --older 90d", N_("asks before it removes the messages")},
};
/* Further text of a verb or a group besides its row in the table. */
static const struct {
	const char *name, *text;
} notes[] = {
    {"user add", N_("On a terminal lanpost asks for the password twice; otherwise it reads the "
        "first line of standard input. --no-password adds a user without a password.")},
    {"user passwd", N_("On a terminal lanpost asks for the password twice; otherwise it reads the "
        "first line of standard input. This is also how postmaster gets its first password.")},
    {"user set", N_("An empty value removes a key, as --unset does. Passwords: lanpost user passwd.")},
    {"user remove", N_("The mailbox stays on the disk: `lanpost mailbox list` shows it, `lanpost "
        "mailbox purge` empties it.")},
    {"account add", N_("On a terminal lanpost asks for the password; otherwise it reads the first "
        "line of standard input. It does not ask with --password-command, --oauth2, --oauth2-token-command or "
        "--no-password.")},
    {"account passwd", N_("On a terminal lanpost asks for the password; otherwise it reads the "
        "first line of standard input.")},
    {"account login", N_("The page may be opened on any computer or phone. The sign-in is kept in the spool and renewed "
        "in sessions; a smarthost with the same user and the same settings oauth2 uses it, too.")},
    {"account set", N_("An empty value removes a key, as --unset does. Passwords: lanpost account passwd.")},
    {"rule add", N_("lanpost-rules(5) describes the conditions. On a terminal lanpost asks for "
        "confirmation of a rule that discards all mail.")},
    {"rule set", N_("An empty value removes a key, as --unset does.")},
    {"mailbox purge", N_("TIME is a number with s, m, h, d or w: 90d. lanpost shows what it would "
        "remove and asks for confirmation; without a terminal --yes is required.")},
    {"mailbox archive", N_("TIME is a number with s, m, h, d or w: 90d.")},
    {"mailbox add", N_("USERS are users and groups, separated by commas; maria:read may only read. Members see the mailbox in IMAP as "
        "Shared/NAME.")},
    {"mailbox set", N_("An empty value removes a key, as --unset does. --members replaces all members.")},
    {"mailbox remove", N_("The messages stay on the disk: `lanpost mailbox list` shows them, `lanpost mailbox purge` removes them.")},
    {"queue delete", N_("lanpost shows what it would remove and asks for confirmation; without a "
        "terminal --yes is required.")},
    {"trace", N_("TIME is an age (7d) or a date (2026-11-23, or '2026-11-23 09:15').")},
    {"rule test", N_("TIME is an age with s, m, h, d or w; the default is 7d.")},
    {"sort", N_("FILE is a message; - is standard input.")},
    {"decode", N_("FILE is a message; - is standard input.")},
};

/* --- text in two columns */

/* Prints words from the column on, in lines of WIDTH; the cursor is at `at`. */
static void print_wrapped(const char *text, size_t column, size_t at)
{
	struct slice rest = slice_of(text);
	bool is_first = true;

	while (rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');
		char *copy = slice_dup(word);
		size_t width = text_width(copy);

		if (!is_first && at + 1 + width > WIDTH) {
			printf("\n%*s", (int)column, "");
			at = column;
			is_first = true;
		}
		printf("%s%s", is_first ? "" : " ", copy);
		at += width + !is_first;
		is_first = false;
		free(copy);
	}
	putchar('\n');
}

/* left: width of the first column. */
static void print_columns(const char *text, size_t left, const char *right)
{
	size_t width = text_width(text);

	printf("  %s", text);
	if (width + 2 > left)
		printf("\n%*s", (int)left + 2, "");
	else
		printf("%*s", (int)(left - width), "");
	print_wrapped(right, left + 2, left + 2);
}

static void print_row(const char *left, const char *right)
{
	print_columns(left, LEFT, right);
}

/* --- options */

/* The options of all verbs, or the others of this verb. */
static void print_options_of(const struct verb *verb, bool for_all)
{
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct option_info *option = &cli_option_table[i];
		char *left, *right;

		if (option->for_all != for_all || (!for_all && !cli_takes(verb, option->name)))
			continue;
		left = xasprintf("%s %s", option->name, option->value == NULL ? "" : option->value);
		right = xasprintf(_(cli_option_help(option, verb)), LANPOST_SYSCONFDIR); /* only the text of -c has a %s */
		print_row(left, right);
		free(left);
		free(right);
	}
}

static void print_options(const struct verb *verb)
{
	puts(_("Options:"));
	if (verb != NULL)
		print_options_of(verb, false);
	print_options_of(NULL, true);
}

static void print_key(const struct schema_key *key)
{
	char *left = cli_option_of_key(key);
	struct buf right = BUF_INIT(8192);

	buf_printf(&right, "%s [", _(key->help));
	conf_reference_value(&right, key);
	buf_append_byte(&right, ']');
	print_row(left, buf_text(&right));
	buf_clear(&right);
	free(left);
}

static void print_keys(const struct verb *verb)
{
	const struct schema_section *section = cli_keys_of(verb);

	if (section == NULL)
		return;
	print_wrapped(_("Keys, each followed by its value (for a list: separate the items with "
	    "commas, or repeat the option):"), 2, 0);
	for (size_t i = 0; i < section->key_count; i++)
		if (cli_is_option_key(&section->keys[i]))
			print_key(&section->keys[i]);
}

/* --- a verb */

static void print_notes(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(notes); i++)
		if (strcmp(notes[i].name, name) == 0)
			print_wrapped(_(notes[i].text), 0, 0);
}

bool cli_help_verb(const struct verb *verb)
{
	char *usage = xasprintf(_("Usage: lanpost %s %s"), verb->name, verb->words);

	print_wrapped(usage, 7, 0);
	free(usage);
	if (verb->help != NULL)
		print_wrapped(_(verb->help), 0, 0);
	print_notes(verb->name);
	print_keys(verb);
	print_options(verb);
	return true;
}

/* --- a group */

static bool is_in_group(const struct verb *verb, struct slice group, struct slice *word)
{
	*word = slice_of(verb->name);
	return slice_equal_nocase(slice_cut(word, ' '), group) && word->len > 0 && verb->help != NULL;
}

static const char *about_group(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (slice_is(name, groups[i].name))
			return _(groups[i].about);
	return "";
}

bool cli_help_group(const struct cli *cli)
{
	struct slice group = cli->count == 1 ? slice_of(cli->words[0]) : SLICE_NONE, word;
	bool any = false;

	for (size_t i = 0; i < cli->verb_count; i++) {
		char *left;

		if (group.len == 0 || !is_in_group(&cli->verbs[i], group, &word))
			continue;
		if (!any)
			printf(_("Usage: lanpost %.*s VERB ...     %s\n"), SLICE_PRINT(group), about_group(group));
		any = true;
		left = xasprintf("%.*s %s", SLICE_PRINT(word), cli->verbs[i].words);
		print_row(left, _(cli->verbs[i].help));
		free(left);
	}
	if (any)
		printf(_("`lanpost %.*s VERB --help` lists the options and values of a verb.\n"), SLICE_PRINT(group));
	return any;
}

/* --- all */

/* One line for a group: "user   users of the office: list, add, ...". */
static void print_group(const struct cli *cli, struct slice group)
{
	struct buf right = BUF_INIT(1024);
	char *left = slice_dup(group);
	struct slice word;

	buf_append_text(&right, about_group(group));
	for (size_t i = 0, count = 0; i < cli->verb_count; i++)
		if (is_in_group(&cli->verbs[i], group, &word))
			buf_printf(&right, "%s%.*s", count++ > 0 ? ", " : right.len > 0 ? ": " : "", SLICE_PRINT(word));
	print_row(left, buf_text(&right));
	buf_clear(&right);
	free(left);
}

static bool has_heading(struct slice first)
{
	char *word = slice_dup(first);
	bool found = false;

	for (size_t i = 0; i < ARRAY_LEN(headings); i++)
		found = found || cli_has_word(headings[i].words, word);
	free(word);
	return found;
}

/* The verbs whose first word is in the list; NULL: those that are in no list. */
static void print_verbs(const struct cli *cli, const char *words)
{
	struct slice before = SLICE_NONE;

	for (size_t i = 0; i < cli->verb_count; i++) {
		struct slice rest = slice_of(cli->verbs[i].name), first = slice_cut(&rest, ' ');
		char *word;

		if (cli->verbs[i].help == NULL || (before.ptr != NULL && slice_equal_nocase(before, first)))
			continue;
		word = slice_dup(first);
		if (words != NULL ? cli_has_word(words, word) : !has_heading(first)) {
			if (rest.len > 0)
				print_group(cli, first);
			else
				print_row(word, _(cli->verbs[i].help));
		}
		free(word);
		before = first;
	}
}

void cli_help_all(const struct cli *cli)
{
	puts(_("Usage: lanpost [-c FILE] VERB ...     `lanpost VERB --help` describes a verb"));
	puts(_("       lanpost                        on a terminal: opens the screens"));
	for (size_t i = 0; i < ARRAY_LEN(headings); i++) {
		printf("\n%s\n", _(headings[i].heading));
		print_verbs(cli, headings[i].words);
	}
	print_verbs(cli, NULL);
	printf("\n%s\n", _("Examples"));
	for (size_t i = 0; i < ARRAY_LEN(examples); i++)
		print_columns(examples[i].command, 48, _(examples[i].about));
	putchar('\n');
	print_options(NULL);
}
