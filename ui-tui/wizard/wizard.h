/*
 * The answers of `lanpost setup`: from the existing files, through the questions, to a valid configuration.
 */
#ifndef LANPOST_UI_TUI_WIZARD_H
#define LANPOST_UI_TUI_WIZARD_H

#include "base/buf.h"
#include "config/conf.h"
#include "config/conf_file.h"
#include "ui-tui/command/cli.h"
#include "ui-tui/command/password.h"

#define WIZARD_FILES CONF_FILE_RULES /* those before it are written */
#define WIZARD_PORTS 7
#define WIZARD_ACCOUNT "office"
#define WIZARD_SMARTHOST "default"

struct wizard_user {
	char *name, *full_name, *outside; /* never NULL; "" for none */
	struct password secret;		  /* all NULL: keep the password in the file */
	bool is_in_file;
};

struct wizard {
	struct cli *cli;
	struct buf text[WIZARD_FILES]; /* as the files are */
	struct strlist sections[WIZARD_FILES]; /* existing sections: "user ivan" */
	bool has_main;		       /* lanpost.conf exists */
	/* Answers, never NULL. */
	char *domain, *spool, *networks;
	struct wizard_user *users;
	size_t user_count;
	char *address; /* of the external mailbox; "": none for now */
	char *fetch, *fetch_tls, *send, *send_tls, *login;
	char *password; /* NULL: keep the one in the file */
	bool has_password_in_file; /* or a command, or a sign-in */
	bool has_token_command;	   /* in the file: it is kept instead of a sign-in */
	char *client_id;	   /* of a sign-in; "": none */
	char *ports[WIZARD_PORTS];
	struct error error; /* for fatal errors */
};

extern const char *const wizard_port_keys[WIZARD_PORTS];

/* --- wizard.c: existing files */

/* Reads the files; their values become the default answers. Returns -1 with wizard->error set. The caller always calls
 * wizard_clear(). */
int wizard_open(struct wizard *wizard, struct cli *cli);
void wizard_clear(struct wizard *wizard);
/* The file that has a section, or `otherwise`. */
enum conf_file wizard_file_of(const struct wizard *wizard, const char *kind, const char *name, enum conf_file otherwise);
/* The user of that name among the answers, NULL if there is none. */
struct wizard_user *wizard_find_user(const struct wizard *wizard, const char *name);
/* Appends a new one. */
struct wizard_user *wizard_add_user(struct wizard *wizard, const char *name);
/* Replaces an answer. */
void wizard_set(char **answer, const char *value);
/* The value of oauth2 for this server; NULL: a password. */
const char *wizard_oauth2(const struct wizard *wizard, const char *url);
/* The verb that signs in, after the files were written; NULL: none is needed. */
const char *wizard_login_verb(const struct wizard *wizard);

/* --- wizard_ask.c: the questions */

/* Asks all questions, with the possibility to go back. Returns false at the end of the input or if cancelled;
 * wizard->error may say why. */
bool wizard_ask(struct wizard *wizard);

/* --- wizard_check.c: whether an answer is valid */

/* For prompt_step(): NULL if it is, else what is wrong. context: of an address, the wizard, else unused. */
const char *wizard_check_domain(const void *context, const char *answer);
const char *wizard_check_spool(const void *context, const char *answer);
const char *wizard_check_user(const void *context, const char *answer);
const char *wizard_check_address(const void *context, const char *answer);
const char *wizard_check_fetch(const void *context, const char *answer);
const char *wizard_check_send(const void *context, const char *answer);
const char *wizard_check_tls(const void *context, const char *answer);
const char *wizard_check_client_id(const void *context, const char *answer);
const char *wizard_check_networks(const void *context, const char *answer);

/* --- wizard_build.c: the result */

/* The configuration for the answers, loaded and checked without changing the files. *problems, which the caller clears,
 * gets its problems; the configuration is returned even with problems, NULL only on failure (wizard->error). */
struct conf *wizard_try(struct wizard *wizard, struct conf_problems *problems);
/* The errors of the present files. */
size_t wizard_errors_now(const struct wizard *wizard);
/* Writes the files and reports which. */
int wizard_write(struct wizard *wizard);

#endif
