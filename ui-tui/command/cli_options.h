/*
 * The options of the command line: a table of all options, and keys of the configuration as
 * options.
 */
#ifndef LANPOST_UI_TUI_CLI_OPTIONS_H
#define LANPOST_UI_TUI_CLI_OPTIONS_H

#include "config/schema.h"
#include "ui-tui/command/cli.h"

/* Options may appear anywhere, also before the verb, so a name means the same for all verbs. */
struct option_info {
	const char *name;
	const char *value; /* the name of its value, NULL: it has none */
	bool for_all;	   /* every verb accepts it */
	const char *help;  /* N_(); a %s in it is the folder of the configuration */
};
extern const struct option_info cli_option_table[];
extern const size_t cli_option_count;

/* What the option does with this verb; N_(), as in the table. */
const char *cli_option_help(const struct option_info *option, const struct verb *verb);
/* Finds an option by name; NULL if there is none. */
const struct option_info *cli_option_find(struct slice name);
/* Whether the word is in a list of words separated by blanks. */
bool cli_has_word(const char *list, const char *word);
/* The section whose keys are options of the verb (--KEY), NULL if none are. */
const struct schema_section *cli_keys_of(const struct verb *verb);
/* Passwords are never accepted on the command line, where other users can see them. */
bool cli_is_option_key(const struct schema_key *key);
/* The key of an option: --deliver-to is deliver_to, --alias is aliases. NULL if there is none; also finds secrets. */
const struct schema_key *cli_key_of_option(struct slice name);
/* The option of a key: "--deliver-to". Returns new memory. */
char *cli_option_of_key(const struct schema_key *key);
/* Whether the verb accepts this option. name: of the table, or a key's. */
bool cli_takes(const struct verb *verb, const char *name);
/* The option of the verb (NULL: any) whose name is nearest to a wrong one. New memory, or NULL. */
char *cli_nearest_option(const struct verb *verb, const char *name);

#endif
