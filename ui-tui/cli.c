#include "ui-tui/cli.h"

#include "base/alloc.h"
#include "base/i18n.h"
#include "config/schema.h"
#include "ui-tui/question.h"
#include "ui-tui/tui.h"

#include <stdarg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WIDTH 26 /* of the left column of the help */

/* Options stand anywhere, also before the verb, so each name means the same to all verbs. */
static const struct {
	const char *name;
	const char *value; /* what its value is called, NULL: it takes none */
	bool for_all;	   /* every verb takes it */
	const char *help;
} options[] = {
    {"-c", "FILE", true, N_("the configuration, instead of %s/lanpost/lanpost.conf")},
    {"--lang", "en|ru", true, N_("the language of messages")},
    {"--help", NULL, true, N_("this help")},
    {"--version", NULL, true, N_("the version")},
    {"--json", NULL, false, N_("one JSON document instead of text")},
    {"--account", "ACCOUNT", false, N_("only this account (may be repeated)")},
    {"--new", "TYPE", false, N_("make a key first: rsa or ed25519")},
    {"--no-password", NULL, false, N_("without a password; nothing is asked")},
    {"--unset", "KEY", false, N_("remove this setting: its default counts again (may be repeated)")},
    {"--with-passwords", NULL, false, N_("passwords and their hashes, too")},
    {"--to", "FOLDER", false, N_("into this folder, and not where it came from")},
    {"--force", NULL, false, N_("replace what is there")},
    {"--mbox", "FILE", false, N_("into this new file")},
    {"--tell", NULL, false, N_("the sender gets a bounce")},
    {"--yes", NULL, false, N_("do not ask")},
    {"--dry-run", NULL, false, N_("only say what would be removed")},
    {"--fetch-only", NULL, false, N_("do not send")},
    {"--send-only", NULL, false, N_("do not fetch")},
    {"--no-wait", NULL, false, N_("do not wait for the end of the session")},
    {"--watch", NULL, false, N_("only watch the session that is running")},
    {"--cancel", NULL, false, N_("end the session that is running, and the one that waits for its end")},
    {"--before", "RULE", false, N_("the place directly before this rule")},
    {"--after", "RULE", false, N_("the place directly after this rule")},
    {"--older", "TIME", false, N_("only messages that are older, such as 90d")},
    {"--since", "TIME", false, N_("only messages that are younger, such as 7d")},
    {"--until", "TIME", false, N_("only messages that are older")},
    {"--all", NULL, false, N_("all of them")},
    {"--rules", "FILE", false, N_("rules to be tried in place of rules.conf")},
    {"--host", "HOST", false, N_("the gateway's name or address as the mail programs know it")},
    {"--write", "FOLDER", false, N_("put the files there")},
    {"--once", NULL, false, N_("exit at the end")},
};

static bool has_word(const char *list, const char *word)
{
	struct slice rest = slice_of(list);

	while (rest.len > 0)
		if (slice_is(slice_cut(&rest, ' '), word))
			return true;
	return false;
}

static struct buf *caught; /* where messages go instead of standard error */

void cli_catch(struct buf *message)
{
	caught = message;
}

int cli_fail(int exit, const char *format, ...)
{
	char raw[1024], text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	str_printable(text, sizeof(text), slice_of(raw));
	if (caught == NULL) {
		fprintf(stderr, "lanpost: %s\n", text);
	} else {
		buf_reset(caught);
		buf_append_text(caught, text);
	}
	return (int)exit;
}

void cli_warn(const char *format, ...)
{
	char raw[1024], text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (caught == NULL)
		fprintf(stderr, _("lanpost: warning: %s\n"), str_printable(text, sizeof(text), slice_of(raw)));
}

const char *cli_option(const struct cli *cli, const char *name)
{
	for (size_t i = cli->given_count; i > 0; i--)
		if (strcmp(cli->given[i - 1].name, name) == 0)
			return cli->given[i - 1].value;
	return NULL;
}

void cli_options(const struct cli *cli, const char *name, struct strlist *values)
{
	for (size_t i = 0; i < cli->given_count; i++)
		if (strcmp(cli->given[i].name, name) == 0)
			strlist_add(values, cli->given[i].value);
}

int cli_confirm_removal(const struct cli *cli, const char *question)
{
	if (cli_option(cli, "--yes") != NULL)
		return CLI_DONE;
	if (cli->json || isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		return cli_fail(CLI_USAGE, _("%s Nothing was removed; to remove without a question, add --yes"), question);
	return question_confirm(question, false) ? CLI_DONE : cli_fail(CLI_FAILED, "%s", _("nothing was removed"));
}

/* --- help */

/* The section whose keys are options of the verb, NULL if none are. */
static const struct schema_section *keys_of(const struct verb *verb)
{
	struct slice rest = slice_of(verb->name);
	char *kind = slice_dup(slice_cut(&rest, ' '));
	const struct schema_section *section = has_word(verb->options, "--KEY") ? schema_find(kind) : NULL;

	free(kind);
	return section;
}

/* Passwords never stand in a command line, where everybody sees them. */
static bool is_option_key(const struct schema_key *key)
{
	return !value_is_secret(key->type);
}

static void print_row(const char *left, const char *right)
{
	size_t width = text_width(left);

	printf("  %s%*s%s\n", left, width < WIDTH ? (int)(WIDTH - width) : 1, "", right);
}

static void print_options(const struct verb *verb)
{
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		char *left, *right;

		if (!options[i].for_all && (verb == NULL || !has_word(verb->options, options[i].name)))
			continue;
		left = xasprintf("%s %s", options[i].name,
		    options[i].value == NULL ? "" : options[i].value);
		right = xasprintf(_(options[i].help), LANPOST_SYSCONFDIR); /* only -c has a %s for it */
		print_row(left, right);
		free(left);
		free(right);
	}
}

static void print_keys(const struct verb *verb)
{
	const struct schema_section *section = keys_of(verb);

	for (size_t i = 0; section != NULL && i < section->key_count; i++) {
		char *left;

		if (!is_option_key(&section->keys[i]))
			continue;
		left = xasprintf("--%s", section->keys[i].name);
		for (char *at = left; *at != '\0'; at++)
			*at = *at == '_' ? '-' : *at;
		print_row(left, _(section->keys[i].help));
		free(left);
	}
}

static void print_verb_help(const struct verb *verb)
{
	printf(_("Usage: lanpost %s %s\n"), verb->name, verb->words);
	if (verb->help != NULL)
		printf("%s\n", _(verb->help));
	print_keys(verb);
	print_options(verb);
}

static void print_help(const struct verb *verbs, size_t count)
{
	printf("%s\n", _("Usage: lanpost [-c FILE] VERB ...   (lanpost VERB --help tells more)"));
	for (size_t i = 0; i < count; i++) {
		char *left;

		if (verbs[i].help == NULL)
			continue;
		left = xasprintf("%s %s", verbs[i].name, verbs[i].words);
		print_row(left, _(verbs[i].help));
		free(left);
	}
	printf("%s\n", _("Options:"));
	print_options(NULL);
}

/* --- arguments */

/* The key of the configuration that an option is named after: --deliver-to is deliver_to. NULL if there is none. */
static const struct schema_key *key_of_option(struct slice name)
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
	return key != NULL && is_option_key(key) ? key : NULL;
}

static bool takes_key(const struct verb *verb, const char *name)
{
	const struct schema_section *section = keys_of(verb);

	return section != NULL && schema_find_key(section, name) != NULL;
}

static int unknown_option(const char *text)
{
	const char *names[ARRAY_LEN(options) + 1] = {NULL}, *nearest;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		names[i] = options[i].name;
	nearest = str_nearest(text, names);
	if (nearest != NULL)
		return cli_fail(CLI_USAGE, _("unknown option %s; did you mean %s?"), text, nearest);
	return cli_fail(CLI_USAGE, _("unknown option %s; see lanpost --help"), text);
}

/* Adds the option that stands in argv[*at]; *at moves to its value. */
static int take_option(struct cli *cli, int argc, char **argv, int *at)
{
	const char *text = argv[*at], *equals = strchr(text, '=');
	bool is_glued = strncmp(text, "-c", 2) == 0 && text[2] != '\0'; /* -cFILE */
	const char *end = is_glued ? text + 2 : equals == NULL ? text + strlen(text) : equals;
	struct slice name = slice_make(text, (size_t)(end - text));
	struct cli_given given = {NULL, is_glued ? end : equals == NULL ? "" : equals + 1};
	const struct schema_key *key = NULL;
	const char *wanted; /* what the value is called */
	size_t found = 0;

	while (found < ARRAY_LEN(options) && !slice_is(name, options[found].name))
		found++;
	if (found == ARRAY_LEN(options))
		key = key_of_option(name);
	if (found == ARRAY_LEN(options) && key == NULL)
		return unknown_option(text);
	given.name = key == NULL ? options[found].name : key->name;
	wanted = key == NULL ? options[found].value : _(key->help);
	if (wanted == NULL && equals != NULL)
		return cli_fail(CLI_USAGE, _("option %s takes no value"), given.name);
	if (wanted != NULL && equals == NULL && !is_glued) {
		if (*at + 1 >= argc)
			return cli_fail(CLI_USAGE, _("option %s needs a value: %s"), text, wanted);
		given.value = argv[++*at];
	}
	cli->given[cli->given_count++] = given;
	return CLI_DONE;
}

static int take_arguments(struct cli *cli, int argc, char **argv)
{
	bool only_words = false;

	cli->given = xcalloc((size_t)argc + 1, sizeof(*cli->given));
	cli->words = xcalloc((size_t)argc + 1, sizeof(*cli->words));
	for (int i = 1; i < argc; i++) {
		if (!only_words && strcmp(argv[i], "--") == 0) {
			only_words = true;
		} else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
			int result = take_option(cli, argc, argv, &i);

			if (result != CLI_DONE)
				return result;
		} else {
			cli->words[cli->count++] = argv[i];
		}
	}
	return CLI_DONE;
}

/* How many words of the command line the verb's name takes, 0 if it is another verb. */
static int matches(const struct verb *verb, const struct cli *cli)
{
	struct slice second = slice_of(verb->name), first = slice_cut(&second, ' ');

	if (cli->count < 1 || !slice_is(first, cli->words[0]))
		return 0;
	if (second.ptr == NULL)
		return 1;
	return cli->count > 1 && slice_is(second, cli->words[1]) ? 2 : 0;
}

static int unknown_verb(const struct cli *cli, const struct verb *verbs, size_t count)
{
	const char **names = xcalloc(count + 1, sizeof(*names));
	char *two = xasprintf("%s %s", cli->words[0], cli->count > 1 ? cli->words[1] : "");
	const char *nearest;
	struct buf group = BUF_INIT(512);

	for (size_t i = 0; i < count; i++) {
		struct slice rest = slice_of(verbs[i].name);

		names[i] = verbs[i].name;
		if (slice_is(slice_cut(&rest, ' '), cli->words[0]) && rest.ptr != NULL)
			buf_printf(&group, "%s%.*s", group.len > 0 ? ", " : "", SLICE_PRINT(rest));
	}
	nearest = str_nearest(two, names);
	if (nearest == NULL)
		nearest = str_nearest(cli->words[0], names);
	if (group.len > 0)
		cli_fail(CLI_USAGE, _("lanpost %s needs one of: %s"), cli->words[0], buf_text(&group));
	else if (nearest != NULL)
		cli_fail(CLI_USAGE, _("unknown verb `%s`; did you mean `%s`?"), cli->words[0], nearest);
	else
		cli_fail(CLI_USAGE, _("unknown verb `%s`; see lanpost --help"), cli->words[0]);
	buf_clear(&group);
	free(names);
	free(two);
	return CLI_USAGE;
}

static int check_arguments(const struct cli *cli)
{
	const struct verb *verb = cli->verb;

	for (size_t i = 0; i < cli->given_count; i++) {
		const char *name = cli->given[i].name;
		size_t at = 0;

		while (at < ARRAY_LEN(options) && strcmp(options[at].name, name) != 0)
			at++;
		if (at == ARRAY_LEN(options) ? !takes_key(verb, name)
					     : !options[at].for_all && !has_word(verb->options, name))
			return cli_fail(CLI_USAGE, _("lanpost %s does not take the option %s"),
			    verb->name, name);
	}
	if (cli->count < verb->min_words || (verb->max_words >= 0 && cli->count > verb->max_words))
		return cli_fail(CLI_USAGE, _("usage: lanpost %s %s"), verb->name, verb->words);
	return CLI_DONE;
}

static int run_verb(struct cli *cli, const struct verb *verbs, size_t count)
{
	int taken = 0, result;

	for (size_t i = 0; i < count && taken == 0; i++) {
		taken = matches(&verbs[i], cli);
		cli->verb = &verbs[i];
	}
	if (taken == 0)
		return unknown_verb(cli, verbs, count);
	if (cli_option(cli, "--help") != NULL) {
		print_verb_help(cli->verb);
		return CLI_DONE;
	}
	memmove(cli->words, cli->words + taken, (size_t)(cli->count - taken + 1) * sizeof(*cli->words));
	cli->count -= taken;
	result = check_arguments(cli);
	return result == CLI_DONE ? cli->verb->run(cli) : result;
}

/* Who has just installed it is asked first. */
static int open_screens(struct cli *cli)
{
	bool is_there = access(cli->config, F_OK) == 0;

	if (!is_there && errno != ENOENT)
		return cli_fail(CLI_FAILED, _("cannot read %s: %s. Run it as root: sudo lanpost"), cli->config, strerror(errno));
	if (!is_there && question_confirm(_("There is no configuration yet. Make one now?"), true) &&
	    cmd_setup(cli) != CLI_DONE)
		return CLI_FAILED;
	return tui_main(cli);
}

static int run(struct cli *cli, const struct verb *verbs, size_t count)
{
	const char *language = cli_option(cli, "--lang");

	if (language != NULL && strcmp(language, "en") != 0 && strcmp(language, "ru") != 0)
		return cli_fail(CLI_USAGE, _("--lang takes en or ru"));
	i18n_start(language);
	if (cli_option(cli, "-c") != NULL)
		cli->config = cli_option(cli, "-c");
	cli->json = cli_option(cli, "--json") != NULL;
	if (cli_option(cli, "--version") != NULL) {
		printf("lanpost %s\n", LANPOST_VERSION);
		return CLI_DONE;
	}
	if (cli->count > 0)
		return run_verb(cli, verbs, count);
	if (cli_option(cli, "--help") == NULL && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
		return open_screens(cli);
	print_help(verbs, count);
	return cli_option(cli, "--help") != NULL ? CLI_DONE : CLI_USAGE;
}

int cli_main(int argc, char **argv, const struct verb *verbs, size_t verb_count)
{
	struct cli cli = {.config = LANPOST_SYSCONFDIR "/lanpost/lanpost.conf", .program = argv[0],
	    .verbs = verbs, .verb_count = verb_count};
	int result;

	i18n_start(NULL);
	result = take_arguments(&cli, argc, argv);
	if (result == CLI_DONE)
		result = run(&cli, verbs, verb_count);
	free(cli.given);
	free(cli.words);
	if (fflush(stdout) != 0 && result == CLI_DONE)
		result = cli_fail(CLI_FAILED, _("standard output cannot be written"));
	return result;
}

/* --- for the verbs */

static const struct conf_problem *first_error(const struct conf_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		if (!problems->items[i].is_warning)
			return &problems->items[i];
	return NULL;
}

struct conf *cli_conf(const struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf = conf_load(cli->config, &problems);
	const struct conf_problem *first = first_error(&problems);
	struct error error = ERROR_INIT;

	if (first != NULL)
		conf_problem_error(first, &error);
	if (conf == NULL && first != NULL && problems.errors == 1)
		cli_fail(CLI_FAILED, "%s", ERROR_SAID(&error));
	else if (conf == NULL && first != NULL)
		cli_fail(CLI_FAILED, _("%s (and %zu more: lanpost check)"), ERROR_SAID(&error), problems.errors - 1);
	conf_problems_clear(&problems);
	return conf;
}

struct conf *cli_gateway_conf(const struct cli *cli)
{
	struct conf_problems problems = {0};
	struct conf *conf;

	if (access(cli->config, R_OK) != 0)
		return cli_conf(cli);
	conf = conf_load_broken(cli->config, &problems);
	conf_problems_clear(&problems);
	return conf;
}

int cli_with_state(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, struct state *state))
{
	struct conf *conf = cli_gateway_conf(cli);
	struct error error = ERROR_INIT;
	struct state *state = NULL;
	int result;

	if (conf == NULL)
		return CLI_FAILED;
	if (state_open(&state, conf->gateway.spool, NULL, &error) != 0)
		result = cli_fail(CLI_FAILED, "%s", ERROR_SAID(&error));
	else
		result = work(cli, conf, state);
	state_close(state);
	conf_free(conf);
	return result;
}

const struct conf_user *cli_find_user(const struct conf *conf, char *name)
{
	const struct conf_user *user;
	const char *nearest = NULL;

	str_lower_ascii(name);
	user = conf_find_user(conf, name);
	if (user != NULL)
		return user;
	if (strcmp(name, CONF_POSTMASTER) == 0) {
		cli_fail(CLI_FAILED, _("postmaster is built in and has no section yet; `lanpost user passwd postmaster` makes one"));
		return NULL;
	}
	if (conf->user_count > 0)
		nearest = cli_nearest(name, &conf->users[0].name, conf->user_count,
		    sizeof(conf->users[0]));
	if (nearest != NULL)
		cli_fail(CLI_FAILED, _("there is no user %s; did you mean %s?"), name, nearest);
	else
		cli_fail(CLI_FAILED, _("there is no user %s; see lanpost user list"), name);
	return NULL;
}

int cli_with_user(struct cli *cli, int (*work)(struct cli *cli, struct conf *conf, const struct conf_user *user))
{
	struct conf *conf = cli_gateway_conf(cli);
	const struct conf_user *user;
	int result = CLI_FAILED;

	if (conf == NULL)
		return CLI_FAILED;
	user = cli_find_user(conf, cli->words[0]);
	if (user != NULL)
		result = work(cli, conf, user);
	conf_free(conf);
	return result;
}

int cli_no_account(const struct conf *conf, const char *name)
{
	const char *nearest = conf->account_count == 0
				  ? NULL
				  : cli_nearest(name, &conf->accounts[0].name, conf->account_count,
					sizeof(conf->accounts[0]));

	if (nearest != NULL)
		return cli_fail(CLI_FAILED, _("there is no account %s; did you mean %s?"), name, nearest);
	return cli_fail(CLI_FAILED, _("there is no account %s; see lanpost account list"), name);
}

const char *cli_nearest(const char *name, const void *names, size_t count, size_t stride)
{
	const char **list = xcalloc(count + 1, sizeof(*list));
	const char *nearest;

	for (size_t i = 0; i < count; i++)
		memcpy(&list[i], (const char *)names + i * stride, sizeof(*list));
	nearest = str_nearest(name, list);
	free(list);
	return nearest;
}

int cli_print_json(json_t *document)
{
	int result = CLI_DONE;
	char *text;

	ctl_say(document, "en");
	text = json_dumps(document, JSON_INDENT(2));

	if (text == NULL || puts(text) == EOF)
		result = cli_fail(CLI_FAILED, _("the JSON document cannot be written"));
	free(text);
	json_decref(document);
	return result;
}

json_t *cli_json_text(const char *text)
{
	size_t size = strlen(text) * 4 + PHRASE_TEXT_MAX;
	char *safe = xmalloc(size);
	json_t *string = json_string(phrase_show(safe, size, text, "en"));

	free(safe);
	return string;
}
