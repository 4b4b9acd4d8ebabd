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
#include "config/conf.h"
#include "spool/state/state.h"

#include <jansson.h>

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
/* Whether the existing files of the configuration may be read; if not, reports what to do. */
bool cli_may_read(const struct cli *cli);
/* One line of warning on standard error. No warning if messages are caught for the screens: they show
 * edit->remark. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Confirms a permanent removal: asks `question` on a terminal; otherwise --yes is required. CLI_DONE: continue; else the
 * exit code, after a message. */
int cli_confirm_removal(const struct cli *cli, const char *question);
/* From now on cli_fail() stores its line there (the last one stays); NULL: standard error again. */
void cli_catch(struct buf *message);

/* The configuration, or NULL with the reason reported: the verb then returns CLI_FAILED. If root runs the verb, everything
 * that follows is done with the rights of the spool's owner; only for opening a file that the admin has named it is root
 * (service_user_pause()), as config/ is when it reads and writes the configuration. */
struct conf *cli_conf(const struct cli *cli);
/* The same for verbs that talk to the running gateway, and for those that change the files: errors in the files do not
 * prevent the admin from inspecting, stopping or fixing it, as long as the files can be read. */
struct conf *cli_gateway_conf(const struct cli *cli);
/* The same for verbs that only talk to the gateway: a user who may not read the configuration may be an operator, in the
 * group of the service's control socket. */
struct conf *cli_control_conf(const struct cli *cli);
/* Runs a function with the state of the spool open; returns its exit code. */
int cli_with_state(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const struct spool *spool));
/* Reports that there is no such account, with the nearest name. Returns CLI_FAILED. */
int cli_no_account(const struct conf *conf, const char *name);
/* The user of that name (made lower case), or NULL with the nearest one reported. */
const struct conf_user *cli_find_user(const struct conf *conf, char *name);
/* Runs a function for the user in the verb's first word. Returns an exit code. */
int cli_with_user(struct cli *cli, int (*work)(struct cli *cli, struct conf *conf, const struct conf_user *user));
/* The item of names[count] nearest to a wrong name, or NULL. names are `stride` bytes apart. */
const char *cli_nearest(const char *name, const void *names, size_t count, size_t stride);

/* Prints one JSON document and a line end on standard output; takes ownership of it. Returns
 * CLI_DONE, or CLI_FAILED if it could not be written. */
int cli_print_json(json_t *document);
/* The same without changes, with flags of json_dumps(); borrows it. */
int cli_put_json(const json_t *document, size_t flags);
/* A string that is safe in JSON and on terminals, for any bytes in text. */
json_t *cli_json_text(const char *text);

#endif
