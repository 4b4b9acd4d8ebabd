/*
 * Changes of the configuration by verbs and forms: read a file, edit its text, and save it only if it adds no error; a
 * running gateway reloads when the configuration is valid.
 */
#ifndef LANPOST_UI_TUI_CONFIG_EDIT_H
#define LANPOST_UI_TUI_CONFIG_EDIT_H

#include "base/buf.h"
#include "config/conf_file.h"
#include "ui-tui/command/cli.h"

struct config_edit {
	struct cli *cli;   /* borrowed, as is conf */
	struct conf *conf; /* the configuration before the change */
	char *file;
	struct buf text, before; /* the new text, and the text as read */
	/* May be NULL: approves or rejects the new configuration. Returns an exit code, after a message. */
	int (*approve)(struct config_edit *edit, const struct conf *after);
	const char *name; /* of the section, for `approve` */
	/* After config_edit_commit(): a remark for the admin about the saved configuration; "" for none. */
	char remark[512];
};

/* Begins with the file that has a section, or with one of the files of the configuration.
 * Returns false after a message. The caller always calls config_edit_clear(). */
bool config_edit_begin(struct config_edit *edit, struct cli *cli, struct conf *conf, const char *file);
bool config_edit_begin_beside(struct config_edit *edit, struct cli *cli, struct conf *conf, enum conf_file which);
void config_edit_clear(struct config_edit *edit);
/* Restores the text as read, to make the changes again. */
void config_edit_restart(struct config_edit *edit);
/* Whether another process has written the file since it was read. */
bool config_edit_is_stale(const struct config_edit *edit);
/* Reads the file again, so that changes apply to its present text. Returns false after a
 * message. */
bool config_edit_reread(struct config_edit *edit);
/* Sets a key. Returns false after a message. */
bool config_edit_set(struct config_edit *edit, const char *kind, const char *name, const char *key, const char *value);
/* Removes a key, which need not be there. Returns false after a message. */
bool config_edit_unset(struct config_edit *edit, const char *kind, const char *name, const char *key);
/* Sets the keys given as options (a repeated one becomes a list, an empty one is removed), and removes those of
 * --unset. */
bool config_edit_set_options(struct config_edit *edit, const char *kind, const char *name);
/* Refuses a change that adds an error, unless the number of errors decreases; else writes the file. A valid
 * configuration is reported to the gateway. Returns an exit code. */
int config_edit_commit(struct config_edit *edit);
/* Changes an existing section by the given options (config_edit_set_options) and commits it. approve: as in struct config_edit.
 * Returns an exit code. */
int config_edit_section(struct cli *cli, struct conf *conf, const char *file, const char *kind, const char *name,
    int (*approve)(struct config_edit *edit, const struct conf *after));
/* Removes a section from its file and commits it. Returns an exit code. */
int config_edit_remove(struct config_edit *edit, const char *kind, const char *name);

#endif
