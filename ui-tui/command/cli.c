#include "ui-tui/command/cli.h"

#include "base/alloc.h"
#include "base/process/environment.h"
#include "base/i18n.h"
#include "base/log.h"
#include "base/process/service_user.h"
#include "ui-tui/command/cli_help.h"
#include "ui-tui/command/cli_options.h"
#include "ui-tui/command/prompt.h"

#include <stdarg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct buf *caught; /* the destination of messages instead of standard error */

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

int cli_fail_error(const struct error *error)
{
	bool lacks_right = (error->saved_errno == EACCES || error->saved_errno == EPERM) && !service_user_was_root();

	if (lacks_right)
		return cli_fail(CLI_FAILED, _("%s. Run it as root: sudo lanpost"), ERROR_SAID(error));
	return cli_fail(CLI_FAILED, "%s", ERROR_SAID(error));
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
		return cli_fail(CLI_USAGE, _("%s Nothing was removed; add --yes to remove without "
		    "confirmation"), question);
	return prompt_confirm(question, false) ? CLI_DONE : cli_fail(CLI_FAILED, "%s", _("nothing was removed"));
}

bool cli_shows_qr(const struct cli *cli)
{
	return cli->is_on_screen || isatty(STDOUT_FILENO) == 1;
}

/* --- arguments */

/* The number of words of the command line that are the verb's name, 0 if it is another verb. */
static int matches(const struct verb *verb, char *const *words, int count)
{
	struct slice second = slice_of(verb->name), first = slice_cut(&second, ' ');

	if (count < 1 || !slice_is(first, words[0]))
		return 0;
	if (second.ptr == NULL)
		return 1;
	return count > 1 && slice_is(second, words[1]) ? 2 : 0;
}

/* The verb of the words, NULL if there is none; *taken: the number of words of its name. */
static const struct verb *find_verb(const struct cli *cli, char *const *words, int count, int *taken)
{
	for (size_t i = 0; i < cli->verb_count; i++)
		if ((*taken = matches(&cli->verbs[i], words, count)) > 0)
			return &cli->verbs[i];
	*taken = 0;
	return NULL;
}

/* The verb that was probably meant, while the arguments are read; NULL if unknown. */
static const struct verb *guess_verb(const struct cli *cli, int argc, char **argv)
{
	char **words = xcalloc((size_t)argc + 1, sizeof(*words));
	const struct verb *verb;
	int count = 0, taken;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && strcmp(argv[i], "-c") == 0)
			i++;
		else if (argv[i][0] != '-')
			words[count++] = argv[i];
	verb = find_verb(cli, words, count, &taken);
	free(words);
	return verb;
}

static int unknown_option(const struct cli *cli, int argc, char **argv, const char *text)
{
	const struct verb *verb = guess_verb(cli, argc, argv);
	char *nearest = cli_nearest_option(verb, text);
	const char *name = verb == NULL ? "" : verb->name, *blank = verb == NULL ? "" : " ";

	if (nearest != NULL)
		cli_fail(CLI_USAGE, _("unknown option %s; did you mean %s? See lanpost%s%s --help"), text, nearest, blank, name);
	else
		cli_fail(CLI_USAGE, _("unknown option %s; see lanpost%s%s --help"), text, blank, name);
	free(nearest);
	return CLI_USAGE;
}

/* Adds the option in argv[*at]; *at moves to its value. */
static int take_option(struct cli *cli, int argc, char **argv, int *at)
{
	const char *text = argv[*at], *equals = strchr(text, '=');
	bool is_glued = strncmp(text, "-c", 2) == 0 && text[2] != '\0'; /* -cFILE */
	const char *end = is_glued ? text + 2 : equals == NULL ? text + strlen(text) : equals;
	struct slice name = slice_make(text, (size_t)(end - text));
	struct cli_given given = {NULL, is_glued ? end : equals == NULL ? "" : equals + 1};
	const struct option_info *option = cli_option_find(name);
	const struct schema_key *key = option == NULL ? cli_key_of_option(name) : NULL;
	const char *wanted; /* the name of the value */

	if (option == NULL && key == NULL)
		return unknown_option(cli, argc, argv, text);
	if (key != NULL && !cli_is_option_key(key))
		return cli_fail(CLI_USAGE, _("a password is not accepted on the command line, where "
		    "other users can see it: omit %.*s; lanpost asks for it"),
		    SLICE_PRINT(name));
	given.name = key == NULL ? option->name : key->name;
	wanted = key == NULL ? option->value : _(value_syntax(key->type));
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
		cli_fail(CLI_USAGE, _("lanpost %s needs one of: %s; see lanpost %s --help"), cli->words[0], buf_text(&group), cli->words[0]);
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

	for (size_t i = 0; i < cli->given_count; i++)
		if (!cli_takes(verb, cli->given[i].name))
			return cli_fail(CLI_USAGE, _("lanpost %s does not take the option %s; see lanpost %s --help"), verb->name,
			    cli->given[i].name, verb->name);
	if (cli->count < verb->min_words || (verb->max_words >= 0 && cli->count > verb->max_words))
		return cli_fail(CLI_USAGE, _("usage: lanpost %s%s%s"), verb->name, verb->words[0] == '\0' ? "" : " ", verb->words);
	return CLI_DONE;
}

static int run_verb(struct cli *cli)
{
	int taken, result;

	cli->verb = find_verb(cli, cli->words, cli->count, &taken);
	if (cli_option(cli, "--help") != NULL && (cli->verb != NULL ? cli_help_verb(cli->verb) : cli_help_group(cli)))
		return CLI_DONE;
	if (cli->verb == NULL)
		return unknown_verb(cli, cli->verbs, cli->verb_count);
	memmove(cli->words, cli->words + taken, (size_t)(cli->count - taken + 1) * sizeof(*cli->words));
	cli->count -= taken;
	result = check_arguments(cli);
	return result == CLI_DONE ? cli->verb->run(cli) : result;
}

static int run(struct cli *cli, int (*screens)(struct cli *cli))
{
	const char *language = cli_option(cli, "--lang");

	if (language != NULL && strcmp(language, "en") != 0 && strcmp(language, "ru") != 0)
		return cli_fail(CLI_USAGE, _("--lang: use en or ru"));
	i18n_start(language);
	if (cli_option(cli, "-c") != NULL)
		cli->config = cli_option(cli, "-c");
	cli->json = cli_option(cli, "--json") != NULL;
	if (cli_option(cli, "--version") != NULL) {
		printf("lanpost %s\n", LANPOST_VERSION);
		return CLI_DONE;
	}
	if (cli->count > 0)
		return run_verb(cli);
	if (cli_option(cli, "--help") == NULL && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1)
		return screens(cli);
	cli_help_all(cli);
	return cli_option(cli, "--help") != NULL ? CLI_DONE : CLI_USAGE;
}

int cli_main(int argc, char **argv, const struct verb *verbs, size_t verb_count, int (*screens)(struct cli *cli))
{
	struct cli cli = {.config = LANPOST_SYSCONFDIR "/lanpost/lanpost.conf", .program = argv[0],
	    .verbs = verbs, .verb_count = verb_count};
	int result;

	environment_restrict();
	umask(077);
	i18n_start(NULL);
	/* The verb reports on standard output; log lines are for the gateway. */
	log_start(&(struct log_settings){.level = LOG_LEVEL_WARN, .to_stderr = true}, "lanpost");
	result = take_arguments(&cli, argc, argv);
	if (result == CLI_DONE)
		result = run(&cli, screens);
	free(cli.given);
	free(cli.words);
	if (fflush(stdout) != 0 && result == CLI_DONE)
		result = cli_fail(CLI_FAILED, _("cannot write standard output"));
	return result;
}
