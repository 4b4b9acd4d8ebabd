/*
 * What the verbs of the command line share: options, exit codes, messages.
 *
 * A verb is one function and one row in main.c. It gets its words and options through
 * struct cli, says what went wrong with cli_fail() and returns an exit code.
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
	const char *name; /* one word, or two: "user list" */
	int (*run)(struct cli *cli); /* returns an enum cli_exit */
	int min_words, max_words; /* words after the name; max -1: any number */
	const char *words;   /* how they are shown in the usage: "NAME" */
	const char *options; /* those it takes, as in cli.c's table, apart by blanks: "--json --account"; --KEY: the keys
			      * of the section that the first word of the name says, such as --deliver-to */
	const char *help;    /* N_() */
};

struct cli_given {
	const char *name, *value; /* value "" for one without */
};

struct cli {
	const char *config; /* path of lanpost.conf */
	const char *program; /* argv[0], to find lanpostd beside it */
	const struct verb *verb;
	const struct verb *verbs; /* all there are */
	size_t verb_count;
	char **words; /* after the verb's name; NULL-terminated, borrowed from argv */
	int count;
	bool json; /* --json was given */
	struct cli_given *given;
	size_t given_count;
};

/* Reads the arguments and runs the verb; without one, on a terminal, it runs `screens`. */
int cli_main(int argc, char **argv, const struct verb *verbs, size_t verb_count, int (*screens)(struct cli *cli));

/* Options are asked for by their name, those that are keys of the configuration by that of the key. */
/* The value of an option: NULL if it was not given, "" if it takes none; the last one counts. */
const char *cli_option(const struct cli *cli, const char *name);
/* All values of an option that may be given more than once, in order. */
void cli_options(const struct cli *cli, const char *name, struct strlist *values);

/* One line on standard error: what, where, what to do. Returns exit (an enum cli_exit). */
int cli_fail(int exit, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same of an error, and what to do where a right is missing. Returns CLI_FAILED. */
int cli_fail_error(const struct error *error);
/* Whether the files of the configuration may be read, as far as they are there; what to do if not is reported. */
bool cli_may_read(const struct cli *cli);
/* One line of warning on standard error. What is caught for the screens is not warned of: they show edit->remark. */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Before something is removed permanently: asks `question` on a terminal; elsewhere --yes must have been given. CLI_DONE: go on; else
 * the exit code, after a message. */
int cli_confirm_removal(const struct cli *cli, const char *question);
/* From now on cli_fail() puts its line there instead (the last one stays); NULL: on standard error again. */
void cli_catch(struct buf *message);

/* The configuration, or NULL with the reason reported: the verb then returns CLI_FAILED. Run by root, everything that follows is
 * done with the rights of the spool's owner; the one that opens a file that the admin has named is root for that moment
 * (service_user_pause()), as config/ is when it reads and writes the configuration. */
struct conf *cli_conf(const struct cli *cli);
/* The same for verbs that talk to the running gateway, and for those that change the files: what is wrong in them does not
 * keep the admin from looking at it, stopping it or fixing it, as long as they can be read at all. */
struct conf *cli_gateway_conf(const struct cli *cli);
/* The same for verbs that only talk to the gateway: who may not read the configuration may be an operator, in the group of the
 * control socket of the service. */
struct conf *cli_control_conf(const struct cli *cli);
/* Runs something with what the gateway remembers (the state of the spool is open); returns its exit code. */
int cli_with_state(struct cli *cli, int (*work)(const struct cli *cli, const struct conf *conf, const struct spool *spool));
/* Says that there is no such account, and the nearest one. Returns CLI_FAILED. */
int cli_no_account(const struct conf *conf, const char *name);
/* The user of that name (made lower case), or NULL with the nearest one reported. */
const struct conf_user *cli_find_user(const struct conf *conf, char *name);
/* Does something about the user who is the verb's first word. Returns an exit code. */
int cli_with_user(struct cli *cli, int (*work)(struct cli *cli, struct conf *conf, const struct conf_user *user));
/* The item of names[count] nearest to a wrong name, or NULL. names are `stride` bytes apart. */
const char *cli_nearest(const char *name, const void *names, size_t count, size_t stride);

/* Prints one JSON document and a line end on standard output; takes it over. Returns CLI_DONE,
 * or CLI_FAILED if it could not be written. */
int cli_print_json(json_t *document);
/* The same unchanged, with flags of json_dumps(); borrows it. */
int cli_put_json(const json_t *document, size_t flags);
/* A string that is safe in JSON and on terminals, whatever bytes are in text. */
json_t *cli_json_text(const char *text);

#endif
