/*
 * Common code of the verbs of the command line: options, exit codes, messages.
 *
 * A verb is one function and one row in main.c. It gets its words and options in struct cli,
 * reports errors with cli_fail() and returns an exit code.
 */
#ifndef LANPOST_UI_TUI_CLI_H
#define LANPOST_UI_TUI_CLI_H

#include "base/buf.h"
#include "base/err.h"

enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,
	CLI_USAGE = 2,
	CLI_NO_GATEWAY = 3,
};

struct cli;

struct verb {
	const char *name; /* one or two words: "user list" */
	int (*run)(struct cli *cli); /* returns an enum cli_exit */
	int min_words, max_words; /* words after the name; max -1: any number */
	const char *words;   /* their form in the usage: "NAME" */
	const char *options; /* the options it accepts, as in cli.c's table, separated by blanks: "--json --account";
	 * --KEY: the keys of the section in the first word of the name, such as --deliver-to */
	const char *help;    /* N_() */
};

struct cli_given {
	const char *name, *value; /* value is "" for an option without one */
};

struct cli {
	const char *config; /* path of lanpost.conf */
	const char *program; /* argv[0], to find lanpostd beside it */
	const struct verb *verb;
	const struct verb *verbs; /* all verbs */
	size_t verb_count;
	char **words; /* after the verb's name; NULL-terminated, borrowed from argv */
	int count;
	bool json; /* --json was given */
	bool is_on_screen; /* it is run by the screens, which show what it prints */
	struct cli_given *given;
	size_t given_count;
};

/* Reads the arguments and runs the verb; without a verb, on a terminal, it runs `screens`. */
int cli_main(int argc, char **argv, const struct verb *verbs, size_t verb_count, int (*screens)(struct cli *cli));

/* Options are identified by their name, those for keys of the configuration by the name of the key. */
/* The value of an option: NULL if not given, "" if it has no value; the last one counts. */
const char *cli_option(const struct cli *cli, const char *name);
/* All values of an option that may be repeated, in order. */
void cli_options(const struct cli *cli, const char *name, struct strlist *values);

/* One line on standard error: what, where, what to do. Returns exit (an enum cli_exit). */
int cli_fail(int exit, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for an error, with advice if a permission is missing. Returns CLI_FAILED. */
int cli_fail_error(const struct error *error);
/* One line of warning on standard error. No warning if messages are caught for the screens: they show
 * edit->remark. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Confirms a permanent removal: asks `question` on a terminal; otherwise --yes is required. CLI_DONE: continue; else the
 * exit code, after a message. */
int cli_confirm_removal(const struct cli *cli, const char *question);
/* Whether a QR code is printed with the text (ui-tui/widgets/qr.h): for people, not into a pipe. */
bool cli_shows_qr(const struct cli *cli);
/* From now on cli_fail() stores its line there (the last one stays); NULL: standard error again. */
void cli_catch(struct buf *message);

#endif
