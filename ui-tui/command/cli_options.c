#include "ui-tui/command/cli_options.h"

#include "base/alloc.h"
#include "base/i18n.h"

#include <stdlib.h>

const struct option_info cli_option_table[] = {
    {"-c", "FILE", true, N_("the configuration file; default: %s/lanpost/lanpost.conf")},
    {"--lang", "en|ru", true, N_("the language of messages")},
    {"--help", NULL, true, N_("print this help")},
    {"--version", NULL, true, N_("print the version")},
    {"--json", NULL, false, N_("print one JSON document instead of text")},
    {"--account", "ACCOUNT", false, N_("only this account (may be repeated)")},
    {"--new", "TYPE", false, N_("create a key first: rsa or ed25519")},
    {"--no-password", NULL, false, N_("no password; do not ask for one")},
    {"--unset", "KEY", false, N_("remove this setting, so that its default applies (may be repeated)")},
    {"--with-passwords", NULL, false, N_("include passwords and their hashes")},
    {"--to", "FOLDER", false, N_("restore to this folder instead of the original one")},
    {"--force", NULL, false, N_("replace existing data")},
    {"--mbox", "FILE", false, N_("write to this new file")},
    {"--tell", NULL, false, N_("send the sender a bounce")},
    {"--yes", NULL, false, N_("do not ask for confirmation")},
    {"--dry-run", NULL, false, N_("only show what would be removed")},
    {"--fetch-only", NULL, false, N_("do not send")},
    {"--send-only", NULL, false, N_("do not fetch")},
    {"--no-wait", NULL, false, N_("do not wait until the session has ended")},
    {"--plan", NULL, false, N_("only connect, and show what a session would fetch and send, and its price")},
    {"--watch", NULL, false, N_("watch the running session")},
    {"--cancel", NULL, false, N_("cancel the running session and the one that waits for it")},
    {"--before", "RULE", false, N_("directly before this rule")},
    {"--after", "RULE", false, N_("directly after this rule")},
    {"--older", "TIME", false, N_("only messages older than this, such as 90d")},
    {"--since", "TIME", false, N_("only messages newer than this, such as 7d")},
    {"--until", "TIME", false, N_("only messages older than this")},
    {"--month", "YYYY-MM", false, N_("this month instead, such as 2026-11")},
    {"--days", "N", false, N_("the last days instead, today included; up to 60")},
    {"--all", NULL, false, N_("all rules")},
    {"--rules", "FILE", false, N_("test this file instead of rules.conf")},
    {"--host", "HOST", false, N_("the name or address of the gateway that the mail programs use")},
    {"--forget", "ADDRESS", false, N_("remove this address")},
    {"--write", "FOLDER", false, N_("write the files to this folder")},
    {"--once", NULL, false, N_("exit when the demo has ended")},
};
const size_t cli_option_count = ARRAY_LEN(cli_option_table);

/* Where the same means something else for a verb. */
static const struct {
	const char *verb, *name, *help;
} special_help[] = {
    {"account import", "--dry-run", N_("only show the accounts that would be added")},
    {"sort", "--account", N_("sort the messages as mail of this account")},
};

const char *cli_option_help(const struct option_info *option, const struct verb *verb)
{
	for (size_t i = 0; i < ARRAY_LEN(special_help) && verb != NULL; i++)
		if (strcmp(special_help[i].verb, verb->name) == 0 && strcmp(special_help[i].name, option->name) == 0)
			return special_help[i].help;
	return option->help;
}

const struct option_info *cli_option_find(struct slice name)
{
	for (size_t i = 0; i < cli_option_count; i++)
		if (slice_is(name, cli_option_table[i].name))
			return &cli_option_table[i];
	return NULL;
}

bool cli_has_word(const char *list, const char *word)
{
	struct slice rest = slice_of(list);

	while (rest.len > 0)
		if (slice_is(slice_cut(&rest, ' '), word))
			return true;
	return false;
}

/* --- keys */

const struct schema_section *cli_keys_of(const struct verb *verb)
{
	struct slice rest = slice_of(verb->name);
	char *kind = slice_dup(slice_cut(&rest, ' '));
	const struct schema_section *section = cli_has_word(verb->options, "--KEY") ? schema_find(kind) : NULL;

	free(kind);
	return section;
}

bool cli_is_option_key(const struct schema_key *key)
{
	return !value_is_secret(key->type);
}

const struct schema_key *cli_key_of_option(struct slice name)
{
	char *text;
	const struct schema_key *key = NULL;

	if (!slice_begins_nocase(name, "--"))
		return NULL;
	if (slice_is(name, "--alias")) /* one at a time */
		name = SLICE_LITERAL("--aliases");
	text = slice_dup(slice_from(name, 2));
	for (char *at = text; *at != '\0'; at++)
		*at = *at == '-' ? '_' : *at == '_' ? '-' : *at;
	for (size_t i = 0; i < schema_section_count && key == NULL; i++)
		if (schema_sections[i].example != NULL)
			key = schema_find_key(&schema_sections[i], text);
	free(text);
	return key;
}

char *cli_option_of_key(const struct schema_key *key)
{
	char *option = xasprintf("--%s", key->name);

	for (char *at = option; *at != '\0'; at++)
		*at = *at == '_' ? '-' : *at;
	return option;
}

/* --- of a verb */

bool cli_takes(const struct verb *verb, const char *name)
{
	const struct option_info *option = cli_option_find(slice_of(name));
	const struct schema_section *section = cli_keys_of(verb);

	if (option != NULL)
		return option->for_all || cli_has_word(verb->options, name);
	return section != NULL && schema_find_key(section, name) != NULL;
}

char *cli_nearest_option(const struct verb *verb, const char *name)
{
	const struct schema_section *section = verb == NULL ? NULL : cli_keys_of(verb);
	struct strlist names = {NULL, 0};
	const char *nearest;
	char *found;

	for (size_t i = 0; i < cli_option_count; i++)
		if (verb == NULL || cli_takes(verb, cli_option_table[i].name))
			strlist_add(&names, cli_option_table[i].name);
	for (size_t i = 0; section != NULL && i < section->key_count; i++) {
		char *option = cli_option_of_key(&section->keys[i]);

		if (cli_is_option_key(&section->keys[i]))
			strlist_add(&names, option);
		free(option);
	}
	ARRAY_GROW(names.items, names.count);
	names.items[names.count] = NULL; /* ends the list, and is not counted */
	nearest = str_nearest(name, (const char *const *)names.items);
	found = nearest == NULL ? NULL : xstrdup(nearest);
	strlist_clear(&names);
	return found;
}
