/*
 * The options of the command line: a table of them all, and keys of the configuration as options.
 */
#ifndef LANPOST_UI_TUI_CLI_OPTIONS_H
#define LANPOST_UI_TUI_CLI_OPTIONS_H

#include "config/schema.h"
#include "ui-tui/command/cli.h"

/* Options may appear anywhere, also before the verb, so each name means the same to all verbs. */
struct option_info {
	const char *name;
	const char *value; /* what its value is called, NULL: it takes none */
	bool for_all;	   /* every verb takes it */
	const char *help;  /* N_(); a %s in it is the folder of the configuration */
};
extern const struct option_info cli_option_table[];
extern const size_t cli_option_count;

/* NULL if none exists of that name. */
const struct option_info *cli_option_find(struct slice name);
/* Whether the word is in a list whose words are apart by blanks. */
bool cli_has_word(const char *list, const char *word);
/* The section whose keys are options of the verb (--KEY), NULL if none are. */
const struct schema_section *cli_keys_of(const struct verb *verb);
/* Passwords are never accepted on the command line, where other users can see them. */
bool cli_is_option_key(const struct schema_key *key);
/* The key that an option is named after: --deliver-to is deliver_to, --alias is aliases. NULL if none exists; secrets are found,
 * too. */
const struct schema_key *cli_key_of_option(struct slice name);
/* The option of a key: "--deliver-to". Returns new memory. */
char *cli_option_of_key(const struct schema_key *key);
/* Whether the verb takes this option. name: of the table, or a key's. */
bool cli_takes(const struct verb *verb, const char *name);
/* The option that the verb takes (NULL: any) whose name is nearest to a wrong one. New memory, or NULL. */
char *cli_nearest_option(const struct verb *verb, const char *name);

#endif
