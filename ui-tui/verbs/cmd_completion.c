/*
 * lanpost completion: shell completion for lanpost. The shells call lanpost itself (`completion words -- WORD...`, with
 * the words before the cursor), so that names of users, accounts, rules and messages are current. The answer is one
 * candidate per line, or `:files` or `:folders` if the shell completes itself.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/cli_conf.h"
#include "ui-tui/command/cli_options.h"
#include "ui-tui/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *shell, *script;
} scripts[] = {
    {"bash", "_lanpost() {\n"
	     "    local current=\"${COMP_WORDS[COMP_CWORD]}\" candidate candidates\n"
	     "    [[ $current == = ]] && current=\n"
	     "    mapfile -t candidates < <(lanpost completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" 2>/dev/null)\n"
	     "    COMPREPLY=()\n"
	     "    case \"${candidates[0]}\" in\n"
	     "        :files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
	     "        :folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- \"$current\") ;;\n"
	     "        *) for candidate in \"${candidates[@]}\"; do\n"
	     "               [[ $candidate == \"$current\"* ]] && COMPREPLY+=(\"$(printf %q \"$candidate\")\")\n"
	     "           done ;;\n"
	     "    esac\n"
	     "}\n"
	     "complete -F _lanpost lanpost\n"},
    {"zsh", "#compdef lanpost\n"
	    "_lanpost() {\n"
	    "    local -a candidates\n"
	    "    candidates=(${(f)\"$(lanpost completion words -- \"${(@)words[2,CURRENT-1]}\" 2>/dev/null)\"})\n"
	    "    case $candidates[1] in\n"
	    "        :files) _files ;;\n"
	    "        :folders) _files -/ ;;\n"
	    "        *) compadd -a candidates ;;\n"
	    "    esac\n"
	    "}\n"
	    "compdef _lanpost lanpost\n"},
    {"fish", "function __lanpost_words\n"
	     "    set -l candidates (lanpost completion words -- (commandline -opc)[2..] 2>/dev/null)\n"
	     "    switch \"$candidates[1]\"\n"
	     "        case ':files'\n"
	     "            __fish_complete_path (commandline -ct)\n"
	     "        case ':folders'\n"
	     "            __fish_complete_directories (commandline -ct)\n"
	     "        case '*'\n"
	     "            printf '%s\\n' $candidates\n"
	     "    end\n"
	     "end\n"
	     "complete -c lanpost -f -a '(__lanpost_words)'\n"},
};

/* The command line before the cursor. */
struct typed {
	const struct cli *cli;
	const struct verb *verb; /* NULL: its name is not complete yet */
	char **words;		 /* words that are not options */
	int count, taken;	 /* taken: of the verb's name */
	const char *option;	 /* whose value comes next; NULL: none */
};

/* --- names */

enum names { NO_NAMES, USERS, MAILBOXES, ACCOUNTS, SMARTHOSTS, SCANNERS, RULES, DOMAINS, WAITING, HELD, QUEUED, SHELLS, FILES };

static const struct {
	const char *verb; /* or the first of several words */
	enum names names;
} wanted[] = {
    {"user add", NO_NAMES}, {"account add", NO_NAMES}, {"rule add", NO_NAMES}, {"user passwd", MAILBOXES}, {"user", USERS},
    {"client-setup", USERS}, {"mailbox", MAILBOXES}, {"account", ACCOUNTS}, {"smarthost", SMARTHOSTS}, {"scanner", SCANNERS}, {"rule", RULES},
    {"dkim", DOMAINS}, {"queue hold", WAITING}, {"queue retry", WAITING}, {"queue release", HELD}, {"queue", QUEUED},
    {"completion", SHELLS}, {"sort", FILES}, {"decode", FILES}, {"backup", FILES}, {"restore", FILES},
};

static enum names names_of(const struct verb *verb)
{
	struct slice rest = slice_of(verb->name), first = slice_cut(&rest, ' ');

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (strcmp(wanted[i].verb, verb->name) == 0 || slice_is(first, wanted[i].verb))
			return wanted[i].names;
	return NO_NAMES;
}

/* A name that is already typed is not offered again. */
static void offer(const struct typed *typed, const char *name)
{
	if (strcmp(typed->verb == NULL ? "" : typed->verb->name, "user remove") == 0 && strcmp(name, CONF_POSTMASTER) == 0)
		return; /* built in */
	for (int i = typed->taken; i < typed->count; i++)
		if (strcmp(typed->words[i], name) == 0)
			return;
	puts(name);
}

/* names[count] are `stride` bytes apart. */
static void offer_all(const struct typed *typed, const void *names, size_t count, size_t stride)
{
	for (size_t i = 0; i < count; i++) {
		const char *name;

		memcpy(&name, (const char *)names + i * stride, sizeof(name));
		offer(typed, name);
	}
}

static void offer_queue(const struct typed *typed, const struct spool *spool, unsigned states)
{
	struct queue_items items = {0};
	struct error error;

	if (queue_list(spool, states, &items, &error) == 0)
		for (size_t i = 0; i < items.count; i++)
			offer(typed, items.items[i].id.text);
	queue_items_clear(&items);
}

static void offer_mailboxes(const struct typed *typed, const struct conf *conf)
{
	struct strlist names = {NULL, 0};

	conf_mailbox_names(conf, &names);
	for (size_t i = 0; i < names.count; i++)
		offer(typed, names.items[i]);
	strlist_clear(&names);
}

static void offer_names(const struct typed *typed, enum names names)
{
	static const char *const shells[] = {"bash", "zsh", "fish"};
	struct conf *conf = names < SHELLS && names != NO_NAMES ? cli_gateway_conf(typed->cli) : NULL;

	if (names == FILES)
		puts(":files");
	if (names == SHELLS)
		offer_all(typed, shells, ARRAY_LEN(shells), sizeof(shells[0]));
	if (conf == NULL)
		return;
	if (names == MAILBOXES)
		offer_mailboxes(typed, conf);
	else if (names == USERS)
		offer_all(typed, conf->users, conf->user_count, sizeof(conf->users[0]));
	else if (names == ACCOUNTS)
		offer_all(typed, conf->accounts, conf->account_count, sizeof(conf->accounts[0]));
	else if (names == SMARTHOSTS)
		offer_all(typed, conf->smarthosts, conf->smarthost_count, sizeof(conf->smarthosts[0]));
	else if (names == SCANNERS)
		offer_all(typed, conf->scanners, conf->scanner_count, sizeof(conf->scanners[0]));
	else if (names == RULES)
		offer_all(typed, conf->rules, conf->rule_count, sizeof(conf->rules[0]));
	else if (names == DOMAINS)
		offer_all(typed, conf->dkims, conf->dkim_count, sizeof(conf->dkims[0]));
	else if (names == WAITING)
		offer_queue(typed, SPOOL_OF(conf), 1u << QUEUE_ACTIVE | 1u << QUEUE_DEFERRED);
	else if (names == HELD)
		offer_queue(typed, SPOOL_OF(conf), 1u << QUEUE_HOLD);
	else if (names == QUEUED)
		offer_queue(typed, SPOOL_OF(conf), (1u << QUEUE_STATES) - 1);
	conf_free(conf);
}

/* --- options and their values */

static void offer_keys(const struct schema_section *section, bool as_options)
{
	for (size_t i = 0; section != NULL && i < section->key_count; i++) {
		char *option = cli_option_of_key(&section->keys[i]);

		if (cli_is_option_key(&section->keys[i]))
			puts(as_options ? option : option + 2);
		free(option);
	}
}

static void offer_options(const struct typed *typed)
{
	for (size_t i = 0; i < cli_option_count; i++)
		if (cli_has_word(typed->verb->options, cli_option_table[i].name) || strcmp(cli_option_table[i].name, "--help") == 0)
			puts(cli_option_table[i].name);
	offer_keys(cli_keys_of(typed->verb), true);
}

/* The key of the option: of the verb's own section, or of the first section that has such a key. */
static const struct schema_key *key_of(const struct typed *typed)
{
	const struct schema_key *key = cli_key_of_option(slice_of(typed->option)), *own = NULL;
	const struct schema_section *section = typed->verb == NULL ? NULL : cli_keys_of(typed->verb);

	if (key != NULL && section != NULL)
		own = schema_find_key(section, key->name);
	return own != NULL ? own : key;
}

static void offer_key_values(const struct typed *typed, const struct schema_key *key)
{
	if (key->type == VALUE_FLAG)
		puts("yes\nno");
	else if (key->type == VALUE_KEEP)
		puts("no\nyes\n7d\n14d\n30d");
	else if (key->type == VALUE_USER || key->type == VALUE_USERS || key->type == VALUE_MEMBERS || key->type == VALUE_MAILBOXES)
		offer_names(typed, MAILBOXES);
	else if (key->type == VALUE_PATH)
		puts(":files");
	for (size_t i = 0; key->type == VALUE_WORD && key->limits.words[i] != NULL; i++)
		puts(key->limits.words[i]);
}

static void offer_values(const struct typed *typed)
{
	static const struct {
		const char *option, *values; /* NULL: names */
		enum names names;
	} known[] = {
	    {"-c", ":files", NO_NAMES}, {"--lang", "en\nru", NO_NAMES}, {"--new", "rsa\ned25519", NO_NAMES}, {"--to", ":folders", NO_NAMES},
	    {"--write", ":folders", NO_NAMES}, {"--mbox", ":files", NO_NAMES}, {"--rules", ":files", NO_NAMES}, {"--account", NULL, ACCOUNTS},
	    {"--before", NULL, RULES}, {"--after", NULL, RULES}, {"--older", "7d\n30d\n90d\n365d", NO_NAMES},
	};
	const struct schema_key *key;

	if (strcmp(typed->option, "--unset") == 0 && typed->verb != NULL)
		offer_keys(cli_keys_of(typed->verb), false);
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].option, typed->option) == 0 && known[i].values != NULL)
			puts(known[i].values);
		else if (strcmp(known[i].option, typed->option) == 0)
			offer_names(typed, known[i].names);
	if (cli_option_find(slice_of(typed->option)) == NULL && (key = key_of(typed)) != NULL)
		offer_key_values(typed, key);
}

/* --- verbs */

/* The number of words of the verb that are already typed; 0 if it is another verb. */
static int matching(const struct verb *verb, char **words, int count)
{
	struct slice rest = slice_of(verb->name), first = slice_cut(&rest, ' ');

	if (count == 0 || !slice_is(first, words[0]))
		return 0;
	if (rest.len == 0)
		return 1;
	return count > 1 && slice_is(rest, words[1]) ? 2 : 0;
}

/* The words at this position of all verbs with this beginning, each once: verbs of a kind are consecutive in
 * the table. */
static void print_verbs(const struct cli *cli, char **words, int count)
{
	struct slice before = SLICE_NONE;

	for (size_t i = 0; i < cli->verb_count; i++) {
		struct slice rest = slice_of(cli->verbs[i].name), first = slice_cut(&rest, ' ');
		struct slice word = count == 0 ? first : rest;

		if (cli->verbs[i].help == NULL || word.len == 0 || (count == 1 && !slice_is(first, words[0])))
			continue;
		if (before.ptr == NULL || !slice_equal_nocase(before, word))
			printf("%.*s\n", SLICE_PRINT(word));
		before = word;
	}
}

/* --- the command line */

static bool takes_value(struct slice name)
{
	const struct option_info *option = cli_option_find(name);

	return option != NULL ? option->value != NULL : cli_key_of_option(name) != NULL;
}

/* bash makes three words of --lang=en. */
static void read_typed(struct typed *typed, struct cli *cli, char **words, int count)
{
	for (int i = 0; i < count; i++) {
		if (words[i][0] != '-') {
			typed->words[typed->count++] = words[i];
			continue;
		}
		if (strncmp(words[i], "-c", 2) == 0 && words[i][2] != '\0')
			cli->config = words[i] + 2;
		if (strchr(words[i], '=') != NULL || !takes_value(slice_of(words[i])))
			continue;
		typed->option = words[i];
		i += i + 1 < count && strcmp(words[i + 1], "=") == 0;
		if (++i == count)
			return;
		if (strcmp(typed->option, "-c") == 0)
			cli->config = words[i];
		typed->option = NULL;
	}
}

static void find_verb(struct typed *typed)
{
	for (size_t i = 0; i < typed->cli->verb_count; i++) {
		int now = matching(&typed->cli->verbs[i], typed->words, typed->count);

		if (now > typed->taken) {
			typed->taken = now;
			typed->verb = &typed->cli->verbs[i];
		}
	}
}

static int complete(struct cli *cli, char **words, int count)
{
	struct typed typed = {.cli = cli, .words = xcalloc((size_t)count + 1, sizeof(*words))};

	read_typed(&typed, cli, words, count);
	find_verb(&typed);
	if (typed.option != NULL) {
		offer_values(&typed);
	} else if (typed.verb == NULL) {
		if (typed.count < 2)
			print_verbs(cli, typed.words, typed.count);
	} else {
		int most = strcmp(typed.verb->name, "rule move") == 0 ? 1 : typed.verb->max_words; /* its second word is a number */

		if (most < 0 || typed.count - typed.taken < most)
			offer_names(&typed, names_of(typed.verb));
		offer_options(&typed);
	}
	free(typed.words);
	return CLI_DONE;
}

int cmd_completion(struct cli *cli)
{
	if (strcmp(cli->words[0], "words") == 0)
		return complete(cli, cli->words + 1, cli->count - 1);
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
		if (strcmp(cli->words[0], scripts[i].shell) == 0) {
			fputs(scripts[i].script, stdout);
			return CLI_DONE;
		}
	return cli_fail(CLI_USAGE, _("completion is available for bash, zsh and fish, not for %s"), cli->words[0]);
}
