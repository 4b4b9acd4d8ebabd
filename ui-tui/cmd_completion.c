/*
 * lanpost completion: what a shell needs to complete the words of lanpost. The shells ask lanpost itself (`completion words ...`), so
 * that names of users, accounts, rules and letters are those of now.
 */
#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"
#include "mail/queue.h"
#include "ui-tui/cli.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *shell, *script;
} scripts[] = {
    {"bash", "_lanpost() {\n"
	     "    local word words=()\n"
	     "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	     "        [[ $word == -* ]] || words+=(\"$word\")\n"
	     "    done\n"
	     "    COMPREPLY=($(compgen -W \"$(lanpost completion words \"${words[@]}\" 2>/dev/null)\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
	     "}\n"
	     "complete -o default -F _lanpost lanpost\n"},
    {"zsh", "#compdef lanpost\n"
	    "_lanpost() {\n"
	    "    local -a given candidates\n"
	    "    given=(${${words[2,CURRENT-1]}:#-*})\n"
	    "    candidates=(${(f)\"$(lanpost completion words $given 2>/dev/null)\"})\n"
	    "    compadd -a candidates || _files\n"
	    "}\n"
	    "compdef _lanpost lanpost\n"},
    {"fish", "complete -c lanpost -a '(lanpost completion words (string match -v -- \"-*\" (commandline -opc)[2..]) 2>/dev/null)'\n"},
};

/* --- names */

static void print_names(const struct cli *cli, struct slice kind)
{
	struct conf *conf = cli_gateway_conf(cli);
	struct queue_items items = {0};
	struct error error;

	if (conf == NULL)
		return;
	if (slice_is(kind, "user") || slice_is(kind, "mailbox") || slice_is(kind, "client-setup"))
		for (size_t i = 0; i < conf->user_count; i++)
			puts(conf->users[i].name);
	if (slice_is(kind, "account"))
		for (size_t i = 0; i < conf->account_count; i++)
			puts(conf->accounts[i].name);
	if (slice_is(kind, "rule"))
		for (size_t i = 0; i < conf->rule_count; i++)
			puts(conf->rules[i].name);
	if (slice_is(kind, "dkim"))
		for (size_t i = 0; i < conf->dkim_count; i++)
			puts(conf->dkims[i].name);
	if (slice_is(kind, "queue") && queue_list(conf->gateway.spool, (1u << QUEUE_STATES) - 1, &items, &error) == 0)
		for (size_t i = 0; i < items.count; i++)
			puts(items.items[i].id.text);
	queue_items_clear(&items);
	conf_free(conf);
}

/* "--full-name" of the key full_name. */
static void print_keys(struct slice kind)
{
	char name[32];
	const struct schema_section *section;

	snprintf(name, sizeof(name), "%.*s", SLICE_PRINT(kind));
	section = schema_find(name);
	for (size_t i = 0; section != NULL && i < section->key_count; i++) {
		fputs("--", stdout);
		for (const char *at = section->keys[i].name; *at != '\0'; at++)
			putchar(*at == '_' ? '-' : *at);
		putchar('\n');
	}
}

static void print_options(const struct verb *verb, struct slice kind)
{
	struct slice rest = slice_of(verb->options);

	while (rest.len > 0) {
		struct slice option = slice_cut(&rest, ' ');

		if (slice_is(option, "--KEY"))
			print_keys(kind);
		else if (option.len > 0)
			printf("%.*s\n", SLICE_PRINT(option));
	}
	puts("--help");
}

/* --- verbs */

/* The words of the verb that are typed already; 0 if it is another one. */
static int matching(const struct verb *verb, char **words, int count)
{
	struct slice rest = slice_of(verb->name), first = slice_cut(&rest, ' ');

	if (count == 0 || !slice_is(first, words[0]))
		return 0;
	if (rest.len == 0)
		return 1;
	return count > 1 && slice_is(rest, words[1]) ? 2 : 0;
}

/* The word at this place of all verbs that begin so, each once: verbs of a kind stand together in the table. */
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

static int complete(const struct cli *cli, char **words, int count)
{
	const struct verb *verb = NULL;
	int taken = 0;

	for (size_t i = 0; i < cli->verb_count; i++) {
		int now = matching(&cli->verbs[i], words, count);

		if (now > taken) {
			taken = now;
			verb = &cli->verbs[i];
		}
	}
	if (count < 2 && taken < 2)
		print_verbs(cli, words, count);
	if (verb == NULL)
		return CLI_DONE;
	if (verb->max_words < 0 || count - taken < verb->max_words)
		print_names(cli, slice_of(words[0]));
	print_options(verb, slice_of(words[0]));
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
	return cli_fail(CLI_USAGE, _("there is a completion for bash, zsh and fish, not for %s"), cli->words[0]);
}
