/*
 * The answers of `lanpost setup`: from what the files say already, through the questions, to files that are good as a whole.
 */
#ifndef LANPOST_UI_TUI_WIZARD_H
#define LANPOST_UI_TUI_WIZARD_H

#include "base/buf.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/question.h"
#include "ui-tui/command/secret.h"

#define WIZARD_FILES 3
#define WIZARD_PORTS 5
#define WIZARD_ACCOUNT "office"
#define WIZARD_SMARTHOST "default"

enum wizard_file { WIZARD_MAIN, WIZARD_USERS, WIZARD_ACCOUNTS };

struct wizard_user {
	char *name, *full_name, *outside; /* never NULL; "" for none */
	struct secret secret;		  /* all NULL: the password in the file stays */
	bool is_in_file;
};

struct wizard {
	struct cli *cli;
	struct buf text[WIZARD_FILES]; /* as the files are */
	struct strlist sections[WIZARD_FILES]; /* those in them: "user ivan" */
	bool has_main;		       /* lanpost.conf exists */
	/* Answers, never NULL. */
	char *domain, *spool, *networks;
	struct wizard_user *users;
	size_t user_count;
	char *address; /* of the mailbox outside; "": none for now */
	char *fetch, *fetch_tls, *send, *send_tls, *login;
	char *password; /* NULL: the one in the file stays */
	bool has_password_in_file;
	char *ports[WIZARD_PORTS];
	struct error error; /* of what cannot be done at all */
};

extern const char *const wizard_port_keys[WIZARD_PORTS];

/* --- wizard.c: what the files say */

/* Reads the files; whatever they say already becomes the first answer to each question. Returns -1 with wizard->error set.
 * Undo with wizard_clear(), in either case. */
int wizard_open(struct wizard *wizard, struct cli *cli);
void wizard_clear(struct wizard *wizard);
/* Path of a file. New memory. */
char *wizard_path(const struct wizard *wizard, enum wizard_file file);
/* The file that holds a section already, or `otherwise`. */
enum wizard_file wizard_file_of(const struct wizard *wizard, const char *kind, const char *name, enum wizard_file otherwise);
/* The user of that name among the answers, NULL if none exists. */
struct wizard_user *wizard_find_user(const struct wizard *wizard, const char *name);
/* A new one at the end. */
struct wizard_user *wizard_add_user(struct wizard *wizard, const char *name);
/* Replaces an answer. */
void wizard_set(char **answer, const char *value);

/* --- wizard_ask.c: the questions */

/* Asks all of them, from the first to the last, with ways back. Returns false at the end of the input or of the admin's
 * patience; wizard->error may say why. */
bool wizard_ask(struct wizard *wizard);

/* --- wizard_build.c: what becomes of the answers */

/* The configuration as the answers would make it, loaded and checked without touching the files. *problems, which the caller
 * clears, gets what is wrong with it; the configuration is returned all the same, NULL only on failure (wizard->error). */
struct conf *wizard_try(struct wizard *wizard, struct conf_problems *problems);
/* Errors of the files as they are now. */
size_t wizard_errors_now(const struct wizard *wizard);
/* Writes the files and says which. */
int wizard_write(struct wizard *wizard);

#endif
